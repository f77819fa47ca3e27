//! An in-memory store that meets the port's contract, and fails or waits when a test says so.

use super::FakeClock;
use async_trait::async_trait;
use domain::ids::{EventId, StreamId};
use domain::ports::clock::Clock;
use domain::ports::event_store::{Capabilities, EventStore, StoreError, Subscription, WriterConcurrency};
use domain::stored_event::{Envelope, Position, Record, StoredEvent, StreamVersion};
use domain::time::Timestamp;
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard};
use tokio::sync::watch;

/// What happens to the next append.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AppendFault {
    /// Nothing is stored.
    LostUnavailable,
    /// The append is stored, and the answer is unavailable.
    StoredUnavailable,
}

/// Runs when an event is stored.
type StoredHook = Box<dyn FnOnce() + Send>;

#[derive(Default)]
struct Log {
    events: Vec<(StreamId, StoredEvent)>,
    versions: BTreeMap<StreamId, u64>,
    ids: BTreeMap<EventId, Position>,
    faults: VecDeque<AppendFault>,
    appends_count: usize,
    reads_count: usize,
    down: bool,
    held_kind: Option<&'static str>,
    /// A kind of which no event can be stored, and the number of appends that tried.
    refused: Option<(&'static str, usize)>,
    as_stored: Option<(&'static str, StoredHook)>,
    appends_left: Option<usize>,
    clock: Option<Arc<FakeClock>>,
    is_shared: bool,
    garbled: Option<Position>,
    unreadable: Option<Position>,
}

pub(crate) struct FakeStore {
    log: Arc<Mutex<Log>>,
    head: watch::Sender<u64>,
    /// False while a test holds all appends back.
    open: watch::Sender<bool>,
    /// True while subscriptions fail.
    cut: watch::Sender<bool>,
    /// Appends of this kind wait.
    awaited: watch::Sender<Option<&'static str>>,
}

impl Log {
    fn page(&self, after: Position, limit: usize) -> Result<Vec<StoredEvent>, StoreError> {
        let skip = usize::try_from(after.0).expect("few events");
        let page = self.events.iter().skip(skip).take(limit);
        let mut events: Vec<_> = page.map(|(_, stored)| stored.clone()).collect();
        if events.iter().any(|event| Some(event.position) == self.unreadable) {
            return Err(StoreError::Damaged("a row is not what was written".to_owned()));
        }
        for event in &mut events {
            if Some(event.position) == self.garbled {
                event.record = Arc::from(b"{".as_slice());
            }
        }
        Ok(events)
    }

    fn swallows(&mut self, records: &[Record]) -> bool {
        let held_kind = self.held_kind;
        let held = records
            .iter()
            .any(|record| Some(record.kind.as_str()) == held_kind);
        let crashed = self.appends_left == Some(0);
        self.appends_left = self.appends_left.map(|left| left.saturating_sub(1));
        held || crashed
    }
}

impl FakeStore {
    pub(crate) fn new() -> Self {
        Self {
            log: Arc::default(),
            head: watch::Sender::new(0),
            open: watch::Sender::new(true),
            cut: watch::Sender::new(false),
            awaited: watch::Sender::new(None),
        }
    }
    pub(crate) fn follow_clock(&self, clock: &Arc<FakeClock>) {
        self.lock().clock = Some(Arc::clone(clock));
    }
    /// Makes it a store to which other processes write, too.
    pub(crate) fn share(&self) {
        self.lock().is_shared = true;
    }
    pub(crate) fn fail_next(&self, fault: AppendFault) {
        self.lock().faults.push_back(fault);
    }
    pub(crate) fn set_down(&self, down: bool) {
        self.lock().down = down;
    }
    /// Makes all appends after the next `appends` ones never return, as if the process crashed there.
    pub(crate) fn crash_after(&self, appends: Option<usize>) {
        self.lock().appends_left = appends;
    }
    /// Returns true if the crash has happened: no append is left.
    pub(crate) fn has_crashed(&self) -> bool {
        self.lock().appends_left == Some(0)
    }
    /// Makes appends of this kind never return, as if the process crashed there.
    pub(crate) fn hold_kind(&self, kind: Option<&'static str>) {
        self.lock().held_kind = kind;
    }
    /// Makes appends of this kind wait until another kind is set, or none.
    pub(crate) fn make_wait(&self, kind: Option<&'static str>) {
        self.awaited.send_replace(kind);
    }
    /// Runs `then` when the first event of this kind is stored, before its append returns.
    pub(crate) fn run_when_stored(&self, kind: &'static str, then: impl FnOnce() + Send + 'static) {
        self.lock().as_stored = Some((kind, Box::new(then)));
    }
    /// Makes the record at this position invalid JSON, now or when it is appended.
    pub(crate) fn garble(&self, position: Position) {
        self.lock().garbled = Some(position);
    }
    /// Makes the store report the row at this position as damaged.
    pub(crate) fn make_unreadable(&self, position: Position) {
        self.lock().unreadable = Some(position);
    }
    /// Makes subscriptions fail, or work again.
    pub(crate) fn cut_subscriptions(&self, cut: bool) {
        self.cut.send_replace(cut);
    }
    pub(crate) fn hold_appends(&self) {
        self.open.send_replace(false);
    }
    pub(crate) fn release_appends(&self) {
        self.open.send_replace(true);
    }
    /// Makes appends of events of this kind fail from now on.
    pub(crate) fn refuse(&self, kind: &'static str) {
        self.lock().refused = Some((kind, 0));
    }
    pub(crate) fn refused_count(&self) -> usize {
        self.lock().refused.map_or(0, |(_, count)| count)
    }
    pub(crate) fn appends_count(&self) -> usize {
        self.lock().appends_count
    }
    pub(crate) fn reads_count(&self) -> usize {
        self.lock().reads_count
    }
    pub(crate) fn envelopes(&self) -> Vec<Envelope> {
        let log = self.lock();
        let read = |(_, stored): &(StreamId, StoredEvent)| stored.envelope().expect("a record we wrote");
        let is_read = |(_, stored): &&(StreamId, StoredEvent)| stored.envelope().is_ok();
        log.events.iter().filter(is_read).map(read).collect()
    }
    /// Returns the kinds of the stored events, in order.
    pub(crate) fn kinds(&self) -> Vec<String> {
        self.envelopes().into_iter().map(|one| one.kind).collect()
    }
    fn lock(&self) -> MutexGuard<'_, Log> {
        self.log.lock().expect("no test panics while holding it")
    }

    fn store(
        log: &mut Log,
        stream: &StreamId,
        expected: u64,
        records: &[Record],
    ) -> Result<Position, StoreError> {
        let known: Vec<_> = records
            .iter()
            .filter_map(|one| log.ids.get(&one.id))
            .copied()
            .collect();
        if !known.is_empty() {
            let is_here = log
                .events
                .iter()
                .filter(|(of, _)| of == stream)
                .any(|(_, stored)| known.contains(&stored.position));
            return match known.last() {
                Some(last) if is_here && known.len() == records.len() => Ok(*last),
                _ => Err(StoreError::PartlyStored {
                    stream: stream.clone(),
                }),
            };
        }
        let actual = log.versions.get(stream).copied().unwrap_or(0);
        if actual != expected {
            return Err(StoreError::WrongVersion {
                stream: stream.clone(),
                expected: StreamVersion(expected),
                actual: StreamVersion(actual),
            });
        }
        for record in records {
            let position = Position(log.events.len() as u64 + 1);
            let stored = StoredEvent::new(
                position,
                log.clock.as_ref().map_or(Timestamp::EPOCH, |clock| clock.now()),
                Arc::clone(record.bytes()),
            );
            log.ids.insert(record.id, position);
            log.events.push((stream.clone(), stored));
        }
        log.versions
            .insert(stream.clone(), expected + records.len() as u64);
        Ok(Position(log.events.len() as u64))
    }
}

#[async_trait]
impl EventStore for FakeStore {
    fn capabilities(&self) -> Capabilities {
        Capabilities {
            dense: true,
            durable: false,
            writers: if self.lock().is_shared {
                WriterConcurrency::ManyProcesses
            } else {
                WriterConcurrency::OneProcess
            },
        }
    }

