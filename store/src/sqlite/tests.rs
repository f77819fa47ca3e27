//! Tests of what is specific to SQLite: queues, failures, damage, a second reader, the schema.

use super::*;
use crate::contract::{SuiteTasks, run_store_contract, start};
use crate::test_ports::{StepClock, StoppedClock};
use crate::test_records::{make_batch, make_record, stream};
use domain::ids::CommandId;
use domain::ports::tasks::{StopSignal, TaskFuture};
use domain::stored_event::RECORD_BYTES_MAX;
use std::os::unix::fs::PermissionsExt;
use std::pin::Pin;
use std::sync::Mutex;
use tempfile::TempDir;
use uuid::Uuid;

fn clock() -> Arc<StepClock> {
    Arc::new(StepClock::default())
}

fn open(dir: &TempDir) -> Result<SqliteEventStore, OpenError> {
    SqliteEventStore::open(
        dir.path(),
        clock(),
        &SuiteTasks::default(),
        &SqliteOptions::default(),
    )
}

fn open_read_only(dir: &TempDir) -> Result<SqliteEventStore, OpenError> {
    SqliteEventStore::open_read_only(dir.path(), clock(), &SuiteTasks::default())
}

/// Appends two events to stream `a`, which is at version `expected`.
async fn append(store: &SqliteEventStore, expected: u64) -> Result<Position, StoreError> {
    let batch = make_batch(&stream("a"), expected, &format!("c{expected}"), 2);
    store.append(&stream("a"), StreamVersion(expected), batch).await
}

/// Changes the file without the store, to simulate tampering.
fn meddle(dir: &TempDir, sql: &str) {
    let file = Connection::open(dir.path().join(EVENTS_FILE)).unwrap();
    assert!(file.execute(sql, []).unwrap() > 0, "{sql}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sqlite_keeps_the_contract() {
    let dirs = Mutex::new(Vec::new());
    run_store_contract(async |clock| {
        let dir = tempfile::tempdir().unwrap();
        let options = SqliteOptions::default();
        let store = SqliteEventStore::open(dir.path(), clock, &SuiteTasks::default(), &options);
        dirs.lock().unwrap().push(dir);
        Arc::new(store.unwrap()) as Arc<dyn EventStore>
    })
    .await;
}

/// Polls once.
async fn is_pending(future: &mut (impl Future + Unpin)) -> bool {
    std::future::poll_fn(|context| std::task::Poll::Ready(Pin::new(&mut *future).poll(context).is_pending()))
        .await
}

#[tokio::test]
async fn a_read_shows_nothing_beyond_the_head() {
    let dir = tempfile::tempdir().unwrap();
    // With one reader, queries are answered in their order.
    let options = SqliteOptions {
        reader_threads: 1,
        ..SqliteOptions::default()
    };
    let mut store = SqliteEventStore::open(dir.path(), clock(), &SuiteTasks::default(), &options).unwrap();
    append(&store, 0).await.unwrap();
    // As between a commit and its publication: the file has two events, the head says one.
    let (head, watched) = watch::channel(Head {
        position: Position(1),
        ..Head::default()
    });
    Arc::get_mut(&mut store.pool).unwrap().set_head(watched.clone());
    if let Mode::Writing { head, .. } = &mut store.mode {
        *head = watched;
    }
    let nothing = EventFilter {
        kinds: vec!["no.such_kind".to_owned()],
        ..EventFilter::default()
    };
    let beyond = store.read_matching(&nothing, Position(9), 5).await.unwrap();
    assert_eq!(
        beyond.reached,
        Position(9),
        "a position of another log waits for nothing"
    );
    let mut page = Box::pin(store.read_matching(&nothing, Position(0), 5));
    let a = stream("a");
    let mut events = Box::pin(store.read_stream(&a, StreamVersion(0), 5));
    assert!(is_pending(&mut page).await && is_pending(&mut events).await);
    assert_eq!(store.find(EventId::new(Uuid::nil())).await.unwrap(), None);
    assert!(is_pending(&mut page).await && is_pending(&mut events).await);
    head.send_modify(|head| head.position = Position(2));
    assert_eq!(page.await.unwrap().reached, store.head().await.unwrap());
    assert_eq!(events.await.unwrap().len(), 2);
}

#[tokio::test]
async fn who_follows_shares_what_was_just_written_and_who_comes_later_reads_the_file() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(&dir).unwrap();
    let mut first = store.subscribe(Position(0)).await.unwrap();
    let mut second = store.subscribe(Position(0)).await.unwrap();
    append(&store, 0).await.unwrap();
    let (one, other) = (first.next().await.unwrap(), second.next().await.unwrap());
    assert_eq!(one, store.read_all(Position(0), 10).await.unwrap());
    let parsed = |page: &[StoredEvent]| page[1].shared_envelope().unwrap();
    assert!(
        Arc::ptr_eq(&parsed(&one), &parsed(&other)),
        "the record is parsed once for both"
    );
    store.close().await;
    let store = open(&dir).unwrap();
    let mut late = store.subscribe(Position(0)).await.unwrap();
    let read = late.next().await.unwrap();
    assert_eq!(read, one);
    assert!(!Arc::ptr_eq(&parsed(&read), &parsed(&one)));
}

