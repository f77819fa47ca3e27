//! Tests of several processes on one log, each simulated by a store of its own: positions are dense and in
//! commit order.

use crate::support::{Database, MachineClock, append, append_one, patient, skipped, until, whole_log};
use async_trait::async_trait;
use domain::ids::EventId;
use domain::ports::clock::Clock;
use domain::ports::event_store::{EventStore, StoreError};
use domain::stored_event::{Position, StoredEvent, StreamVersion};
use domain::time::Timestamp;
use std::collections::BTreeMap;
use std::sync::Arc;
use store::PostgresEventStore;
use store::contract::{SuiteTasks, start};
use store::test_records::{make_batch, stream};

const WRITERS: u64 = 12;
const BATCHES: u64 = 25;

/// Reads a subscription from the start until `count` events have arrived.
async fn follow(store: Arc<dyn EventStore>, count: usize) -> Vec<StoredEvent> {
    let mut events: Vec<StoredEvent> = Vec::new();
    let mut subscription = store.subscribe(Position(0)).await.expect("there is room");
    while events.len() < count {
        events.extend(subscription.next().await.expect("the log goes on"));
    }
    events
}

async fn write(store: Arc<dyn EventStore>, writer: u64) -> Vec<(EventId, Position)> {
    let mut acknowledged = Vec::new();
    let stream = stream(&format!("w{writer}"));
    for batch in 0..BATCHES {
        let expected = batch * 3;
        let records = make_batch(&stream, expected, &format!("{writer}/{batch}"), 3);
        let last = records.last().expect("it has three").id;
        let answer = store.append(&stream, StreamVersion(expected), records).await;
        acknowledged.push((last, answer.expect("no other task writes this stream")));
    }
    acknowledged
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_stores_and_a_slow_transaction_leave_no_gap() {
    if skipped() {
        return;
    }
    let database = Database::make().await;
    let stores: Vec<Arc<dyn EventStore>> =
        vec![Arc::new(database.store().await), Arc::new(database.store().await)];
    let count = usize::try_from(WRITERS * BATCHES * 3).expect("small");
    let readers: Vec<_> = stores
        .iter()
        .map(|store| start(follow(Arc::clone(store), count)))
        .collect();
    let turns = stores.iter().cycle().zip(0..WRITERS);
    let writers: Vec<_> = turns
        .map(|(store, writer)| start(write(Arc::clone(store), writer)))
        .collect();
    // Holds the log's lock repeatedly for a while, as a slow transaction would.
    let slow = database.client().await;
    for _ in 0..5 {
        let sql = "BEGIN; SELECT pos FROM ledgerline.head FOR UPDATE; SELECT pg_sleep(0.1); COMMIT";
        slow.batch_execute(sql).await.expect("it waits its turn");
    }
    let mut acknowledged = BTreeMap::new();
    for writer in writers {
        acknowledged.extend(writer.await.expect("a writer ends"));
    }
    let store = stores.first().expect("there are two");
    let whole = whole_log(&**store).await;
    assert_eq!(whole.len(), count, "every event once");
    assert!(
        whole
            .iter()
            .zip(whole.iter().skip(1))
            .all(|(one, next)| one.recorded_at <= next.recorded_at)
    );
    for event in &whole {
        let id = event.envelope().expect("it was written").id;
        if let Some(position) = acknowledged.remove(&id) {
            assert_eq!(event.position, position);
        }
    }
    assert!(
        acknowledged.is_empty(),
        "acknowledged events are lost: {acknowledged:?}"
    );
    for reader in readers {
        assert!(
            reader.await.expect("a reader ends") == whole,
            "a reader saw another log"
        );
    }
}

/// Commits of one event have a statement of their own, which waits for the same lock.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn single_events_of_two_stores_are_dense_and_a_repeat_is_answered_as_the_first_time() {
    if skipped() {
        return;
    }
    let database = Database::make().await;
    let stores: [Arc<dyn EventStore>; 2] =
        [Arc::new(database.store().await), Arc::new(database.store().await)];
    let writers: Vec<_> = stores
        .iter()
        .zip(["a", "b"])
        .map(|(store, name)| {
            let store = Arc::clone(store);
            start(async move {
                let mut answers = Vec::new();
                for expected in 0..60 {
                    answers.push(append_one(&*store, name, expected).await);
                    // Both want this version; the second one gets a conflict.
                    drop(append_contested(&*store, name, expected).await);
                }
                (name, answers)
            })
        })
        .collect();
    for writer in writers {
        let (name, answers) = writer.await.expect("a writer ends");
        for (answer, expected) in answers.into_iter().zip(0..) {
            assert!(answer.is_ok(), "{answer:?}");
            for store in &stores {
                assert_eq!(append_one(&**store, name, expected).await, answer, "a repeat");
            }
        }
    }
    let [store, _] = &stores;
    let whole = whole_log(&**store).await;
    assert_eq!(whole.len(), 180, "60 of each and 60 that were contested");
    let instants: Vec<_> = whole.iter().map(|event| event.recorded_at).collect();
    assert!(instants.is_sorted(), "recorded in the order of their positions");
}

