//! Unknown senders on the network: datagrams from elsewhere to the driver's sockets change no call.

use super::suite_legs::{clip, closes, dial, new_call, next, next_after_ringing, order, permit_for};
use super::tests::{Network, quick};
use super::{SipTrunk, TrunkConfig};
use crate::advertised::AdvertisedAddresses;
use crate::driver::{MediaConfig, MediaDriver, MediaPorts, ResponsePortRule};
use crate::sip::message::SipMessage;
use crate::sip::sdp;
use crate::testing::{StoppedClock, SuiteClock, SuiteIds, SuiteTasks};
use carrier::CalleeBehavior;
use carrier::driver::{Carrier, CarrierConfig};
use domain::ports::clock::Clock;
use domain::ports::line::{FailureCause, LegEvent, Line};
use domain::ports::recognizer::FRAME_MS;
use domain::ports::tasks::Tasks;
use domain::time::Timestamp;
use socket2::{Domain, Protocol, Socket, Type};
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;
use tokio::net::UdpSocket;

/// Returns a socket on another loopback address, in place of another host.
fn stranger(host: &str) -> UdpSocket {
    let address: SocketAddr = format!("{host}:0").parse().unwrap();
    let socket = Socket::new(Domain::IPV4, Type::DGRAM, Some(Protocol::UDP)).unwrap();
    socket.set_nonblocking(true).unwrap();
    socket.bind(&address.into()).unwrap();
    UdpSocket::from_std(socket.into()).unwrap()
}

fn request(method: &str, from: SocketAddr, call_id: &str) -> SipMessage {
    SipMessage::request(method, "sip:ledgerline@127.0.0.1")
        .with("Via", format!("SIP/2.0/UDP {from};branch=z9hG4bKx"))
        .with("Max-Forwards", "70")
        .with("From", format!("<sip:scan@{from}>;tag=s"))
        .with("To", "<sip:100@127.0.0.1>")
        .with("Call-ID", call_id)
        .with("CSeq", format!("1 {method}"))
}

