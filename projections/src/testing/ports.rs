//! Test implementations of the ports: a log in memory, a clock without waiting, tasks on the test's runtime.

use super::ten;
use crate::database::{ReadDb, Table, each_row, read_as};
use crate::read_ahead::BATCH_EVENTS_MAX;
use crate::value::Val;
use async_trait::async_trait;
use domain::ids::StreamId;
use domain::ports::clock::Clock;
use domain::ports::event_store::{Capabilities, EventStore, StoreError, Subscription, WriterConcurrency};
use domain::ports::tasks::{StopSignal, TaskFuture, Tasks};
use domain::stored_event::{Envelope, Position, Record, StoredEvent, StreamVersion};
use domain::time::Timestamp;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use tokio::sync::Notify;

/// A log in memory. `failures` is the number of subscriptions that will fail. Clones share it.
#[derive(Clone, Default)]
pub(crate) struct TestLog {
    events: Arc<Mutex<Vec<StoredEvent>>>,
    grown: Arc<Notify>,
    pub(crate) failures: Arc<AtomicUsize>,
}

impl TestLog {
    pub(crate) fn of(events: &[StoredEvent]) -> Self {
        let log = Self::default();
        log.extend(events);
        log
    }

    pub(crate) fn extend(&self, events: &[StoredEvent]) {
        self.events.lock().unwrap().extend_from_slice(events);
        self.grown.notify_waiters();
    }

    fn page(&self, after: Position, limit: usize) -> Vec<StoredEvent> {
        let events = self.events.lock().unwrap();
        let later = events.iter().filter(|event| event.position > after);
        later.take(limit).cloned().collect()
    }
}

#[async_trait]
impl EventStore for TestLog {
    fn capabilities(&self) -> Capabilities {
        Capabilities {
            dense: true,
            durable: false,
            writers: WriterConcurrency::OneProcess,
        }
    }
    async fn append(&self, _: &StreamId, _: StreamVersion, _: Vec<Record>) -> Result<Position, StoreError> {
        Err(StoreError::Invalid(
            "the test fills this log; it takes no appends".to_owned(),
        ))
    }
    async fn read_stream(
        &self,
        stream: &StreamId,
        after: StreamVersion,
        limit: usize,
    ) -> Result<Vec<StoredEvent>, StoreError> {
        let events = self.events.lock().unwrap();
        let wanted = |envelope: Envelope| envelope.stream == *stream && envelope.stream_version > after;
        let mine = events.iter().filter(|event| event.envelope().is_ok_and(wanted));
        Ok(mine.take(limit).cloned().collect())
    }
    async fn read_all(&self, after: Position, limit: usize) -> Result<Vec<StoredEvent>, StoreError> {
        Ok(self.page(after, limit))
    }
    async fn head(&self) -> Result<Position, StoreError> {
        let events = self.events.lock().unwrap();
        Ok(events.last().map_or(Position(0), |event| event.position))
    }
    async fn last_recorded_at(&self) -> Result<Option<Timestamp>, StoreError> {
        Ok(None)
    }
    async fn subscribe(&self, after: Position) -> Result<Box<dyn Subscription>, StoreError> {
        if self.failures.load(Ordering::SeqCst) > 0 {
            self.failures.fetch_sub(1, Ordering::SeqCst);
            return Err(StoreError::Unavailable("away for a while".to_owned()));
        }
        Ok(Box::new(TestSubscription {
            log: self.clone(),
            after,
        }))
    }
}

struct TestSubscription {
    log: TestLog,
    after: Position,
}

#[async_trait]
impl Subscription for TestSubscription {
    async fn next(&mut self) -> Result<Vec<StoredEvent>, StoreError> {
        loop {
            let grown = self.log.grown.notified();
            tokio::pin!(grown);
            grown.as_mut().enable();
            let page = self.log.page(self.after, BATCH_EVENTS_MAX);
            if let Some(last) = page.last() {
                self.after = last.position;
                return Ok(page);
            }
            grown.await;
        }
    }
}

/// A clock on which every wait ends at once.
pub(crate) struct TestClock(AtomicI64);

