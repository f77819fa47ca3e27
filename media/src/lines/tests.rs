//! The SIP trunk and the test carrier on loopback: what only real signalling and audio can show.

use super::suite_legs::{
    clip, closes, dial, new_call, next, next_after_ringing, next_left_over, order, permit_for,
};
use super::{SipTrunk, TrunkConfig};
use crate::advertised::AdvertisedAddresses;
use crate::driver::{MediaConfig, MediaDriver, MediaPorts};
use crate::error::MediaError;
use crate::sip::authentication::Credentials;
use crate::testing::{JUDGES_TIME, SuiteClock, SuiteIds, SuiteTasks};
use carrier::driver::{Carrier, CarrierConfig, CarrierHandle};
use carrier::{CalleeBehavior, CarrierProfile, CarrierUser, ChallengerRole, SpanMs};
use domain::ports::clock::Clock;
use domain::ports::line::{
    AnsweredDialog, FailureCause, HangupSource, LeftOverEvent, Leg, LegEvent, LegFacts, LegSummary, Line,
};
use domain::ports::tasks::Tasks;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use tempfile::TempDir;

/// Longest wait for a carrier to have a number of calls, in milliseconds.
const LIVE_WITHIN_MS: u64 = 20_000;

/// A driver with its own port and directory, and carriers.
pub(super) struct Network {
    pub(super) driver: Arc<MediaDriver>,
    tasks: Arc<SuiteTasks>,
    dir: TempDir,
    /// Held, so that they keep running.
    carriers: Mutex<Vec<CarrierHandle>>,
}

impl Network {
    pub(super) fn new(rtp_ports: (u16, u16)) -> Self {
        Self::at("127.0.0.1:0".parse().unwrap(), rtp_ports)
    }

    fn at(sip: SocketAddr, rtp_ports: (u16, u16)) -> Self {
        Self::try_at(sip, rtp_ports, AdvertisedAddresses::default()).unwrap()
    }

    /// A network that shows far ends these addresses.
    pub(super) fn advertising(sip: &str, rtp_ports: (u16, u16), shown: AdvertisedAddresses) -> Self {
        Self::try_at(sip.parse().unwrap(), rtp_ports, shown).unwrap()
    }

    /// A network on a crashed process's port, as soon as its runtime has released it.
    async fn once_free(sip: SocketAddr, rtp_ports: (u16, u16)) -> Self {
        for _ in 0..2_000 {
            match Self::try_at(sip, rtp_ports, AdvertisedAddresses::default()) {
                Err(MediaError::Listen { .. }) => {}
                started => return started.unwrap(),
            }
            SuiteClock.wait_until(SuiteClock.now().plus_ms(10)).await;
        }
        panic!("{sip} does not come free");
    }

    fn try_at(
        sip: SocketAddr,
        rtp_ports: (u16, u16),
        advertised: AdvertisedAddresses,
    ) -> Result<Self, MediaError> {
        let dir = tempfile::tempdir().unwrap();
        let tasks = Arc::new(SuiteTasks::default());
        let config = MediaConfig {
            sip,
            advertised,
            rtp_ports,
            recordings: dir.path().join("recordings"),
            hung_up: Arc::default(),
        };
        let shared = Arc::clone(&tasks) as Arc<dyn Tasks>;
        let surroundings = MediaPorts {
            clock: Arc::new(SuiteClock),
            ids: Arc::new(SuiteIds::default()),
            tasks: shared,
        };
        Ok(Self {
            driver: MediaDriver::start(config, surroundings)?,
            tasks,
            dir,
            carriers: Mutex::new(Vec::new()),
        })
    }

    /// A carrier that writes its call details to the file `cdr` of this network.
    pub(super) fn carrier_with_details(&self, profile: CarrierProfile) -> (CarrierHandle, PathBuf) {
        let cdr = self.dir.path().join("cdr");
        let carrier = self.carrier_of(&self.tasks, profile, None, Some(cdr.clone()));
        (carrier, cdr)
    }

    pub(super) fn carrier(&self, profile: CarrierProfile, auth: Option<CarrierUser>) -> CarrierHandle {
        self.carrier_among(&self.tasks, profile, auth)
    }

    /// A carrier with tasks of its own: it keeps running when those of the network are stopped.
    fn carrier_among(
        &self,
        tasks: &SuiteTasks,
        profile: CarrierProfile,
        auth: Option<CarrierUser>,
    ) -> CarrierHandle {
        self.carrier_of(tasks, profile, auth, None)
    }

