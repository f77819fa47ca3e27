//! The contract suite of the `EventStore` port: every backend runs all of it. A failed check panics.
//!
//! A backend calls `run_store_contract` with a closure that makes an empty store on the given clock. The
//! checks use real records and do not wait for the clock.

use crate::live_readers;
use crate::race;
use crate::retrieval;
use crate::test_ports::StepClock;
use crate::test_records::{make_batch, make_record, stream};
use domain::ids::{CommandId, EventId};
use domain::ports::clock::Clock;
use domain::ports::event_store::{
    APPEND_EVENTS_MAX, EventStore, PAGE_EVENTS_MAX, STREAM_BYTES_MAX, StoreError,
};
use domain::realm::{RealmName, SANDBOX_PREFIX};
use domain::stored_event::{Position, RECORD_BYTES_MAX, Record, StoredEvent, StreamVersion};
use domain::time::Timestamp;
use std::future::Future;
use std::sync::Arc;

pub use crate::suite_ports::{SuiteTasks, start};

/// Runs every check, each on a new store.
pub async fn run_store_contract<Make, Made>(make: Make)
where
    Make: Fn(Arc<dyn Clock>) -> Made,
    Made: Future<Output = Arc<dyn EventStore>>,
{
    let clock = Arc::new(StepClock::default());
    let new = || make(Arc::clone(&clock) as Arc<dyn Clock>);
    an_empty_store_has_nothing(&*new().await).await;
    versions_and_dense_positions_run_from_one(&*new().await).await;
    a_wrong_version_gets_the_actual_one(&*new().await).await;
    a_repeat_is_answered_as_the_first_time(&*new().await).await;
    a_part_of_a_batch_is_a_conflict(&*new().await).await;
    an_id_on_another_stream_is_a_conflict(&*new().await).await;
    a_refused_batch_leaves_nothing(&*new().await).await;
    a_batch_that_makes_no_sense_is_invalid(&*new().await).await;
    record_bytes_come_back_as_they_were(&*new().await).await;
    reads_are_pages_in_order(&*new().await).await;
    retrieval::a_stream_of_many_pages_is_read_whole(&*new().await).await;
    recorded_at_never_decreases(&*new().await, &clock).await;
    live_readers::a_subscription_misses_and_repeats_nothing(&*new().await).await;
    live_readers::a_subscription_catches_up_over_many_pages(&*new().await).await;
    live_readers::a_waiting_subscription_is_woken_by_each_append(new().await).await;
    live_readers::subscriptions_are_bounded_and_freed_when_dropped(&*new().await).await;
    retrieval::a_filter_finds_what_reading_everything_finds(&*new().await).await;
    retrieval::every_event_is_found_by_its_id(&*new().await).await;
    retrieval::what_was_acknowledged_is_read_at_once(&*new().await).await;
    retrieval::the_largest_batch_is_kept_and_a_larger_record_refused(&*new().await).await;
    retrieval::a_log_taken_over_is_the_same_log(&*new().await, &*new().await).await;
    race::racing_writers_lose_nothing_and_readers_miss_nothing(new().await).await;
    race::racing_writers_of_one_stream_take_turns(new().await).await;
}

pub(crate) async fn append(
    store: &dyn EventStore,
    name: &str,
    expected: u64,
    command: &str,
    count: u64,
) -> Position {
    let stream = stream(name);
    let batch = make_batch(&stream, expected, command, count);
    store
        .append(&stream, StreamVersion(expected), batch)
        .await
        .expect("nothing is in its way")
}

async fn refused(store: &dyn EventStore, name: &str, expected: u64, batch: Vec<Record>) -> StoreError {
    let answer = store.append(&stream(name), StreamVersion(expected), batch).await;
    answer.expect_err("the append must be refused")
}

pub(crate) async fn all(store: &dyn EventStore) -> Vec<StoredEvent> {
    store
        .read_all(Position(0), PAGE_EVENTS_MAX)
        .await
        .expect("the log can be read")
}

pub(crate) async fn of_stream(store: &dyn EventStore, name: &str) -> Vec<StoredEvent> {
    let events = store
        .read_stream(&stream(name), StreamVersion(0), PAGE_EVENTS_MAX)
        .await;
    events.expect("the stream can be read")
}

pub(crate) fn versions(events: &[StoredEvent]) -> Vec<u64> {
    let version = |event: &StoredEvent| event.envelope().expect("it was written").stream_version.0;
    events.iter().map(version).collect()
}

pub(crate) fn ids(events: &[StoredEvent]) -> Vec<EventId> {
    events
        .iter()
        .map(|event| event.envelope().expect("it was written").id)
        .collect()
}

fn partly(name: &str) -> StoreError {
    StoreError::PartlyStored { stream: stream(name) }
}

async fn an_empty_store_has_nothing(store: &dyn EventStore) {
    assert_eq!(store.head().await, Ok(Position(0)));
    assert_eq!(store.last_recorded_at().await, Ok(None));
    assert!(all(store).await.is_empty());
    assert!(of_stream(store, "a").await.is_empty());
}