    async fn append(
        &self,
        stream: &StreamId,
        expected: StreamVersion,
        records: Vec<Record>,
    ) -> Result<Position, StoreError> {
        drop(self.open.subscribe().wait_for(|open| *open).await);
        let waits = |kind: &Option<&str>| kind.is_some_and(|kind| records.iter().any(|one| one.kind == kind));
        drop(self.awaited.subscribe().wait_for(|kind| !waits(kind)).await);
        if self.lock().swallows(&records) {
            return std::future::pending().await;
        }
        let away = || StoreError::Unavailable("the test said so".to_owned());
        let answer = {
            let mut log = self.lock();
            log.appends_count += 1;
            let fault = log.faults.pop_front();
            if log.down || fault == Some(AppendFault::LostUnavailable) {
                return Err(away());
            }
            let is_of = |kind| records.iter().any(|record| record.kind == kind);
            if let Some((_, count)) = log.refused.as_mut().filter(|(kind, _)| is_of(*kind)) {
                *count += 1;
                return Err(StoreError::Invalid("the test said so".to_owned()));
            }
            let answer = Self::store(&mut log, stream, expected.0, &records);
            if let Some((_, then)) = log.as_stored.take_if(|(kind, _)| is_of(*kind)) {
                then();
            }
            if fault.is_some() { Err(away()) } else { answer }
        };
        let head = self.lock().events.len() as u64;
        self.head.send_replace(head);
        answer
    }