/// Waits until this many messages were counted as foreign; panics after 20 s.
async fn until_foreign(network: &Network, count: u64) {
    for _ in 0..4_000 {
        if network.driver.sip_counts().foreign >= count {
            return;
        }
        SuiteClock.wait_until(SuiteClock.now().plus_ms(5)).await;
    }
    panic!("{:?}", network.driver.sip_counts());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_scanner_hears_nothing_and_ends_no_call() {
    let network = Network::new((42_400, 42_440));
    let carrier = network.carrier(quick(CalleeBehavior::SaysNothing), None);
    let line = network.trunk_to(&carrier, |_| {}).await;
    let call = new_call();
    let mut leg = line.dial(permit_for(call), order(call)).await.unwrap();
    let event = next_after_ringing(&mut leg).await;
    let LegEvent::Answered(dialog) = event else {
        panic!("{event:?}")
    };
    leg.acknowledge().await.unwrap();
    let scanner = stranger("127.0.0.66");
    let (from, to) = (scanner.local_addr().unwrap(), network.driver.local());
    for method in ["INVITE", "REGISTER", "OPTIONS", "BYE", "CANCEL", "SUBSCRIBE"] {
        let message = request(method, from, "unknown");
        let offer = sdp::offer(from, 1);
        let message = message.with_body("application/sdp", offer);
        scanner.send_to(&message.to_bytes(), to).await.unwrap();
    }
    // A sender that knows the Call-ID and both tags is still not the trunk.
    let identity = domain::call::LegIdentity::from_ids(call, 1);
    let bye = SipMessage {
        headers: request("BYE", from, &identity.sip_call_id())
            .headers
            .into_iter()
            .filter(|(name, _)| name != "From" && name != "To")
            .collect(),
        ..request("BYE", from, "")
    };
    let bye = bye
        .with("From", format!("<sip:a@127.0.0.1>;tag={}", dialog.to_tag))
        .with("To", format!("<sip:b@127.0.0.1>;tag={}", identity.local_tag()));
    scanner.send_to(&bye.to_bytes(), to).await.unwrap();
    scanner.send_to(b"\r\n\r\n", to).await.unwrap();
    until_foreign(&network, 7).await;
    leg.play(1, clip(200)).await.unwrap();
    let event = next(&mut leg).await;
    assert!(
        matches!(event, LegEvent::Played { play: 1, .. }),
        "the call goes on"
    );
    assert_eq!(
        scanner.try_recv(&mut [0; 2_048]).unwrap_err().kind(),
        std::io::ErrorKind::WouldBlock,
        "a scanner hears nothing"
    );
    leg.hang_up().await.unwrap();
    drop(next(&mut leg).await);
    closes(&mut leg).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sound_from_a_stranger_is_neither_heard_nor_recorded() {
    let network = Network::new((22_440, 22_442));
    let carrier = network.carrier(quick(CalleeBehavior::SaysNothing), None);
    let line = network.trunk_to(&carrier, |_| {}).await;
    let began = SuiteClock.now();
    let mut leg = dial(&line).await;
    let event = next_after_ringing(&mut leg).await;
    assert!(matches!(event, LegEvent::Answered(_)), "{event:?}");
    leg.acknowledge().await.unwrap();
    leg.record_callee().await.unwrap();
    leg.play(1, clip(40)).await.unwrap();
    assert!(matches!(next(&mut leg).await, LegEvent::Played { play: 1, .. }));
    let bleeding = stranger("127.0.1.66");
    let mut stream = crate::rtp::packet::OutgoingStream::new(66, 1, 1);
    let mut buffer = [0; 512];
    for _ in 0..100 {
        let length = stream.audio_into(8, &[0x2A; 160], &mut buffer).unwrap();
        bleeding
            .send_to(&buffer[..length], "127.0.0.1:22440")
            .await
            .unwrap();
    }
    leg.play(2, clip(400)).await.unwrap();
    assert!(matches!(next(&mut leg).await, LegEvent::Played { play: 2, .. }));
    leg.hang_up().await.unwrap();
    drop(next(&mut leg).await);
    let summary = closes(&mut leg).await;
    // The carrier sends a packet each 20 ms; the stranger's hundred would be more.
    let own_max = SuiteClock.now().ms_since(began) / FRAME_MS + 15;
    assert!(summary.rtp_received_count < own_max, "{summary:?}");
    assert!(
        network.driver.pace_statistics().foreign_packets >= 32,
        "{summary:?}"
    );
    assert_eq!(bleeding.try_recv(&mut buffer).ok(), None, "and gets none of ours");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_trunk_is_reached_by_ipv6_and_by_name() {
    for (sip, host) in [("[::1]:0", "::1"), ("127.0.0.1:0", "localhost")] {
        let dir = tempfile::tempdir().unwrap();
        let recordings = dir.path().join("recordings");
        std::fs::create_dir(&recordings).unwrap();
        std::fs::set_permissions(&recordings, std::fs::Permissions::from_mode(0o755)).unwrap();
        let tasks = Arc::new(SuiteTasks::default());
        let surroundings = MediaPorts {
            clock: Arc::new(SuiteClock),
            ids: Arc::new(SuiteIds::default()),
            tasks: Arc::clone(&tasks) as Arc<dyn Tasks>,
        };
        let config = MediaConfig {
            sip: sip.parse().unwrap(),
            advertised: AdvertisedAddresses::default(),
            rtp_ports: (42_450, 42_480),
            recordings: recordings.clone(),
            hung_up: Arc::default(),
        };
        let driver = MediaDriver::start(config, surroundings).unwrap();
        let carrier = CarrierConfig {
            listen: sip.parse().unwrap(),
            seed: 7,
            cdr: None,
            profile: quick(CalleeBehavior::SaysNothing),
            auth: None,
        };
        let carrier = Carrier::start(carrier, Arc::new(SuiteClock), &*tasks).unwrap();
        let config = TrunkConfig::new("one", host, carrier.local_addr().port());
        let line: Arc<dyn Line> = SipTrunk::start(config, &driver).await.unwrap();
        assert!(line.facts().loopback);
        let mut leg = dial(&line).await;
        let event = next_after_ringing(&mut leg).await;
        assert!(matches!(event, LegEvent::Answered(_)), "{host}: {event:?}");
        leg.acknowledge().await.unwrap();
        leg.play(1, clip(200)).await.unwrap();
        assert!(matches!(next(&mut leg).await, LegEvent::Played { play: 1, .. }));
        leg.hang_up().await.unwrap();
        drop(next(&mut leg).await);
        let summary = closes(&mut leg).await;
        assert!(summary.rtp_received_count > 0, "{host}: {summary:?}");
        let mode = recordings.metadata().unwrap().permissions().mode();
        assert_eq!(
            mode & 0o777,
            0o700,
            "a directory that others could read is closed"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wall_clock_set_back_does_not_hold_the_timers() {
    let dir = tempfile::tempdir().unwrap();
    let tasks = Arc::new(SuiteTasks::default());
    let surroundings = MediaPorts {
        // It does not move until it has caught up.
        clock: Arc::new(StoppedClock(Timestamp::from_millis(1_000_000))),
        ids: Arc::new(SuiteIds::default()),
        tasks: Arc::clone(&tasks) as Arc<dyn Tasks>,
    };
    let config = MediaConfig {
        sip: "127.0.0.1:0".parse().unwrap(),
        advertised: AdvertisedAddresses::default(),
        rtp_ports: (42_480, 42_490),
        recordings: dir.path().join("recordings"),
        hung_up: Arc::default(),
    };
    let driver = MediaDriver::start(config, surroundings).unwrap();
    let network = Network::new((42_490, 42_500));
    let carrier = network.carrier(quick(CalleeBehavior::Silent), None);
    let mut config = TrunkConfig::new("one", "127.0.0.1", carrier.local_addr().port());
    config.first_response_ms = 200;
    let line: Arc<dyn Line> = SipTrunk::start(config, &driver).await.unwrap();
    let event = next(&mut dial(&line).await).await;
    assert!(
        matches!(&event, LegEvent::Failed(failure) if failure.cause == FailureCause::NoResponse),
        "{event:?}"
    );
}

/// The forger knows every id and uses the trunk's own address: only its port differs.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_forged_486_from_another_port_of_the_trunk_ends_no_call_unless_its_spec_says_any_port() {
    for (replies, rtp_ports, ends) in [
        (ResponsePortRule::SamePort, (42_500, 42_520), false),
        (ResponsePortRule::AnyPort, (42_522, 42_540), true),
    ] {
        let network = Network::new(rtp_ports);
        let mut profile = quick(CalleeBehavior::NoAnswer);
        profile.ring_ms = carrier::SpanMs {
            min: 4_000,
            max: 4_000,
        };
        let carrier = network.carrier(profile, None);
        let line = network
            .trunk_to(&carrier, |config| config.replies = replies)
            .await;
        let call = new_call();
        let mut leg = line.dial(permit_for(call), order(call)).await.unwrap();
        assert!(matches!(next(&mut leg).await, LegEvent::Ringing { .. }));
        let identity = domain::call::LegIdentity::from_ids(call, 1);
        let local = line.facts().local;
        let forger = stranger("127.0.0.1");
        let forged = format!(
            "SIP/2.0 486 Busy Here\r\nVia: SIP/2.0/UDP {local};branch={};rport\r\n\
             From: <sip:a@{local}>;tag={}\r\nTo: <sip:b@127.0.0.1>;tag=f\r\nCall-ID: {}\r\n\
             CSeq: 1 INVITE\r\nContent-Length: 0\r\n\r\n",
            identity.branch("INVITE", 1),
            identity.local_tag(),
            identity.sip_call_id(),
        );
        let to = network.driver.local();
        forger.send_to(forged.as_bytes(), to).await.unwrap();
        if ends {
            let event = next(&mut leg).await;
            assert!(matches!(&event, LegEvent::Failed(failure) if failure.sip_code == Some(486)));
        } else {
            until_foreign(&network, 1).await;
            leg.cancel().await.unwrap();
            let event = next(&mut leg).await;
            assert!(matches!(&event, LegEvent::Failed(failure) if failure.sip_code == Some(487)));
        }
        closes(&mut leg).await;
    }
}

/// Asterisk, Kamailio and similar systems send OPTIONS and try to call in: they get a response, and unknown
/// senders get none.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_trunk_that_calls_in_is_answered_as_unavailable() {
    let network = Network::new((42_542, 42_560));
    let trunk = stranger("127.0.0.1");
    let from = trunk.local_addr().unwrap();
    let config = TrunkConfig::new("one", "127.0.0.1", from.port());
    let line = SipTrunk::start(config, &network.driver).await.unwrap();
    let behind_nat = "10.0.0.1:5060".parse().unwrap();
    for (method, code) in [
        ("INVITE", 480),
        ("REFER", 405),
        ("FROBNICATE", 501),
        ("OPTIONS", 200),
    ] {
        let mut asked = request(method, behind_nat, "in");
        for (name, value) in &mut asked.headers {
            if name == "Via" {
                value.push_str(";rport");
            }
        }
        trunk
            .send_to(&asked.to_bytes(), network.driver.local())
            .await
            .unwrap();
        let mut buffer = [0_u8; 4_096];
        let length = trunk.recv(&mut buffer).await.unwrap();
        let reply = crate::sip::parse::parse(&buffer[..length]).unwrap();
        assert_eq!(reply.code(), Some(code), "{method}");
        let via = reply.header("Via").unwrap();
        let noted = format!("received=127.0.0.1;rport={}", from.port());
        assert!(via.contains(&noted), "{via}");
    }
    drop(line);
}
