//! The signalling task without its loop: what one check of the legs costs, and that abandoned legs are found.
//! The time does not move, so that only what the test does is due.

use super::*;
use crate::rtp::latch::LatchRule;
use crate::sip::user_agent::LegSettings;
use domain::call::{EndCause, LegIdentity};
use domain::ids::CallId;
use tokio::sync::Semaphore;

/// Legs that wait for their far end while one of them is checked.
const LEGS: u128 = 300;

/// Signalling with one trunk at a silent socket.
struct SignalingFixture {
    signalling: SignalingTask,
    abandoned: Arc<AbandonedLegs>,
    far_end: UdpSocket,
    /// Held, so that sending to it does not fail.
    _pace: mpsc::Receiver<Request>,
}

#[expect(clippy::disallowed_methods, reason = "both ends of a made-up trunk")]
async fn socket() -> UdpSocket {
    UdpSocket::bind("127.0.0.1:0").await.unwrap()
}

async fn desk() -> SignalingFixture {
    let (far_end, own) = (socket().await, Arc::new(socket().await));
    let remote = far_end.local_addr().unwrap();
    let (_, orders) = mpsc::channel(1);
    let (_, arrivals) = mpsc::channel(1);
    let (pace, requests) = mpsc::channel(1_024);
    let abandoned = Arc::new(AbandonedLegs::default());
    let mut signalling = SignalingTask::new(SignalingContext {
        time: SteadyTime::frozen_at(Timestamp::from_millis(1_000_000)),
        orders,
        arrivals,
        pace,
        general: Arc::clone(&own),
        counters: Arc::default(),
        abandoned: Arc::clone(&abandoned),
        hung_up: Arc::default(),
        ended: watch::channel(()).0,
    });
    own.connect(remote).await.unwrap();
    signalling.trunks.push(TrunkSocket {
        remote,
        socket: own,
        replies: crate::driver::ResponsePortRule::AnyPort,
    });
    SignalingFixture {
        signalling,
        abandoned,
        far_end,
        _pace: requests,
    }
}

impl SignalingFixture {
    /// Orders a leg. Returns its Call-ID.
    async fn dial(&mut self, number: u128, mailbox: &Arc<LegMailbox>) -> String {
        let leaves_by = self.signalling.grounds.time.now();
        self.dial_by(number, mailbox, leaves_by).await
    }

    async fn dial_by(&mut self, number: u128, mailbox: &Arc<LegMailbox>, leaves_by: Timestamp) -> String {
        let remote = self.far_end.local_addr().unwrap();
        let settings = LegSettings {
            local: "127.0.0.1:5070".to_owned(),
            media: "127.0.0.1:40000".parse().unwrap(),
            trunk: remote.to_string(),
            trunk_ip: remote.ip(),
            callee: "+8613800138000".to_owned(),
            caller: None,
            credentials: None,
            leaves_by,
            ring_timeout_ms: 30_000,
            first_response_ms: 32_000,
            media_addresses: Vec::new(),
            latch: LatchRule::default(),
            silence_ms: 20_000,
            profile: crate::sip::trunk_profile::TrunkProfile::default(),
        };
        let identity = LegIdentity::from_ids(CallId::new(uuid::Uuid::from_u128(number)), 1);
        let now = self.signalling.grounds.time.now();
        let uac = Uac::dial(settings, identity, [3; 16], now);
        let call_id = uac.call_id();
        let slot = Arc::new(Semaphore::new(1)).try_acquire_owned().unwrap();
        self.signalling
            .dial(NewLeg {
                uac,
                number: u64::try_from(number).unwrap(),
                trunk: 0,
                leaves_by,
                mailbox: Arc::clone(mailbox),
                out: OutgoingStream::new(1, 1, 1),
                recording: ReservedRecording::nowhere(),
                slot,
            })
            .await;
        call_id
    }

    fn phase(&self, call_id: &str) -> Option<Timestamp> {
        self.signalling.legs.get(call_id)?.uac.next_deadline()
    }
}

#[tokio::test]
async fn a_look_at_what_is_due_costs_nothing_for_legs_that_wait() {
    let mut desk = desk().await;
    let mut call_ids = Vec::new();
    for number in 1..=LEGS {
        call_ids.push(desk.dial(number, &Arc::new(LegMailbox::new())).await);
    }
    assert_eq!(desk.signalling.legs.len(), call_ids.len());
    assert_eq!(desk.signalling.elapse().await, 0, "nothing is due");
    let before = desk.phase(&call_ids[7]);
    desk.abandoned.note(&call_ids[7]);
    assert_eq!(desk.signalling.elapse().await, 1, "one owner left");
    assert_ne!(desk.phase(&call_ids[7]), before, "its leg was given up");
    assert_eq!(desk.signalling.elapse().await, 0, "which is done once");
    assert_eq!(
        desk.signalling.deadlines.next(),
        call_ids.iter().filter_map(|one| desk.phase(one)).min()
    );
}

#[tokio::test]
async fn an_owner_that_left_before_its_leg_was_taken_is_not_forgotten() {
    let mut desk = desk().await;
    let stays = desk.dial(1, &Arc::new(LegMailbox::new())).await;
    let mailbox = Arc::new(LegMailbox::new());
    mailbox.abandon();
    desk.abandoned.note("named before it is known");
    desk.signalling.elapse().await;
    let left = desk.dial(2, &mailbox).await;
    assert_ne!(
        desk.phase(&left),
        desk.phase(&stays),
        "it is given up as it comes"
    );
}

#[tokio::test]
async fn an_order_that_waited_beyond_its_permit_leaves_nothing() {
    let mut desk = desk().await;
    let now = desk.signalling.grounds.time.now();
    let mailbox = Arc::new(LegMailbox::new());
    let late = desk.dial_by(1, &mailbox, now.minus_ms(1)).await;
    assert_eq!(desk.phase(&late), None, "no leg was begun");
    match mailbox.next().await {
        LegEvent::Failed(failure) => {
            assert!(failure.definite && failure.cause == FailureCause::Local);
            assert_eq!(
                failure.lack,
                Some(EndCause::TooLate),
                "it says nothing of the trunk"
            );
        }
        event => panic!("{event:?}"),
    }
    let mut datagram = [0; 64];
    assert!(desk.far_end.try_recv(&mut datagram).is_err(), "nothing was sent");
    let in_time = desk.dial_by(2, &Arc::new(LegMailbox::new()), now).await;
    assert!(desk.phase(&in_time).is_some());
}