#[tokio::test]
async fn a_store_opened_again_goes_on_where_it_was() {
    let dir = tempfile::tempdir().unwrap();
    let clock = clock();
    clock.set(Timestamp::from_micros(9_000));
    let options = SqliteOptions::default();
    let tasks = SuiteTasks::default();
    let store = SqliteEventStore::open(dir.path(), Arc::clone(&clock) as _, &tasks, &options).unwrap();
    assert_eq!(append(&store, 0).await, Ok(Position(2)));
    store.close().await;
    clock.set(Timestamp::from_micros(1_000));
    let store = SqliteEventStore::open(dir.path(), clock, &tasks, &options).unwrap();
    assert_eq!(store.head().await, Ok(Position(2)));
    assert_eq!(
        store.last_recorded_at().await,
        Ok(Some(Timestamp::from_micros(9_000)))
    );
    assert_eq!(append(&store, 0).await, Ok(Position(2)), "a repeat");
    assert_eq!(append(&store, 2).await, Ok(Position(4)));
    let events = store.read_all(Position(0), 10).await.unwrap();
    assert!(
        events
            .iter()
            .all(|event| event.recorded_at == Timestamp::from_micros(9_000))
    );
}

#[tokio::test]
async fn a_closed_store_has_ended_its_threads_and_says_so() {
    let dir = tempfile::tempdir().unwrap();
    let tasks = SuiteTasks::default();
    let store = SqliteEventStore::open(dir.path(), clock(), &tasks, &SqliteOptions::default()).unwrap();
    let mut follower = store.subscribe(Position(0)).await.unwrap();
    append(&store, 0).await.unwrap();
    assert_eq!(follower.next().await.unwrap().len(), 2);
    assert_eq!(store.failure(), None);
    store.close().await;
    tasks.stop().await;
    assert_eq!(tasks.alive_count(), 0);
    assert_eq!(store.failure(), Some(closed()));
    assert_eq!(append(&store, 2).await, Err(closed()));
    assert_eq!(follower.next().await, Err(closed()));
    assert_eq!(store.read_all(Position(0), 1).await, Err(closed()));
    assert!(
        !dir.path().join("events.db-wal").exists(),
        "the last connection moved everything into the file"
    );
}

#[tokio::test]
async fn a_dropped_store_ends_its_threads() {
    let dir = tempfile::tempdir().unwrap();
    let tasks = SuiteTasks::default();
    let store = SqliteEventStore::open(dir.path(), clock(), &tasks, &SqliteOptions::default()).unwrap();
    assert_eq!(tasks.alive_count(), 6);
    drop(store);
    tasks.stop().await;
}

/// Starts its threads only at `release`, so that queues fill up.
#[derive(Default)]
struct HeldTasks {
    held: Mutex<Vec<Box<dyn FnOnce() + Send>>>,
    inner: SuiteTasks,
}

impl HeldTasks {
    fn release(&self) {
        for work in self.held.lock().unwrap().drain(..) {
            self.inner.thread("held", work);
        }
    }
}

#[async_trait]
impl Tasks for HeldTasks {
    fn spawn(&self, name: &'static str, future: TaskFuture) {
        self.inner.spawn(name, future);
    }
    fn thread(&self, _name: &'static str, work: Box<dyn FnOnce() + Send + 'static>) {
        self.held.lock().unwrap().push(work);
    }
    fn stop_signal(&self) -> Arc<dyn StopSignal> {
        self.inner.stop_signal()
    }
    fn alive_count(&self) -> usize {
        self.inner.alive_count()
    }
    async fn stop(&self) {
        self.inner.stop().await;
    }
}