async fn versions_and_dense_positions_run_from_one(store: &dyn EventStore) {
    let first = append(store, "a", 0, "one", 2).await;
    let second = append(store, "b", 0, "two", 1).await;
    let third = append(store, "a", 2, "three", 3).await;
    assert!(first < second && second < third, "{first} {second} {third}");
    assert_eq!(store.head().await, Ok(third));
    assert_eq!(versions(&of_stream(store, "a").await), [1, 2, 3, 4, 5]);
    assert_eq!(versions(&all(store).await), [1, 2, 1, 3, 4, 5]);
    if store.capabilities().dense {
        assert_eq!((first.0, second.0, third.0), (2, 3, 6));
        let positions: Vec<_> = all(store).await.iter().map(|event| event.position.0).collect();
        assert_eq!(positions, [1, 2, 3, 4, 5, 6]);
    }
}

async fn a_wrong_version_gets_the_actual_one(store: &dyn EventStore) {
    append(store, "a", 0, "one", 2).await;
    for expected in [0, 1, 3] {
        let batch = make_batch(&stream("a"), expected, "two", 1);
        let conflict = StoreError::WrongVersion {
            stream: stream("a"),
            expected: StreamVersion(expected),
            actual: StreamVersion(2),
        };
        assert_eq!(refused(store, "a", expected, batch).await, conflict);
    }
    append(store, "a", 2, "two", 1).await;
}

async fn a_repeat_is_answered_as_the_first_time(store: &dyn EventStore) {
    let first = append(store, "a", 0, "one", 2).await;
    append(store, "b", 0, "two", 1).await;
    append(store, "a", 2, "three", 1).await;
    let before = all(store).await;
    assert_eq!(append(store, "a", 0, "one", 2).await, first);
    // Ids are compared, not bytes: each sealing has another nonce.
    let command = CommandId::derive_from_text("one");
    let other = (0..2_usize)
        .zip(1..)
        .map(|(index, version)| make_record(&stream("a"), version, command, index, "other bytes"));
    let answer = store
        .append(&stream("a"), StreamVersion(0), other.collect())
        .await;
    assert_eq!(answer, Ok(first));
    // The repeat expects the stream's current version, as a caller would that has read the stream since.
    assert_eq!(append(store, "a", 3, "one", 2).await, first);
    assert_eq!(all(store).await, before);
}

async fn a_part_of_a_batch_is_a_conflict(store: &dyn EventStore) {
    append(store, "a", 0, "one", 2).await;
    let whole = make_batch(&stream("a"), 0, "one", 2);
    let mut longer = whole.clone();
    longer.push(make_record(
        &stream("a"),
        3,
        CommandId::derive_from_text("one"),
        2,
        "new",
    ));
    assert_eq!(refused(store, "a", 0, longer).await, partly("a"));
    let shorter = whole.iter().take(1).cloned().collect();
    assert_eq!(refused(store, "a", 0, shorter).await, partly("a"));
    // One new event, then one that is stored, at the right version.
    let mixed = vec![
        make_record(&stream("a"), 3, CommandId::derive_from_text("two"), 0, "new"),
        make_record(&stream("a"), 4, CommandId::derive_from_text("one"), 0, "stored"),
    ];
    assert_eq!(refused(store, "a", 2, mixed).await, partly("a"));
    // Two stored batches in one append.
    append(store, "a", 2, "three", 1).await;
    let mut both = whole;
    both.push(make_record(
        &stream("a"),
        3,
        CommandId::derive_from_text("three"),
        0,
        "stored",
    ));
    assert_eq!(refused(store, "a", 0, both).await, partly("a"));
    assert_eq!(versions(&all(store).await), [1, 2, 3]);
    // The end of one batch and the beginning of the next.
    append(store, "b", 0, "four", 2).await;
    append(store, "b", 2, "five", 2).await;
    let across = vec![
        make_record(&stream("b"), 2, CommandId::derive_from_text("four"), 1, "stored"),
        make_record(&stream("b"), 3, CommandId::derive_from_text("five"), 0, "stored"),
    ];
    assert_eq!(refused(store, "b", 1, across).await, partly("b"));
}

async fn an_id_on_another_stream_is_a_conflict(store: &dyn EventStore) {
    append(store, "a", 0, "one", 1).await;
    let batch = make_batch(&stream("b"), 0, "one", 1);
    assert_eq!(refused(store, "b", 0, batch).await, partly("b"));
    assert!(of_stream(store, "b").await.is_empty());
}

async fn a_refused_batch_leaves_nothing(store: &dyn EventStore) {
    append(store, "a", 0, "one", 1).await;
    let mut batch = make_batch(&stream("b"), 0, "two", 2);
    batch.push(make_record(
        &stream("b"),
        3,
        CommandId::derive_from_text("one"),
        0,
        "stored",
    ));
    assert_eq!(refused(store, "b", 0, batch).await, partly("b"));
    assert_eq!(all(store).await.len(), 1);
    // Positions and versions of the refused batch are free for the next one.
    let next = append(store, "b", 0, "three", 1).await;
    assert_eq!(store.head().await, Ok(next));
    assert_eq!(versions(&of_stream(store, "b").await), [1]);
    assert!(!store.capabilities().dense || next == Position(2));
}

