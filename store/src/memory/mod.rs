//! The memory store: all events in memory, each batch a synced frame of one log on the `Disk` port.
//!
//! It serves tests and the simulation. It has no threads and no waits, so it runs on one thread with a paused
//! clock. Opened again on the same disk, it holds all acknowledged events; a torn tail was never acknowledged
//! and is truncated.

mod kinds;
mod state;

use crate::batch;
use crate::frame::{self, Frame};
use crate::log_import::{self, ImportBatch};
use crate::subscription::{PAGE_EVENTS, SUBSCRIPTIONS_MAX};
use async_trait::async_trait;
use domain::event_filter::EventFilter;
use domain::ids::{EventId, StreamId};
use domain::ports::clock::Clock;
use domain::ports::disk::Disk;
use domain::ports::event_store::{
    AfterPosition, Capabilities, EventStore, MatchingPage, StoreError, Subscription, WriterConcurrency,
};
use domain::stored_event::{Position, Record, StoredEvent, StreamVersion};
use domain::time::Timestamp;
use state::State;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};

/// The name of the memory store's only file on its disk.
pub const MEMORY_LOG_FILE: &str = "events.log";

/// An event store in memory. An append is acknowledged when its frame is synced on `disk`.
pub struct MemoryEventStore {
    shared: Arc<Shared>,
    subscriptions: Arc<Semaphore>,
}

struct Shared {
    state: Mutex<State>,
    /// Wakes subscriptions in the order in which they began to wait. tokio's `watch` wakes them in random
    /// order, which a simulation from a seed could not repeat.
    moved: Notify,
    clock: Arc<dyn Clock>,
    disk: Arc<dyn Disk>,
}

impl MemoryEventStore {
    /// Opens the log on `disk`; it may be empty. Returns `Damaged` if a frame before the last does not have
    /// the bytes that were written.
    pub fn new(clock: Arc<dyn Clock>, disk: Arc<dyn Disk>) -> Result<Self, StoreError> {
        let state = State::recover(&*disk)?;
        let shared = Shared {
            state: Mutex::new(state),
            moved: Notify::new(),
            clock,
            disk,
        };
        Ok(Self {
            shared: Arc::new(shared),
            subscriptions: Arc::new(Semaphore::new(SUBSCRIPTIONS_MAX)),
        })
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn append(
        &self,
        stream: &StreamId,
        expected: StreamVersion,
        records: &[Record],
    ) -> Result<Position, StoreError> {
        let mut state = self.state();
        if let Some(failed) = &state.failed {
            return Err(failed.clone());
        }
        if let Some(position) = state.judge(stream, expected, records)? {
            return Ok(position);
        }
        let last = state.last().map_or(Timestamp::EPOCH, |event| event.recorded_at);
        let frame = Frame {
            recorded_at: self.clock.now().max(last),
            first: Position(state.position().0 + 1),
            first_version: StreamVersion(expected.0 + 1),
            stream: stream.clone(),
            records: records
                .iter()
                .map(|record| (record.id, Arc::clone(record.bytes())))
                .collect(),
        };
        self.commit(&mut state, vec![frame])
    }

    fn load(&self, batches: Vec<ImportBatch>) -> Result<Position, StoreError> {
        let mut state = self.state();
        if let Some(failed) = &state.failed {
            return Err(failed.clone());
        }
        let frames = state.frames_of(batches)?;
        self.commit(&mut state, frames)
    }

    /// Writes the frames with one write and one sync, then adds their events and wakes subscriptions. After
    /// a failed write the store accepts no further appends.
    fn commit(&self, state: &mut State, frames: Vec<Frame>) -> Result<Position, StoreError> {
        if let Err(error) = self.write(&frames) {
            let failed = StoreError::Unavailable(format!("a write failed: {error}"));
            state.failed = Some(failed.clone());
            self.moved.notify_waiters();
            return Err(failed);
        }
        for frame in frames {
            state.add_new(frame);
        }
        self.moved.notify_waiters();
        Ok(state.position())
    }

    fn write(&self, frames: &[Frame]) -> std::io::Result<()> {
        self.disk.append(MEMORY_LOG_FILE, &frame::encode_all(frames))?;
        self.disk.sync(MEMORY_LOG_FILE)
    }
}

/// A subscription to the log in memory after a position.
struct MemorySubscription {
    shared: Arc<Shared>,
    after: Position,
    _place: OwnedSemaphorePermit,
}

#[async_trait]
impl Subscription for MemorySubscription {
    async fn next(&mut self) -> Result<Vec<StoredEvent>, StoreError> {
        loop {
            let moved = self.shared.moved.notified();
            tokio::pin!(moved);
            // Enabled before the check, so that an append in between is not missed.
            moved.as_mut().enable();
            {
                let state = self.shared.state();
                let events = state.page(self.after, PAGE_EVENTS);
                if let Some(last) = events.last() {
                    self.after = last.position;
                    return Ok(events);
                }
                if let Some(failed) = &state.failed {
                    return Err(failed.clone());
                }
            }
            moved.await;
        }
    }
}

#[async_trait]
impl EventStore for MemoryEventStore {
    fn capabilities(&self) -> Capabilities {
        Capabilities {
            dense: true,
            durable: true,
            writers: WriterConcurrency::OneProcess,
        }
    }