async fn append_contested(store: &dyn EventStore, by: &str, expected: u64) -> Result<Position, StoreError> {
    let records = make_batch(&stream("contested"), expected, &format!("{by} at {expected}"), 1);
    store
        .append(&stream("contested"), StreamVersion(expected), records)
        .await
}

/// A clock that shows the time, but with waits that never end.
struct NoPolls;

#[async_trait]
impl Clock for NoPolls {
    fn now(&self) -> Timestamp {
        MachineClock.now()
    }

    async fn wait_until(&self, _at: Timestamp) {
        std::future::pending::<()>().await;
    }
}

/// A store that is alone on its log sends no notifications. A new one announces itself, and is notified of
/// each commit from then on.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_that_comes_later_receives_single_events_without_polling() {
    if skipped() {
        return;
    }
    let database = Database::make().await;
    let connect = async || {
        let tasks = SuiteTasks::default();
        PostgresEventStore::connect(&database.url, Arc::new(NoPolls), &tasks, &patient())
            .await
            .expect("it connects")
    };
    let client = database.client().await;
    let first = connect().await;
    until(&client, &listening(1)).await;
    append_one(&first, "a", 0).await.expect("it is stored");
    let second = connect().await;
    let mut follower = second.subscribe(Position(0)).await.expect("there is room");
    for expected in 1..20 {
        let last = append_one(&first, "a", expected).await.expect("it is stored");
        let mut followed = Position(0);
        while followed < last {
            let events = follower.next().await.expect("it is notified");
            followed = events.last().map_or(followed, |event| event.position);
        }
    }
    drop(first);
    until(&client, &listening(1)).await;
}

/// Returns the query whether exactly `count` connections listen.
fn listening(count: usize) -> String {
    format!(
        "SELECT count(*) = {count} FROM pg_locks WHERE locktype = 'advisory' AND mode = 'ShareLock'
           AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
    )
}

/// Two processes that append concurrently take turns: neither waits until the other has nothing to do.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_busy_processes_take_turns() {
    if skipped() {
        return;
    }
    let database = Database::make().await;
    let stores: [Arc<dyn EventStore>; 2] =
        [Arc::new(database.store().await), Arc::new(database.store().await)];
    // Each appends once before: otherwise one with a slow first connection could start after the other
    // is done.
    for (store, name) in stores.iter().zip(["a", "b"]) {
        append_one(store.as_ref(), name, 0).await.expect("it is stored");
    }
    // Eight tasks each, so that each store always has a group waiting: 200 appends per store,
    // started together.
    let together = Arc::new(tokio::sync::Barrier::new(16));
    let writers: Vec<_> = (0..16)
        .zip(stores.iter().cycle())
        .map(|(writer, store)| {
            let (store, together) = (Arc::clone(store), Arc::clone(&together));
            start(async move {
                together.wait().await;
                write(store, writer).await
            })
        })
        .collect();
    let mut positions = [Vec::new(), Vec::new()];
    for (index, writer) in writers.into_iter().enumerate() {
        let acknowledged = writer.await.expect("a writer ends");
        let own = positions.get_mut(index % 2).expect("two stores");
        own.extend(acknowledged.into_iter().map(|(_, position)| position.0));
    }
    for own in &mut positions {
        assert_eq!(own.len(), 200, "all are stored");
        own.sort_unstable();
    }
    // Events 3 to 1,202 alternate in groups; the slower store has a tenth of its events in the first half.
    for own in &positions {
        let before_the_middle = own.iter().filter(|position| **position <= 602).count();
        assert!(before_the_middle >= 20, "{before_the_middle} of 200");
    }
}

