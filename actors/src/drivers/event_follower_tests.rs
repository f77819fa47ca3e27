//! A damaged record in the middle of the log: the reader returns the events before it and none after it.

use super::event_follower::EventFollower;
use crate::testing::line::{FakeLine, ringing};
use crate::testing::test_system::{TestSystem, count, no_flow};
use crate::testing::{FakeStore, Fakes, on_one_thread, settle};
use domain::ids::StreamId;
use domain::ports::event_store::EventStore;
use domain::stored_event::{Position, Record, StreamVersion};

/// Moves of the clock within which a campaign would long have dialed.
const WATCHED_MOVES: usize = 50;

async fn append_any(store: &FakeStore, version: u64) {
    let stream = StreamId::new("other", &"one");
    let record = serde_json::json!({
        "id": format!("00000000-0000-5000-8000-{version:012}"), "kind": "other.happened", "version": 1,
        "stream": stream, "stream_version": version, "at": "2026-03-02T02:00:00.123456Z",
        "command": "8bf25838-5c43-5e8e-ace1-3f4631ea93a9", "data": {},
    });
    let record = Record::from_stored(record.to_string().into_bytes().into()).unwrap();
    let appended = store
        .append(&stream, StreamVersion(version - 1), vec![record])
        .await;
    appended.unwrap();
}

/// The positions that a reader returns of five events of which the fourth is damaged in this way, and the
/// position at which it reports the damage.
fn followed(damage: fn(&FakeStore, Position)) -> (Vec<u64>, Option<Position>) {
    on_one_thread(async {
        let fakes = Fakes::new();
        for version in 1..=5 {
            append_any(&fakes.store, version).await;
        }
        damage(&fakes.store, Position(4));
        let mut follow = EventFollower::new(&fakes.environment, Position(1));
        let mut given = Vec::new();
        let first = loop {
            match follow.next().await {
                Ok(page) => given.extend(page.iter().map(|(position, _)| position.0)),
                Err(damage) => break damage,
            }
        };
        assert_eq!(follow.next().await.unwrap_err(), first, "it goes no further");
        assert_eq!(fakes.environment.damage.first(), Some(first.clone()));
        assert_eq!(first.after, Position(3));
        (given, first.position)
    })
}

#[test]
fn events_before_a_damaged_record_are_handed_on_and_none_behind_it() {
    let expected = (vec![2, 3], Some(Position(4)));
    assert_eq!(followed(FakeStore::garble), expected);
    assert_eq!(followed(FakeStore::make_unreadable), expected);
}

#[test]
fn a_follower_that_meets_damage_ends_dialing_for_the_whole_process() {
    on_one_thread(async {
        let world = TestSystem::new(vec![FakeLine::new("ringing", Box::new(|_| vec![ringing()]))]);
        let drivers = world.start_drivers().await;
        let damaged = Position(world.fakes.store.kinds().len() as u64 + 1);
        world.fakes.store.garble(damaged);
        append_any(&world.fakes.store, 1).await;
        settle().await;
        let known = world
            .fakes
            .environment
            .damage
            .first()
            .map(|damage| damage.position);
        assert_eq!(known, Some(Some(damaged)));
        world.run_campaign(2, 1, no_flow()).await;
        for _ in 0..WATCHED_MOVES {
            settle().await;
            world.fakes.clock.advance_to_next();
        }
        assert_eq!(count(&world.fakes.store.kinds(), "campaign.started"), 1);
        assert_eq!(count(&world.fakes.store.kinds(), "customer.dial_granted"), 0);
        // A later term of the same process knows of the damage too.
        drop(drivers);
        let _again = world.start_drivers().await;
        for _ in 0..WATCHED_MOVES {
            settle().await;
            world.fakes.clock.advance_to_next();
        }
        assert_eq!(count(&world.fakes.store.kinds(), "customer.dial_granted"), 0);
    });
}
