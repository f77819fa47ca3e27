//! Calls whose far end is shown another address than our own, as behind a NAT: where its audio and its
//! requests go.

use super::suite_legs::{clip, closes, dial, next, next_after_ringing};
use super::tests::{Network, quick};
use crate::advertised::{AdvertisedAddresses, AdvertisedSip};
use carrier::{CallDetails, CalleeBehavior};
use domain::ports::line::{Leg, LegEvent, LegSummary};
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::Path;

/// Concurrent calls of the test: one driver, one trunk.
const CALLS: usize = 20;

fn shown(sip: &str, rtp: &str) -> AdvertisedAddresses {
    AdvertisedAddresses {
        sip: Some(AdvertisedSip {
            ip: sip.parse().unwrap(),
            port: None,
        }),
        rtp: Some(rtp.parse().unwrap()),
    }
}

/// Answers the calls and plays a clip on all of them at once. Hangs up and returns what each leg counted.
async fn talk(legs: &mut [Box<dyn Leg>]) -> Vec<LegSummary> {
    for leg in legs.iter_mut() {
        let event = next_after_ringing(leg).await;
        assert!(matches!(event, LegEvent::Answered(_)), "{event:?}");
        leg.acknowledge().await.unwrap();
        leg.play(1, clip(600)).await.unwrap();
    }
    let mut summaries = Vec::new();
    for leg in legs {
        let event = next(leg).await;
        assert!(matches!(event, LegEvent::Played { play: 1, .. }), "{event:?}");
        leg.hang_up().await.unwrap();
        let event = next(leg).await;
        assert!(matches!(event, LegEvent::HungUp { .. }), "{event:?}");
        summaries.push(closes(leg).await);
    }
    summaries
}

/// The last line of each call in the carrier's file.
fn details(cdr: &Path) -> Vec<CallDetails> {
    let text = std::fs::read_to_string(cdr).unwrap();
    let lines = text.lines().map(|line| {
        let details: CallDetails = serde_json::from_str(line).unwrap();
        (details.call_id.clone(), details)
    });
    lines.collect::<BTreeMap<_, _>>().into_values().collect()
}

/// The driver's own address towards the carrier is 127.0.0.1. The carrier is shown 127.0.0.2 for SIP and
/// 127.0.0.3 for audio, which the same machine has.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twenty_calls_have_audio_both_ways_at_the_advertised_address() {
    let network = Network::advertising("0.0.0.0:0", (43_000, 43_099), shown("127.0.0.2", "127.0.0.3"));
    let (carrier, cdr) = network.carrier_with_details(quick(CalleeBehavior::Machine));
    let line = network
        .trunk_to(&carrier, |config| config.dials_per_second = 100)
        .await;
    let local = line.facts().local;
    assert_eq!(local, format!("127.0.0.2:{}", network.driver.local().port()));
    let mut legs = Vec::new();
    for _ in 0..CALLS {
        legs.push(dial(&line).await);
    }
    assert!(carrier.has_live(CALLS).await, "all calls are open at once");
    for summary in talk(&mut legs).await {
        assert!(
            summary.rtp_received_count > 0 && summary.rtp_sent_count > 0,
            "{summary:?}"
        );
    }
    carrier.stop().await;
    let calls = details(&cdr);
    assert_eq!(calls.len(), CALLS);
    for call in calls {
        assert!(call.rtp_received > 0 && call.rtp_sent > 0, "{call:?}");
        assert!(call.acked_at.is_some(), "{call:?}");
    }
}

/// The audio sockets hold 127.0.0.2 alone: what the carrier sends to 127.0.0.3 reaches no one.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_advertised_address_gets_the_callees_audio() {
    let network = Network::advertising("127.0.0.2:0", (43_100, 43_119), shown("127.0.0.2", "127.0.0.3"));
    let (carrier, cdr) = network.carrier_with_details(quick(CalleeBehavior::Machine));
    let line = network.trunk_to(&carrier, |_| {}).await;
    let summaries = talk(&mut [dial(&line).await]).await;
    assert_eq!(summaries[0].rtp_received_count, 0, "{summaries:?}");
    carrier.stop().await;
    let calls = details(&cdr);
    assert!(calls.iter().all(|call| call.rtp_sent > 0), "{calls:?}");
}

/// A trunk on this machine is not shown the address of the NAT, so a rehearsal beside a real trunk works.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_trunk_on_this_machine_is_shown_its_own_address() {
    let network = Network::advertising("0.0.0.0:0", (43_120, 43_139), shown("203.0.113.7", "203.0.113.7"));
    let (carrier, _cdr) = network.carrier_with_details(quick(CalleeBehavior::Machine));
    let line = network.trunk_to(&carrier, |_| {}).await;
    let ip: IpAddr = line.facts().local.parse::<std::net::SocketAddr>().unwrap().ip();
    assert!(ip.is_loopback(), "{ip}");
    let summaries = talk(&mut [dial(&line).await]).await;
    assert!(summaries[0].rtp_received_count > 0, "{summaries:?}");
}