/// Queues `count` appends made by `batch`. Returns the refusal of one more before the writer starts.
async fn one_too_many(
    append_queue_max: usize,
    count: usize,
    batch: impl Fn(usize) -> (StreamId, Vec<Record>),
) -> StoreError {
    let dir = tempfile::tempdir().unwrap();
    let tasks = HeldTasks::default();
    let options = SqliteOptions {
        append_queue_max,
        ..SqliteOptions::default()
    };
    let store = Arc::new(SqliteEventStore::open(dir.path(), clock(), &tasks, &options).unwrap());
    let queued: Vec<_> = (0..count)
        .map(|index| {
            let (store, (stream, records)) = (Arc::clone(&store), batch(index));
            start(async move { store.append(&stream, StreamVersion(0), records).await })
        })
        .collect();
    // On one thread, each of them runs until it waits before this task continues.
    tokio::task::yield_now().await;
    let (stream, records) = batch(count);
    let refused = store
        .append(&stream, StreamVersion(0), records.clone())
        .await
        .unwrap_err();
    tasks.release();
    for append in queued {
        assert!(append.await.unwrap().is_ok(), "the last permitted one is taken");
    }
    assert!(
        store.append(&stream, StreamVersion(0), records).await.is_ok(),
        "there is room again"
    );
    refused
}

#[tokio::test]
async fn a_full_queue_of_appends_is_busy() {
    let batch = |index: usize| {
        let stream = stream(&format!("s{index}"));
        let records = make_batch(&stream, 0, &format!("c{index}"), 1);
        (stream, records)
    };
    assert_eq!(one_too_many(3, 3, batch).await, StoreError::Busy);
}

#[tokio::test]
async fn a_queue_full_of_bytes_is_busy() {
    let command = CommandId::derive_from_text("large");
    let text = "x".repeat(RECORD_BYTES_MAX - 600);
    let records: Vec<_> = (0..256)
        .zip(1..)
        .map(|(index, version)| make_record(&stream("a"), version, command, index, &text))
        .collect();
    // Four batches of just under 16 MiB fit into 64 MiB.
    assert_eq!(
        one_too_many(100, 4, |_| (stream("a"), records.clone())).await,
        StoreError::Busy
    );
}

#[tokio::test]
async fn a_full_disk_says_so_and_nothing_later_is_acknowledged() {
    let dir = tempfile::tempdir().unwrap();
    let connection = schema::open_writer(dir.path()).unwrap();
    connection.pragma_update(None, "max_page_count", 30).unwrap();
    let (tasks, options) = (SuiteTasks::default(), SqliteOptions::default());
    // Nothing is ever retried.
    let clock = Arc::new(StoppedClock::default());
    let store = SqliteEventStore::start(connection, dir.path(), clock, &tasks, &options).unwrap();
    let mut follower = store.subscribe(Position(0)).await.unwrap();
    let mut stored = 0;
    let failed = loop {
        match append(&store, stored).await {
            Ok(position) => stored = position.0,
            Err(failed) => break failed,
        }
    };
    assert_eq!(failed, StoreError::Unavailable("the disk is full".to_owned()));
    assert!(stored > 10, "{stored}");
    // A repeat needs no space, but is refused all the same.
    assert_eq!(append(&store, 0).await, Err(failed.clone()));
    assert_eq!(store.failure(), Some(failed.clone()));
    let mut seen = 0;
    let end = loop {
        match follower.next().await {
            Ok(events) => seen += events.len() as u64,
            Err(end) => break end,
        }
    };
    assert_eq!(
        (seen, end),
        (stored, failed),
        "acknowledged events are still delivered"
    );
    store.close().await;
    let store = open(&dir).unwrap();
    assert_eq!(store.head().await, Ok(Position(stored)));
    assert_eq!(append(&store, stored).await, Ok(Position(stored + 2)));
}