    async fn append(
        &self,
        stream: &StreamId,
        expected: StreamVersion,
        records: Vec<Record>,
    ) -> Result<Position, StoreError> {
        batch::check(stream, expected, &records)?;
        self.shared.append(stream, expected, &records)
    }

    async fn read_stream(
        &self,
        stream: &StreamId,
        after: StreamVersion,
        limit: usize,
    ) -> Result<Vec<StoredEvent>, StoreError> {
        Ok(self.shared.state().page_of(stream, after, limit))
    }

    async fn read_all(&self, after: AfterPosition, limit: usize) -> Result<Vec<StoredEvent>, StoreError> {
        Ok(self.shared.state().page(after, limit))
    }

    async fn head(&self) -> Result<Position, StoreError> {
        Ok(self.shared.state().position())
    }

    async fn last_recorded_at(&self) -> Result<Option<Timestamp>, StoreError> {
        Ok(self.shared.state().last().map(|event| event.recorded_at))
    }

    async fn find(&self, id: EventId) -> Result<Option<StoredEvent>, StoreError> {
        Ok(self.shared.state().find(id))
    }

    async fn read_matching(
        &self,
        filter: &EventFilter,
        after: AfterPosition,
        limit: usize,
    ) -> Result<MatchingPage, StoreError> {
        self.shared.state().matching(filter, after, limit)
    }

    async fn load(&self, events: Vec<StoredEvent>) -> Result<Position, StoreError> {
        self.shared.load(log_import::batches(events)?)
    }

