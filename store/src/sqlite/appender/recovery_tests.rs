//! Tests of recovery after a failed commit: the log continues by itself once it can be written, and never
//! with fewer events than it acknowledged.

use super::super::schema::EVENTS_FILE;
use super::super::{SqliteEventStore, SqliteOptions};
use crate::contract::SuiteTasks;
use crate::test_ports::StepClock;
use crate::test_records::{make_batch, stream};
use domain::ports::event_store::{EventStore, StoreError};
use domain::stored_event::{Position, StreamVersion};
use rusqlite::Connection;
use std::sync::Arc;
use tempfile::TempDir;

/// The most attempts for any recovery; each waits for an answer of the store.
const TRIES_MAX: u64 = 100_000;

struct TamperedStore {
    dir: TempDir,
    store: SqliteEventStore,
}

impl TamperedStore {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let clock = Arc::<StepClock>::default();
        let tasks = SuiteTasks::default();
        let store = SqliteEventStore::open(dir.path(), clock, &tasks, &SqliteOptions::default());
        Self {
            store: store.unwrap(),
            dir,
        }
    }

    /// Changes the file, as another program could, or to simulate a disk that is full for a while.
    fn change(&self, sql: &str) {
        let file = Connection::open(self.dir.path().join(EVENTS_FILE)).unwrap();
        file.busy_timeout(std::time::Duration::from_secs(5)).unwrap();
        file.execute_batch(sql).unwrap();
    }

    async fn append(&self, expected: u64) -> Result<Position, StoreError> {
        let batch = make_batch(&stream("a"), expected, &format!("c{expected}"), 2);
        self.store
            .append(&stream("a"), StreamVersion(expected), batch)
            .await
    }

    /// Waits until the store's failure is the wanted one.
    async fn until(&self, wanted: impl Fn(Option<StoreError>) -> bool) {
        for _ in 0..TRIES_MAX {
            if wanted(self.store.failure()) {
                return;
            }
            // A read goes through the reader threads, so real time passes without a sleep.
            drop(self.store.find(stream_event()).await);
            tokio::task::yield_now().await;
        }
        panic!("{:?}", self.store.failure());
    }
}

fn stream_event() -> domain::ids::EventId {
    make_batch(&stream("a"), 0, "c0", 1)[0].id
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_failed_commit_the_log_is_reopened_and_goes_on_where_it_was() {
    let log = TamperedStore::new();
    for expected in (0..40).step_by(2) {
        log.append(expected).await.unwrap();
    }
    let mut follower = log.store.subscribe(Position(40)).await.unwrap();
    log.change("ALTER TABLE event RENAME TO gone");
    assert!(matches!(log.append(40).await, Err(StoreError::Unavailable(_))));
    assert!(log.store.failure().is_some());
    log.change("ALTER TABLE gone RENAME TO event");
    log.until(|failure| failure.is_none()).await;
    assert_eq!(log.append(40).await, Ok(Position(42)), "appends continue");
    assert_eq!(log.append(0).await, Ok(Position(2)), "a repeat is known");
    let read = log.store.read_stream(&stream("a"), StreamVersion(0), 99).await;
    assert_eq!(read.unwrap().len(), 42);
    // A subscription returns the failure, or the events after it; a new one returns all events.
    drop(follower.next().await);
    let mut follower = log.store.subscribe(Position(40)).await.unwrap();
    assert_eq!(follower.next().await.unwrap().len(), 2);
    log.store.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_that_lost_what_it_acknowledged_is_never_written_again() {
    let log = TamperedStore::new();
    log.append(0).await.unwrap();
    log.append(2).await.unwrap();
    log.change("ALTER TABLE event RENAME TO gone");
    log.append(4).await.unwrap_err();
    log.change("DELETE FROM gone WHERE pos = 4; ALTER TABLE gone RENAME TO event");
    let lost = |failure: Option<StoreError>| matches!(failure, Some(StoreError::Damaged(_)));
    log.until(lost).await;
    assert!(matches!(log.append(3).await, Err(StoreError::Damaged(_))));
    log.store.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_row_that_the_disk_gave_back_otherwise_is_noticed() {
    let log = TamperedStore::new();
    log.append(0).await.unwrap();
    log.append(2).await.unwrap();
    log.change("ALTER TABLE event RENAME TO gone");
    log.append(4).await.unwrap_err();
    log.change("UPDATE gone SET record = x'7b7d' WHERE pos = 2; ALTER TABLE gone RENAME TO event");
    let lost = |failure: Option<StoreError>| matches!(failure, Some(StoreError::Damaged(why)) if why.contains("event 2 "));
    log.until(lost).await;
    log.store.close().await;
}