#[tokio::test]
async fn a_damaged_or_missing_record_is_named_by_its_position() {
    let record = "the record at position 2 is not what was written";
    let cases = [
        (
            "UPDATE event SET record = zeroblob(9) WHERE pos = 2",
            record,
            record,
        ),
        ("UPDATE event SET recorded_at = 7 WHERE pos = 2", record, record),
        (
            "DELETE FROM event WHERE pos = 2",
            "the event at position 2 is missing",
            "version 2 of number-a is missing",
        ),
    ];
    for (sql, in_log, in_stream) in cases {
        let dir = tempfile::tempdir().unwrap();
        let store = open(&dir).unwrap();
        append(&store, 0).await.unwrap();
        append(&store, 2).await.unwrap();
        meddle(&dir, sql);
        let damaged = |why: &str| Err(StoreError::Damaged(why.to_owned()));
        assert_eq!(store.read_all(Position(0), 10).await, damaged(in_log));
        assert_eq!(
            store.read_stream(&stream("a"), StreamVersion(0), 10).await,
            damaged(in_stream)
        );
        // The writing process gives its subscriptions the events in memory; other processes read the file.
        let beside = open_read_only(&dir).unwrap();
        let mut follower = beside.subscribe(Position(0)).await.unwrap();
        assert_eq!(follower.next().await, damaged(in_log));
        assert_eq!(
            store.read_all(Position(2), 10).await.unwrap().len(),
            2,
            "the events after it can be read"
        );
    }
}

#[tokio::test]
async fn a_file_that_is_no_store_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    assert!(matches!(open_read_only(&dir), Err(OpenError::Missing(_))));
    std::fs::write(dir.path().join(EVENTS_FILE), "not a database ".repeat(600)).unwrap();
    assert!(matches!(open(&dir), Err(OpenError::Damaged { .. })));
    assert!(matches!(open_read_only(&dir), Err(OpenError::Damaged { .. })));
}

/// A kill does not affect the page cache, so no kill test would notice a commit without a sync.
#[test]
fn the_file_is_private_and_every_commit_is_synced() {
    let dir = tempfile::tempdir().unwrap();
    let connection = schema::open_writer(dir.path()).unwrap();
    let pragma = |name| {
        connection
            .pragma_query_value(None, name, |row| row.get::<_, i64>(0))
            .unwrap()
    };
    assert_eq!((pragma("synchronous"), pragma("secure_delete")), (2, 1));
    let mode: String = connection
        .pragma_query_value(None, "journal_mode", |row| row.get(0))
        .unwrap();
    assert_eq!(mode, "wal");
    let index = index::open_up_to_date(&connection, dir.path()).unwrap();
    for file in [
        "events.db",
        "events.db-wal",
        "index.db",
        "index.db-wal",
        "index.db-shm",
    ] {
        let mode = std::fs::metadata(dir.path().join(file))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600, "{file}");
    }
    drop(index);
}

#[tokio::test]
async fn a_newer_schema_is_refused_and_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    open(&dir).unwrap().close().await;
    meddle(&dir, "UPDATE schema_version SET version = 5");
    for refused in [open(&dir), open_read_only(&dir)] {
        let error = refused.err().unwrap();
        assert!(
            matches!(
                error,
                OpenError::NewerSchema {
                    found: 5,
                    known: 4,
                    ..
                }
            ),
            "{error}"
        );
        assert!(error.to_string().contains("use a newer ledgerline"), "{error}");
    }
}

#[tokio::test]
async fn a_second_handle_reads_beside_the_writer_and_after_it() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(&dir).unwrap();
    append(&store, 0).await.unwrap();
    let beside = open_read_only(&dir).unwrap();
    assert_eq!(beside.head().await, Ok(Position(2)));
    assert_eq!(beside.last_recorded_at().await, store.last_recorded_at().await);
    let mut follower = beside.subscribe(Position(1)).await.unwrap();
    assert_eq!(follower.next().await.unwrap().len(), 1);
    append(&store, 2).await.unwrap();
    let next = follower.next().await.unwrap();
    assert_eq!(next, store.read_all(Position(2), 10).await.unwrap());
    assert!(matches!(append(&beside, 4).await, Err(StoreError::Invalid(_))));
    store.close().await;
    assert_eq!(beside.read_all(Position(0), 10).await.unwrap().len(), 4);
    beside.close().await;
    assert_eq!(open_read_only(&dir).unwrap().head().await, Ok(Position(4)));
}

#[tokio::test]
async fn index_columns_say_what_the_record_says() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(&dir).unwrap();
    append(&store, 0).await.unwrap();
    let event = store
        .read_all(Position(1), 1)
        .await
        .unwrap()
        .remove(0)
        .envelope()
        .unwrap();
    let file = Connection::open(dir.path().join(EVENTS_FILE)).unwrap();
    let row: (String, i64, String, Option<String>, i64) = file
        .query_row(
            "SELECT stream, version, kind, campaign, batch_index FROM event WHERE id = ?1",
            [event.id.uuid().as_bytes().as_slice()],
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?)),
        )
        .unwrap();
    assert_eq!(row, (event.stream.to_string(), 2, event.kind, None, 1));
}