    fn carrier_of(
        &self,
        tasks: &SuiteTasks,
        profile: CarrierProfile,
        auth: Option<CarrierUser>,
        cdr: Option<PathBuf>,
    ) -> CarrierHandle {
        let config = CarrierConfig {
            listen: "127.0.0.1:0".parse().unwrap(),
            seed: 7,
            cdr,
            profile,
            auth,
        };
        let carrier = Carrier::start(config, Arc::new(SuiteClock), tasks).unwrap();
        self.carriers.lock().unwrap().push(carrier.clone());
        carrier
    }

    pub(super) async fn trunk_to(
        &self,
        carrier: &CarrierHandle,
        change: impl FnOnce(&mut TrunkConfig),
    ) -> Arc<dyn Line> {
        let mut config = TrunkConfig::new("one", "127.0.0.1", carrier.local_addr().port());
        change(&mut config);
        SipTrunk::start(config, &self.driver).await.unwrap()
    }
}

pub(super) fn quick(manner: CalleeBehavior) -> CarrierProfile {
    CarrierProfile {
        post_dial_delay_ms: SpanMs { min: 1, max: 5 },
        ring_ms: SpanMs { min: 20, max: 60 },
        think_ms: SpanMs { min: 20, max: 60 },
        patience_ms: SpanMs { min: 200, max: 400 },
        ..CarrierProfile::only(manner)
    }
}

/// The events of one leg up to and including `Closed`.
async fn story(leg: &mut Box<dyn Leg>) -> Vec<LegEvent> {
    let mut events = Vec::new();
    loop {
        let event = next(leg).await;
        let closed = matches!(event, LegEvent::Closed(_));
        events.push(event);
        if closed {
            return events;
        }
    }
}

