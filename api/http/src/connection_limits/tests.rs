//! Which connections are closed and which are not, with a controlled clock.

use super::*;
use futures_util::FutureExt;
use std::pin::pin;
use store::test_ports::StepClock;

const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

struct Fixture {
    places: Arc<ConnectionSlots>,
    clock: Arc<StepClock>,
}

fn stand(connections: usize, ordinary: usize, per_peer: usize) -> Fixture {
    let clock = Arc::new(StepClock::default());
    let limits = SlotLimits {
        connections,
        ordinary,
        per_peer,
    };
    Fixture {
        places: ConnectionSlots::new(limits, Arc::clone(&clock) as Arc<dyn Clock>),
        clock,
    }
}

impl Fixture {
    fn at(&self, ms: i64) -> &Self {
        self.clock.set(Timestamp::from_millis(ms));
        self
    }

    fn enter(&self, peer: IpAddr) -> Option<ConnectionSlot> {
        self.places.enter(peer)
    }
}

impl ConnectionSlot {
    fn must_go(&self) -> bool {
        !self.places.visits().contains_key(&self.visit.id)
    }
}

#[test]
fn the_longest_silent_gives_way_and_one_that_is_answered_never_does() {
    let stand = stand(3, 3, 3);
    let answered = stand.at(0).enter(HERE).unwrap();
    let open = answered.begin(false).unwrap();
    let silent = stand.at(10).enter(HERE).unwrap();
    let fresh = stand.at(20).enter(HERE).unwrap();
    let new = stand.at(30).enter(HERE).unwrap();
    assert!(silent.must_go() && !fresh.must_go() && !answered.must_go());
    assert_eq!(stand.places.count(), 3);
    // When every slot is busy none can be freed, and no request in progress is ended.
    let (_fresh, _new) = (fresh.begin(true), new.begin(true));
    assert!(stand.at(40).enter(HERE).is_none());
    // A connection is silent from the end of its response on.
    drop(open);
    assert!(stand.at(50).enter(HERE).is_some());
    assert!(answered.must_go());
}

/// A feed over a WebSocket is no open reply: without this, a shutdown would end the process before the feed
/// sends its close message.
#[test]
fn a_stop_waits_for_connections_that_became_another_protocol() {
    let stand = stand(3, 3, 3);
    let (feed, plain) = (stand.at(0).enter(HERE).unwrap(), stand.enter(HERE).unwrap());
    feed.mark_upgraded();
    let mut left = pin!(stand.places.wait_until_empty());
    assert!(left.as_mut().now_or_never().is_none());
    drop(plain);
    assert!(left.as_mut().now_or_never().is_none());
    drop(feed);
    assert!(left.as_mut().now_or_never().is_some());
}

#[test]
fn requests_that_wait_for_nothing_leave_places_for_what_must_pass() {
    let stand = stand(4, 2, 4);
    let streams = [stand.at(0).enter(HERE).unwrap(), stand.enter(HERE).unwrap()];
    let open: Vec<_> = streams.iter().map(|place| place.begin(false).unwrap()).collect();
    let other = stand.enter(HERE).unwrap();
    assert!(other.begin(false).is_none());
    let pause = other.begin(true).unwrap();
    drop(pause);
    // A half-sent body gives its slot to the next request.
    open[1].theirs(Timestamp::from_millis(5), 30_000);
    let _taken = other.begin(false).unwrap();
    assert!(streams[1].must_go() && !streams[0].must_go());
}

#[test]
fn another_machine_has_no_more_than_its_share_and_a_network_is_one_machine() {
    let stand = stand(10, 10, 2);
    let peer = |host: u16| IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, host, 0, 0, 1));
    let first = stand.at(0).enter(peer(1)).unwrap();
    let second = stand.at(1).enter(peer(2)).unwrap();
    let ours: Vec<_> = (0..3).map(|_| stand.enter(HERE).unwrap()).collect();
    let third = stand.at(2).enter(peer(3)).unwrap();
    assert!(first.must_go() && !second.must_go());
    assert!(ours.iter().all(|place| !place.must_go()));
    let _open = (second.begin(false), third.begin(false));
    assert!(stand.enter(peer(4)).is_none());
    assert!(stand.enter(HERE).is_some());
    // A trusted proxy serves many clients.
    let proxied: Vec<_> = (0..3)
        .map(|_| stand.places.enter_for_many(peer(5)).unwrap())
        .collect();
    assert!(proxied.iter().all(|place| !place.must_go()));
}

#[test]
fn when_places_are_short_the_peer_with_the_most_of_them_gives_first() {
    let stand = stand(4, 4, 3);
    let peer = |host: u8| IpAddr::from([192, 0, 2, host]);
    let single = stand.at(0).enter(peer(1)).unwrap();
    let many: Vec<_> = (1..4).map(|ms| stand.at(ms).enter(peer(2)).unwrap()).collect();
    let _new = stand.at(5).enter(peer(3)).unwrap();
    assert!(many[0].must_go() && !single.must_go());
}

#[test]
fn a_head_has_one_limit_from_accept_whatever_dribbles_in() {
    let stand = stand(4, 4, 4);
    let place = stand.at(0).enter(HERE).unwrap();
    let due = |place: &ConnectionSlot| place.visit.turns().due().map(|due| due.micros() / 1_000);
    assert_eq!(due(&place), Some(10_000));
    // Only a response restarts the wait; while it is made, no limit runs.
    let request = place.begin(false).unwrap();
    assert_eq!(due(&place), None);
    stand.at(60_000);
    drop(request);
    assert_eq!(due(&place), Some(70_000));
    // The end of a response that is still being read counts; one that is not read has its own limit.
    stand.at(65_000);
    place.took();
    assert_eq!(due(&place), Some(75_000));
    place.set_stuck_since(Some(Timestamp::from_millis(66_000)));
    assert_eq!(due(&place), Some(126_000));
}

#[tokio::test]
async fn a_connection_past_its_limit_is_over_and_a_place_is_given_back() {
    let stand = stand(1, 1, 1);
    let place = stand.at(0).enter(HERE).unwrap();
    // Waiting moves this clock.
    place.is_over().await;
    assert_eq!(stand.clock.now(), Timestamp::from_millis(10_000));
    drop(place);
    assert_eq!(stand.places.count(), 0);
}