impl TestClock {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self(AtomicI64::new(ten().micros())))
    }
}

#[async_trait]
impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.0.load(Ordering::SeqCst))
    }
    async fn wait_until(&self, at: Timestamp) {
        self.0.fetch_max(at.micros(), Ordering::SeqCst);
        tokio::task::yield_now().await;
    }
}

/// A clock that advances by so many microseconds with each reading, from the epoch. Its waits end at once.
pub(crate) struct AdvancingClock {
    step_micros: i64,
    micros: AtomicI64,
}

impl AdvancingClock {
    pub(crate) fn by_micros(step_micros: i64) -> Arc<Self> {
        Arc::new(Self {
            step_micros,
            micros: AtomicI64::new(0),
        })
    }
}

#[async_trait]
impl Clock for AdvancingClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.micros.fetch_add(self.step_micros, Ordering::SeqCst))
    }
    async fn wait_until(&self, _: Timestamp) {}
}

/// Tasks on the test's runtime.
#[derive(Default)]
pub(crate) struct TestTasks {
    stop: Arc<TestStop>,
    threads: Mutex<Vec<std::thread::JoinHandle<()>>>,
    tasks: Mutex<Vec<tokio::task::JoinHandle<()>>>,
}

#[derive(Default)]
struct TestStop {
    stopping: AtomicBool,
    begun: Notify,
}

#[async_trait]
impl StopSignal for TestStop {
    fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::SeqCst)
    }
    async fn stopping(&self) {
        loop {
            let begun = self.begun.notified();
            if self.is_stopping() {
                return;
            }
            begun.await;
        }
    }
}

impl TestTasks {
    /// Aborts the tasks wherever they are, as a crash would; threads finish their current work.
    pub(crate) fn kill(&self) {
        for task in self.tasks.lock().unwrap().drain(..) {
            task.abort();
        }
    }
}

#[async_trait]
impl Tasks for TestTasks {
    #[expect(clippy::disallowed_methods, reason = "the tests' own small Tasks")]
    fn spawn(&self, _: &'static str, future: TaskFuture) {
        self.tasks.lock().unwrap().push(tokio::task::spawn(future));
    }
    #[expect(clippy::disallowed_methods, reason = "the tests' own small Tasks")]
    fn thread(&self, _: &'static str, work: Box<dyn FnOnce() + Send + 'static>) {
        self.threads.lock().unwrap().push(std::thread::spawn(work));
    }
    fn stop_signal(&self) -> Arc<dyn StopSignal> {
        Arc::clone(&self.stop) as Arc<dyn StopSignal>
    }
    fn alive_count(&self) -> usize {
        let tasks = self.tasks.lock().unwrap();
        let threads = self.threads.lock().unwrap();
        tasks.iter().filter(|task| !task.is_finished()).count()
            + threads.iter().filter(|thread| !thread.is_finished()).count()
    }
    async fn stop(&self) {
        self.stop.stopping.store(true, Ordering::SeqCst);
        self.stop.begun.notify_waiters();
        let tasks: Vec<_> = self.tasks.lock().unwrap().drain(..).collect();
        for task in tasks {
            task.await.unwrap();
        }
        let threads: Vec<_> = self.threads.lock().unwrap().drain(..).collect();
        for thread in threads {
            thread.join().unwrap();
        }
    }
}

/// Returns all rows of these tables.
pub(crate) async fn rows_of(db: &dyn ReadDb, tables: &[Table]) -> Vec<Vec<Val>> {
    let tables = tables.to_vec();
    read_as(db, move |tx| {
        let mut rows = Vec::new();
        for table in &tables {
            each_row(tx, table, &mut |row| {
                rows.push(row);
                Ok(())
            })?;
        }
        Ok(rows)
    })
    .await
    .unwrap()
}

/// Returns the columns of a table as its database has them.
pub(crate) async fn columns_of(db: &dyn ReadDb, table: &Table) -> Vec<String> {
    let name = table.name;
    read_as(db, move |tx| tx.columns(name)).await.unwrap()
}