fn wav_files(network: &Network) -> Vec<PathBuf> {
    let dir = network.dir.path().join("recordings");
    std::fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answered_call_is_recorded_in_two_channels_with_its_hash() {
    let network = Network::new((41_400, 41_450));
    let carrier = network.carrier(quick(CalleeBehavior::Machine), None);
    let line = network.trunk_to(&carrier, |_| {}).await;
    let mut leg = dial(&line).await;
    let event = next_after_ringing(&mut leg).await;
    assert!(matches!(event, LegEvent::Answered(_)), "{event:?}");
    leg.acknowledge().await.unwrap();
    leg.play(1, clip(400)).await.unwrap();
    let LegEvent::Played { play: 1, recorded_ms } = next(&mut leg).await else {
        panic!("the first clip was not played");
    };
    leg.record_callee().await.unwrap();
    leg.play(2, clip(600)).await.unwrap();
    assert!(matches!(next(&mut leg).await, LegEvent::Played { play: 2, .. }));
    leg.hang_up().await.unwrap();
    let hung_up = next(&mut leg).await;
    assert!(
        matches!(
            hung_up,
            LegEvent::HungUp {
                by: HangupSource::Robot,
                heard_rtp: true,
                ..
            }
        ),
        "{hung_up:?}"
    );
    let summary = closes(&mut leg).await;
    assert!(
        summary.rtp_sent_count >= 50 && summary.rtp_received_count > 0,
        "{summary:?}"
    );
    assert!(!JUDGES_TIME || summary.rtp_received_count >= 40, "{summary:?}");
    let facts = summary.recording.unwrap();
    assert!(facts.duration_ms >= 1_000, "{facts:?}");
    assert!(!JUDGES_TIME || facts.duration_ms < 1_400, "{facts:?}");
    assert!(recorded_ms >= 400, "{recorded_ms}");
    let heard_ms = facts.callee_audio_from_ms.unwrap();
    assert!(heard_ms >= recorded_ms, "{heard_ms} before {recorded_ms}");
    let files = wav_files(&network);
    assert_eq!(files.len(), 1);
    let bytes = std::fs::read(&files[0]).unwrap();
    assert_eq!(sha256(&bytes), facts.sha256);
    let mut reader = hound::WavReader::open(&files[0]).unwrap();
    assert_eq!((reader.spec().channels, reader.spec().sample_rate), (2, 8_000));
    let samples: Vec<i16> = reader.samples::<i16>().map(Result::unwrap).collect();
    let channel = |number: usize| {
        samples
            .iter()
            .skip(number)
            .step_by(2)
            .copied()
            .collect::<Vec<i16>>()
    };
    let (robot, callee) = (channel(0), channel(1));
    assert_eq!(
        robot.iter().filter(|sample| **sample != 0).count(),
        8_000,
        "both clips, whole"
    );
    assert!(
        callee[..3_200].iter().all(|sample| *sample == 0),
        "nothing of the callee before it is let in"
    );
    assert!(callee.iter().any(|sample| *sample != 0), "the machine speaks");
}

fn sha256(bytes: &[u8]) -> String {
    use sha2::Digest;
    domain::hex::encode(&sha2::Sha256::digest(bytes))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_challenge_of_either_kind_with_a_stale_nonce_is_one_leg() {
    let network = Network::new((41_450, 41_500));
    for by in [ChallengerRole::Registrar, ChallengerRole::Proxy] {
        let profile = CarrierProfile {
            challenge_by: by,
            stale_nonce_percent: 100,
            ..quick(CalleeBehavior::HangsUpMidway)
        };
        let user = CarrierUser {
            user: "demo".to_owned(),
            password: "secret".to_owned(),
        };
        let carrier = network.carrier(profile, Some(user));
        let credentials = |password: &str| Credentials {
            user: "demo".to_owned(),
            password: password.to_owned(),
        };
        let right = network
            .trunk_to(&carrier, |config| {
                config.credentials = Some(credentials("secret"));
            })
            .await;
        let mut leg = dial(&right).await;
        match next_after_ringing(&mut leg).await {
            LegEvent::Answered(dialog) => assert_eq!(dialog.cseq, 3, "two answers to two nonces"),
            event => panic!("{event:?}"),
        }
        leg.acknowledge().await.unwrap();
        leg.play(1, clip(10_000)).await.unwrap();
        let events = story(&mut leg).await;
        assert!(
            matches!(
                events[0],
                LegEvent::HungUp {
                    by: HangupSource::Callee,
                    ..
                }
            ),
            "{events:?}"
        );
        let wrong = network
            .trunk_to(&carrier, |config| config.credentials = Some(credentials("guess")))
            .await;
        let events = story(&mut dial(&wrong).await).await;
        let expected = if by == ChallengerRole::Registrar { 401 } else { 407 };
        match &events[0] {
            LegEvent::Failed(failure) => {
                assert_eq!((failure.sip_code, failure.definite), (Some(expected), true));
            }
            event => panic!("{event:?}"),
        }
        assert_eq!(events.len(), 2, "{events:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_trunk_without_a_listener_fails_definitely_at_once() {
    let network = Network::new((41_500, 41_550));
    let carrier = network.carrier(quick(CalleeBehavior::Busy), None);
    carrier.stop().await;
    let line = network.trunk_to(&carrier, |_| {}).await;
    let events = story(&mut dial(&line).await).await;
    match &events[0] {
        LegEvent::Failed(failure) => {
            assert_eq!((failure.cause, failure.definite), (FailureCause::Refused, true));
            assert!(!JUDGES_TIME || failure.after_ms < 1_000, "{failure:?}");
        }
        event => panic!("{event:?}"),
    }
}

/// Waits for the carrier's number of calls: it counts after it has responded.
async fn until_live(carrier: &CarrierHandle, count: usize) {
    tokio::select! {
        is_so = carrier.has_live(count) => assert!(is_so, "the carrier is gone"),
        () = SuiteClock.wait_until(SuiteClock.now().plus_ms(LIVE_WITHIN_MS)) => {
            panic!("{} calls are live, not {count}", carrier.live_count())
        }
    }
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap()
}

fn span(ms: u64) -> SpanMs {
    SpanMs { min: ms, max: ms }
}

/// Includes a leg with an answer that the lost process neither stored nor acknowledged: the carrier repeats
/// it.
#[test]
fn a_restarted_process_ends_what_it_finds_open_from_its_old_port() {
    for (manner, answers, acknowledges) in [
        (CalleeBehavior::SaysNothing, true, true),
        (CalleeBehavior::SaysNothing, true, false),
        (CalleeBehavior::NoAnswer, false, false),
    ] {
        // A callee that answers stays on the line, and its 200 is repeated: the restarted process hangs up.
        let mut profile = CarrierProfile {
            patience_ms: span(60_000),
            ..quick(manner)
        };
        if !answers {
            profile.ring_ms = span(3_900);
        }
        let (outside, lost, restarted) = (runtime(), runtime(), runtime());
        let world = outside.block_on(async { Network::new((41_550, 41_560)) });
        let carrier = outside.block_on(async { world.carrier(profile, None) });
        let call = new_call();
        let (local, answered, held) = lost.block_on(async {
            // Below the system's ephemeral ports: no other process may take it in between.
            let network = Network::at("127.0.0.1:21560".parse().unwrap(), (41_560, 41_600));
            let line = network.trunk_to(&carrier, |_| {}).await;
            let mut leg = line.dial(permit_for(call), order(call)).await.unwrap();
            let event = if answers {
                next_after_ringing(&mut leg).await
            } else {
                next(&mut leg).await
            };
            let answered = match event {
                LegEvent::Answered(dialog) => Some(dialog),
                _ => None,
            };
            if acknowledges {
                leg.acknowledge().await.unwrap();
            }
            let local = network.driver.local();
            (local, answered, (leg, line, network))
        });
        assert_eq!(answered.is_some(), answers);
        outside.block_on(until_live(&carrier, 1));
        // A process that is lost in the middle of a call sends no BYE or CANCEL. So its threads end before
        // its leg is dropped: a running signalling task would give the leg up, the far end would have no
        // answer to repeat, and the restarted process would wait in vain.
        drop(lost);
        drop(held);
        restarted.block_on(async {
            let network = Network::once_free(local, (41_600, 41_650)).await;
            let line = network.trunk_to(&carrier, |_| {}).await;
            let facts = LegFacts {
                call,
                leg: 1,
                identity: domain::call::LegIdentity::from_ids(call, 1),
                local: line.facts().local,
                callee: "+8613800138000".to_owned(),
                caller: None,
                answered: answered.clone().filter(|_| acknowledges),
            };
            assert_eq!(facts.local, local.to_string());
            let mut ending = line.end_left_over(facts).await.unwrap();
            let expected = match answered.filter(|_| !acknowledges) {
                // The possible paths of keys are not kept: the call ends before a key can be pressed.
                Some(dialog) => LeftOverEvent::LateAnswered(AnsweredDialog {
                    key_paths: None,
                    ..dialog
                }),
                None if acknowledges => LeftOverEvent::Closed,
                None => LeftOverEvent::Refused,
            };
            assert_eq!(next_left_over(&mut ending).await, expected);
            until_live(&carrier, 0).await;
        });
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stopping_hangs_up_and_closes_every_leg_with_its_recording() {
    let network = Network::new((41_650, 41_700));
    // The callee hangs up neither before the stop nor because of it.
    let waits = CarrierProfile {
        patience_ms: SpanMs {
            min: 60_000,
            max: 60_000,
        },
        ..quick(CalleeBehavior::SaysNothing)
    };
    let callees = SuiteTasks::default();
    let carrier = network.carrier_among(&callees, waits, None);
    let line = network.trunk_to(&carrier, |_| {}).await;
    let mut leg = dial(&line).await;
    let event = next_after_ringing(&mut leg).await;
    assert!(matches!(event, LegEvent::Answered(_)), "{event:?}");
    leg.acknowledge().await.unwrap();
    network.tasks.stop().await;
    let summary = closes_after_hang_up(&mut leg).await;
    assert!(summary.recording.is_some());
    assert_eq!(network.tasks.alive_count(), 0, "both threads have ended");
}

async fn closes_after_hang_up(leg: &mut Box<dyn Leg>) -> LegSummary {
    let event = next(leg).await;
    assert!(
        matches!(
            event,
            LegEvent::HungUp {
                by: HangupSource::Robot,
                ..
            }
        ),
        "{event:?}"
    );
    closes(leg).await
}

/// Simultaneous calls in the test below: the number of the demonstration.
const CALLS_AT_ONCE: usize = 50;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_calls_at_once_are_all_spoken_to_recorded_and_closed() {
    let network = Network::new((42_000, 42_400));
    let carrier = network.carrier(quick(CalleeBehavior::SaysNothing), None);
    let line = network
        .trunk_to(&carrier, |config| {
            config.legs_max = u32::try_from(CALLS_AT_ONCE).unwrap();
        })
        .await;
    let mut legs = Vec::new();
    for _ in 0..CALLS_AT_ONCE {
        legs.push(dial(&line).await);
    }
    for leg in &mut legs {
        let event = next_after_ringing(leg).await;
        assert!(matches!(event, LegEvent::Answered(_)), "{event:?}");
        leg.acknowledge().await.unwrap();
        leg.play(1, clip(2_000)).await.unwrap();
    }
    let (mut sent, mut received, mut lost) = (0, 0, 0);
    for leg in &mut legs {
        assert!(matches!(next(leg).await, LegEvent::Played { play: 1, .. }));
        leg.hang_up().await.unwrap();
        let summary = closes_after_hang_up(leg).await;
        assert!(summary.recording.is_some());
        sent += summary.rtp_sent_count;
        received += summary.rtp_received_count;
        lost += summary.rtp_lost_count;
    }
    let pace = network.driver.pace_statistics();
    println!(
        "sent {sent}, received {received}, lost {lost}, late p99 {} us",
        pace.lateness_us(99)
    );
    assert_eq!(pace.dropped_recording_frames, 0);
    assert!(sent >= 100 * u64::try_from(CALLS_AT_ONCE).unwrap());
    assert!(
        lost * 100 <= received,
        "more than 1 % was lost: {lost} of {received}"
    );
    assert_eq!(network.driver.sip_counts().malformed, 0);
    assert_eq!(wav_files(&network).len(), CALLS_AT_ONCE);
}