    async fn subscribe(&self, after: AfterPosition) -> Result<Box<dyn Subscription>, StoreError> {
        let Ok(place) = Arc::clone(&self.subscriptions).try_acquire_owned() else {
            return Err(StoreError::Busy);
        };
        Ok(Box::new(MemorySubscription {
            shared: Arc::clone(&self.shared),
            after,
            _place: place,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::run_store_contract;
    use crate::memory_disk::MemoryDisk;
    use crate::test_ports::StepClock;
    use crate::test_records::{make_batch, stream};

    fn open(disk: &Arc<MemoryDisk>) -> Result<MemoryEventStore, StoreError> {
        MemoryEventStore::new(Arc::new(StepClock::default()), Arc::clone(disk) as Arc<dyn Disk>)
    }

    async fn append(store: &MemoryEventStore, expected: u64) -> Result<Position, StoreError> {
        let batch = make_batch(&stream("a"), expected, &format!("c{expected}"), 2);
        store.append(&stream("a"), StreamVersion(expected), batch).await
    }

    #[tokio::test]
    async fn the_memory_store_keeps_the_contract_on_one_thread() {
        run_store_contract(async |clock| {
            let store = MemoryEventStore::new(clock, Arc::new(MemoryDisk::new())).unwrap();
            Arc::new(store) as Arc<dyn EventStore>
        })
        .await;
    }

    #[tokio::test]
    async fn every_cut_of_the_log_opens_with_the_whole_batches_before_it() {
        let disk = Arc::new(MemoryDisk::new());
        let store = open(&disk).unwrap();
        let mut ends = vec![0];
        for expected in [0, 2, 4] {
            append(&store, expected).await.unwrap();
            ends.push(disk.read(MEMORY_LOG_FILE).unwrap().len());
        }
        let log = disk.read(MEMORY_LOG_FILE).unwrap();
        let whole = store.read_all(Position(0), 100).await.unwrap();
        for cut in 0..=log.len() {
            let torn = Arc::new(MemoryDisk::new());
            torn.append(MEMORY_LOG_FILE, &log[..cut]).unwrap();
            let reopened = open(&torn).unwrap();
            let batches = ends.iter().filter(|end| **end <= cut).count() - 1;
            let events = reopened.read_all(Position(0), 100).await.unwrap();
            assert_eq!(events, whole[..batches * 2], "cut at {cut}");
            append(&reopened, batches as u64 * 2).await.unwrap();
            assert_eq!(
                open(&torn).unwrap().head().await.unwrap().0,
                batches as u64 * 2 + 2
            );
        }
    }

    #[tokio::test]
    async fn a_log_taken_over_in_one_call_is_there_wholly_or_not_at_all_wherever_its_write_is_cut() {
        let source = open(&Arc::new(MemoryDisk::new())).unwrap();
        for expected in [0, 2, 4] {
            append(&source, expected).await.unwrap();
        }
        let events = source.read_all(Position(0), 100).await.unwrap();
        let disk = Arc::new(MemoryDisk::new());
        let store = open(&disk).unwrap();
        store.load(events[..2].to_vec()).await.unwrap();
        let before = disk.read(MEMORY_LOG_FILE).unwrap().len();
        store.load(events[2..].to_vec()).await.unwrap();
        let log = disk.read(MEMORY_LOG_FILE).unwrap();
        for cut in before..=log.len() {
            let torn = Arc::new(MemoryDisk::new());
            torn.append(MEMORY_LOG_FILE, &log[..cut]).unwrap();
            let there = if cut == log.len() { 6 } else { 2 };
            let reopened = open(&torn).unwrap().read_all(Position(0), 100).await;
            assert_eq!(reopened.unwrap(), events[..there], "cut at {cut}");
        }
    }

    #[tokio::test]
    async fn a_flipped_bit_before_the_last_batch_is_named_and_never_cut_off() {
        let disk = Arc::new(MemoryDisk::new());
        let store = open(&disk).unwrap();
        append(&store, 0).await.unwrap();
        let first = disk.read(MEMORY_LOG_FILE).unwrap().len();
        append(&store, 2).await.unwrap();
        let mut log = disk.read(MEMORY_LOG_FILE).unwrap();
        log[first / 2] ^= 1;
        let disk = Arc::new(MemoryDisk::new());
        disk.append(MEMORY_LOG_FILE, &log).unwrap();
        let why = "the frame after position 0 is not what was written".to_owned();
        assert_eq!(open(&disk).err(), Some(StoreError::Damaged(why)));
        assert_eq!(disk.read(MEMORY_LOG_FILE).unwrap(), log);
    }

    /// A disk that fails its next sync once the flag is set.
    struct FailingDisk(MemoryDisk, std::sync::atomic::AtomicBool);

    impl Disk for FailingDisk {
        fn append(&self, file: &str, bytes: &[u8]) -> std::io::Result<()> {
            self.0.append(file, bytes)
        }
        fn sync(&self, _file: &str) -> std::io::Result<()> {
            if self.1.swap(false, std::sync::atomic::Ordering::SeqCst) {
                return Err(std::io::Error::other("input/output error"));
            }
            Ok(())
        }
        fn truncate(&self, file: &str, bytes: u64) -> std::io::Result<()> {
            self.0.truncate(file, bytes)
        }
        fn read_part(&self, file: &str, from: u64, most: usize) -> std::io::Result<Vec<u8>> {
            self.0.read_part(file, from, most)
        }
    }

    #[tokio::test]
    async fn after_a_failed_sync_nothing_later_is_acknowledged() {
        let disk = Arc::new(FailingDisk(MemoryDisk::new(), false.into()));
        let open =
            || MemoryEventStore::new(Arc::new(StepClock::default()), Arc::clone(&disk) as Arc<dyn Disk>);
        let store = open().unwrap();
        append(&store, 0).await.unwrap();
        let mut follower = store.subscribe(Position(2)).await.unwrap();
        disk.1.store(true, std::sync::atomic::Ordering::SeqCst);
        let failed = StoreError::Unavailable("a write failed: input/output error".to_owned());
        assert_eq!(append(&store, 2).await, Err(failed.clone()));
        assert_eq!(
            append(&store, 2).await,
            Err(failed.clone()),
            "also after the disk works again"
        );
        assert_eq!(follower.next().await, Err(failed));
        assert_eq!(store.head().await, Ok(Position(2)));
        drop(store);
        // The frame may have reached the disk nevertheless; the append is then a repeat.
        assert_eq!(append(&open().unwrap(), 2).await, Ok(Position(4)));
    }
}