#[tokio::test]
async fn what_another_process_wrote_is_a_conflict_with_the_actual_version() {
    if skipped() {
        return;
    }
    let database = Database::make().await;
    let (one, other) = (database.store().await, database.store().await);
    append(&one, "a", 0).await.expect("it is stored");
    append(&other, "a", 2).await.expect("it is stored");
    // The version that the first store remembers is too low.
    let batch = make_batch(&stream("a"), 2, "late", 1);
    let conflict = one.append(&stream("a"), StreamVersion(2), batch).await;
    let expected = StoreError::WrongVersion {
        stream: stream("a"),
        expected: StreamVersion(2),
        actual: StreamVersion(4),
    };
    assert_eq!(conflict, Err(expected));
    // An append with a version that is too high is also a conflict, and leaves no gap.
    let batch = make_batch(&stream("a"), 9, "early", 1);
    let conflict = other.append(&stream("a"), StreamVersion(9), batch).await;
    assert!(matches!(
        conflict,
        Err(StoreError::WrongVersion {
            actual: StreamVersion(4),
            ..
        })
    ));
    assert_eq!(append(&one, "a", 4).await, Ok(Position(6)));
}

#[tokio::test]
async fn a_conflict_concerns_its_own_batch_of_the_group() {
    if skipped() {
        return;
    }
    let database = Database::make().await;
    let store = Arc::new(database.store().await);
    append(&database.store().await, "taken", 0)
        .await
        .expect("it is stored");
    append(&*store, "a", 0).await.expect("it is stored");
    let answers = one_group(
        &database,
        &store,
        [
            ("b", 0, "b"),
            ("taken", 0, "other"),
            ("c", 0, "c"),
            ("a", 5, "ahead"),
            ("d", 0, "b"),
        ],
    )
    .await;
    let [b, taken, c, ahead, d] = answers.as_slice() else {
        unreachable!("five were asked")
    };
    assert!(b.is_ok() && c.is_ok(), "{answers:?}");
    assert!(
        matches!(
            taken,
            Err(StoreError::WrongVersion {
                actual: StreamVersion(2),
                ..
            })
        ),
        "{taken:?}"
    );
    assert!(
        matches!(
            ahead,
            Err(StoreError::WrongVersion {
                actual: StreamVersion(2),
                ..
            })
        ),
        "{ahead:?}"
    );
    assert_eq!(
        *d,
        Err(StoreError::PartlyStored { stream: stream("d") }),
        "its id went to stream b"
    );
    assert_eq!(whole_log(&*store).await.len(), 8);
}

/// Sends all appends while another connection holds the lock, so that they are queued and become one group.
async fn one_group(
    database: &Database,
    store: &Arc<PostgresEventStore>,
    cases: [(&'static str, u64, &'static str); 5],
) -> Vec<Result<Position, StoreError>> {
    let holder = database.client().await;
    let hold = "BEGIN; SELECT pos FROM ledgerline.head FOR UPDATE";
    holder.batch_execute(hold).await.expect("it is free");
    let first = {
        let store = Arc::clone(store);
        start(async move { append(&*store, "first", 0).await })
    };
    until(&database.client().await, WAITING).await;
    let queued: Vec<_> = cases
        .into_iter()
        .map(|(name, expected, command)| {
            let store = Arc::clone(store);
            start(async move {
                let batch = make_batch(&stream(name), expected, command, 1);
                store.append(&stream(name), StreamVersion(expected), batch).await
            })
        })
        .collect();
    for _ in 0..10 {
        tokio::task::yield_now().await;
    }
    holder.batch_execute("COMMIT").await.expect("it lets go");
    assert!(first.await.expect("it ends").is_ok());
    let mut answers = Vec::new();
    for append in queued {
        answers.push(append.await.expect("it ends"));
    }
    answers
}

/// The query whether a connection waits for the log's lock.
pub(crate) const WAITING: &str = "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database())";