async fn a_batch_that_makes_no_sense_is_invalid(store: &dyn EventStore) {
    let most = APPEND_EVENTS_MAX as u64;
    let whole = make_batch(&stream("a"), 0, "many", most);
    let mut twice = make_batch(&stream("a"), 0, "twice", 1);
    twice.push(make_record(
        &stream("a"),
        2,
        CommandId::derive_from_text("twice"),
        0,
        "again",
    ));
    let cases = [
        ("empty", vec![]),
        ("too many", make_batch(&stream("a"), 0, "many", most + 1)),
        ("another stream", make_batch(&stream("b"), 0, "b", 1)),
        ("versions from 2", make_batch(&stream("a"), 1, "late", 1)),
        ("one id twice", twice),
    ];
    for (case, batch) in cases {
        let answer = refused(store, "a", 0, batch).await;
        assert!(matches!(answer, StoreError::Invalid(_)), "{case}: {answer}");
    }
    for name in ["n".repeat(STREAM_BYTES_MAX), "zero\0byte".to_owned()] {
        let answer = refused(store, &name, 0, make_batch(&stream(&name), 0, "name", 1)).await;
        assert!(
            matches!(answer, StoreError::Invalid(_)),
            "a stream name that is too long or holds a zero byte: {answer}"
        );
    }
    assert_eq!(store.head().await, Ok(Position(0)));
    let answer = store.append(&stream("a"), StreamVersion(0), whole).await;
    assert!(answer.is_ok(), "the most events that are allowed: {answer:?}");
}

/// Returns the most bytes of a record: in the sandbox the log adds the prefix of its stream.
pub(crate) fn record_bytes_max(store: &dyn EventStore) -> usize {
    match store.realm() {
        RealmName::Real => RECORD_BYTES_MAX,
        RealmName::Sandbox => RECORD_BYTES_MAX - SANDBOX_PREFIX.len(),
    }
}

async fn record_bytes_come_back_as_they_were(store: &dyn EventStore) {
    let a = stream("a");
    let command = CommandId::derive_from_text("large");
    let small = make_record(&a, 1, command, 0, "引号 \" 和 \\ 与 \u{1F4DE}");
    let bare = make_record(&a, 2, command, 1, "").bytes().len();
    let bytes_max = record_bytes_max(store);
    let largest = make_record(&a, 2, command, 1, &"x".repeat(bytes_max - bare));
    assert_eq!(largest.bytes().len(), bytes_max);
    let batch = vec![small.clone(), largest.clone()];
    let answer = store.append(&a, StreamVersion(0), batch).await;
    assert!(answer.is_ok(), "{answer:?}");
    for events in [all(store).await, of_stream(store, "a").await] {
        let bytes: Vec<_> = events.iter().map(|event| &*event.record).collect();
        assert_eq!(bytes, [&**small.bytes(), &**largest.bytes()]);
    }
}

async fn reads_are_pages_in_order(store: &dyn EventStore) {
    for (expected, command) in [(0, "one"), (2, "two"), (4, "three")] {
        append(store, "a", expected, command, 2).await;
        append(store, "b", expected, &format!("b{command}"), 2).await;
    }
    let whole = all(store).await;
    let mut paged: Vec<StoredEvent> = Vec::new();
    loop {
        let after = paged.last().map_or(Position(0), |event| event.position);
        let page = store.read_all(after, 5).await.expect("a page can be read");
        assert!(page.len() <= 5);
        if page.is_empty() {
            break;
        }
        paged.extend(page);
    }
    assert_eq!(paged, whole);
    let page = store
        .read_stream(&stream("b"), StreamVersion(1), 3)
        .await
        .expect("a page can be read");
    assert_eq!(versions(&page), [2, 3, 4]);
    assert_eq!(store.read_all(Position(0), 0).await, Ok(Vec::new()));
    let head = store.head().await.expect("the head is known");
    assert_eq!(store.read_all(head, 5).await, Ok(Vec::new()));
    assert_eq!(store.read_all(Position(head.0 + 1_000), 5).await, Ok(Vec::new()));
    assert_eq!(
        store.read_stream(&stream("b"), StreamVersion(6), 5).await,
        Ok(Vec::new())
    );
}

async fn recorded_at_never_decreases(store: &dyn EventStore, clock: &StepClock) {
    let times = [1_000_000, 5_000_000, 2_000_000, 4_999_999, 6_000_000];
    for (time, expected) in times.into_iter().zip(0..) {
        clock.set(Timestamp::from_micros(time));
        append(store, "a", expected, &format!("c{expected}"), 1).await;
    }
    let recorded: Vec<_> = all(store)
        .await
        .iter()
        .map(|event| event.recorded_at.micros())
        .collect();
    assert_eq!(recorded, [1_000_000, 5_000_000, 5_000_000, 5_000_000, 6_000_000]);
    assert_eq!(
        store.last_recorded_at().await,
        Ok(Some(Timestamp::from_micros(6_000_000)))
    );
}