    async fn read_stream(
        &self,
        stream: &StreamId,
        after: StreamVersion,
        limit: usize,
    ) -> Result<Vec<StoredEvent>, StoreError> {
        let mut log = self.lock();
        log.reads_count += 1;
        let of_stream = log.events.iter().filter(|(one, _)| one == stream);
        let skip = usize::try_from(after.0).expect("few events");
        Ok(of_stream
            .skip(skip)
            .take(limit)
            .map(|(_, stored)| stored.clone())
            .collect())
    }

    async fn read_all(&self, after: Position, limit: usize) -> Result<Vec<StoredEvent>, StoreError> {
        self.lock().page(after, limit)
    }

    async fn head(&self) -> Result<Position, StoreError> {
        Ok(Position(self.lock().events.len() as u64))
    }

    async fn last_recorded_at(&self) -> Result<Option<Timestamp>, StoreError> {
        Ok(self.lock().events.last().map(|(_, stored)| stored.recorded_at))
    }

    async fn subscribe(&self, after: Position) -> Result<Box<dyn Subscription>, StoreError> {
        Ok(Box::new(FakeSubscription {
            after,
            head: self.head.subscribe(),
            cut: self.cut.subscribe(),
            log: Arc::clone(&self.log),
        }))
    }
}

struct FakeSubscription {
    after: Position,
    head: watch::Receiver<u64>,
    cut: watch::Receiver<bool>,
    log: Arc<Mutex<Log>>,
}

#[async_trait]
impl Subscription for FakeSubscription {
    async fn next(&mut self) -> Result<Vec<StoredEvent>, StoreError> {
        let after = self.after.0;
        tokio::select! {
            biased;
            _ = self.cut.wait_for(|cut| *cut) => return Err(StoreError::Unavailable("the test said so".to_owned())),
            _ = self.head.wait_for(|head| *head > after) => {}
        }
        let log = self.log.lock().expect("no test panics while holding it");
        let page = log.page(self.after, usize::MAX)?;
        self.after = page.last().map_or(self.after, |last| last.position);
        Ok(page)
    }
}
