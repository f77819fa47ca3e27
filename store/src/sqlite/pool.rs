//! Reader threads, each with its own connection; they take queries from one bounded queue.
//!
//! A short read of one stream may run in the caller's own thread instead, if a connection is free: passing it
//! to a reader thread takes longer than the read. A subscription that has caught up also reads its few new
//! events there. So an executor thread waits for the disk at most for a few pages that no cache holds
//! (decision 0033), and never for another reader.

use super::reader::{Query, ReadResult, Reader};
use super::recent_events::RecentEvents;
use crate::subscription::{Head, Pages, PrefetchedPage, closed};
use async_trait::async_trait;
use domain::ports::event_store::{MatchingPage, StoreError};
use domain::ports::tasks::Tasks;
use domain::stored_event::{Position, StoredEvent};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::{mpsc, oneshot, watch};

/// The most queries that wait for a reader; a further one is answered `Busy`.
const READ_QUEUE_MAX: usize = 4_096;

/// The number of connections for short reads in the callers' own threads; as many reads can run at once.
pub(super) const AT_HAND_COUNT: usize = 2;

enum Request {
    Read(Query, oneshot::Sender<ReadResult>),
    /// Ends one reader. The sender is dropped when its connection is closed.
    Close(oneshot::Sender<()>),
}

/// Runs read queries on reader threads. They end when the pool is closed or dropped.
pub(super) struct Pool {
    requests: mpsc::Sender<Request>,
    readers_count: usize,
    /// The connections for reads in the caller's thread; `None` after `close`.
    at_hand: Vec<Mutex<Option<Reader>>>,
    /// What the writer publishes; `None` in a process that only reads.
    writer: Option<PublishedHead>,
}

/// What the writer of this process publishes.
///
/// A connection sees a commit a moment before the writer publishes the new head. A read waits for the writer:
/// otherwise a client could get a position beyond the head, and be refused when it continues from there.
pub(super) struct PublishedHead {
    pub(super) head: watch::Receiver<Head>,
    /// The newest events.
    pub(super) recent: Arc<RecentEvents>,
}

impl PublishedHead {
    fn has(&self, position: Position) -> bool {
        let head = self.head.borrow();
        head.position >= position || head.failed.is_some()
    }

    /// Waits until the published head has reached a position. Returns early if the writer failed or ended,
    /// because then no head is published.
    async fn wait_for(&self, position: Position) {
        if !self.has(position) {
            let mut head = self.head.clone();
            drop(
                head.wait_for(|head| head.position >= position || head.failed.is_some())
                    .await,
            );
        }
    }
}

/// Returns the last position that a page reveals to its reader, by an event or by `reached`. `None` if it
/// reveals none after `after`.
fn shown_position(page: &MatchingPage, after: Position) -> Option<Position> {
    let last = page.events.last().map(|event| event.position);
    last.max((page.reached > after).then_some(page.reached))
}

impl Pool {
    /// Starts one thread per entry of `readers`. The readers `at_hand` have no thread: they serve short
    /// reads in the callers' threads.
    pub(super) fn start(
        readers: Vec<Reader>,
        at_hand: Vec<Reader>,
        writer: Option<PublishedHead>,
        tasks: &dyn Tasks,
    ) -> Self {
        let (requests, receiver) = mpsc::channel(READ_QUEUE_MAX);
        let receiver = Arc::new(Mutex::new(receiver));
        let readers_count = readers.len();
        for reader in readers {
            let receiver = Arc::clone(&receiver);
            tasks.thread(
                "event store reader",
                Box::new(move || {
                    let closer = serve(&reader, &receiver);
                    // The connection is closed before the callers of `close` are notified.
                    drop(reader);
                    drop(closer);
                }),
            );
        }
        Self {
            requests,
            readers_count,
            at_hand: at_hand
                .into_iter()
                .map(|reader| Mutex::new(Some(reader)))
                .collect(),
            writer,
        }
    }

    /// Replaces the published head that reads wait for. For tests.
    #[cfg(test)]
    pub(super) fn set_head(&mut self, head: watch::Receiver<Head>) {
        if let Some(writer) = &mut self.writer {
            writer.head = head;
        }
    }

    /// Runs a read query in the caller's thread. `None` if all connections are in use, or if the result
    /// must wait for the published head.
    pub(super) fn read_here(&self, query: &Query) -> Option<ReadResult> {
        let found = self.at_hand.iter().find_map(|reader| {
            let reader = reader.try_lock().ok()?;
            reader.as_ref().map(|reader| reader.read(query))
        })?;
        let shown = found
            .as_ref()
            .ok()
            .and_then(|page| shown_position(page, query.after()));
        let is_published = |shown| self.writer.as_ref().is_none_or(|writer| writer.has(shown));
        shown.is_none_or(is_published).then_some(found)
    }

    /// Runs a read query on a reader thread and waits until its result's positions are published. Returns
    /// `Busy` if the queue is full.
    pub(super) async fn ask(&self, query: Query) -> ReadResult {
        let after = query.after();
        let (answer, answered) = oneshot::channel();
        let found = match self.requests.try_send(Request::Read(query, answer)) {
            Ok(()) => answered.await.unwrap_or_else(|_| Err(closed())),
            Err(mpsc::error::TrySendError::Full(_)) => Err(StoreError::Busy),
            Err(mpsc::error::TrySendError::Closed(_)) => Err(closed()),
        }?;
        if let Some(shown) = shown_position(&found, after) {
            self.published(shown).await;
        }
        Ok(found)
    }

    /// Runs a read query, and waits if the queue is full. For subscriptions, which are limited in number.
    async fn ask_in_turn(&self, query: Query) -> ReadResult {
        let (answer, answered) = oneshot::channel();
        if self.requests.send(Request::Read(query, answer)).await.is_err() {
            return Err(closed());
        }
        answered.await.unwrap_or_else(|_| Err(closed()))
    }

    /// Queues a query for events that will be needed soon, without waiting for its result. `None` if the
    /// queue is full.
    fn ask_ahead(&self, query: Query) -> Option<oneshot::Receiver<ReadResult>> {
        let (answer, answered) = oneshot::channel();
        let asked = self.requests.try_send(Request::Read(query, answer));
        asked.is_ok().then_some(answered)
    }

    /// Closes the connections and ends all reader threads, after the queries that are already queued.
    pub(super) async fn close(&self) {
        for reader in &self.at_hand {
            drop(reader.lock().unwrap_or_else(PoisonError::into_inner).take());
        }
        for _ in 0..self.readers_count {
            let (closer, ended) = oneshot::channel();
            if self.requests.send(Request::Close(closer)).await.is_ok() {
                // An error is expected: the reader drops the sender when it ends.
                drop(ended.await);
            }
        }
    }
}

#[async_trait]
impl Pages for Pool {
    async fn page(&self, after: Position, limit: usize) -> Result<Vec<StoredEvent>, StoreError> {
        let page = self.ask_in_turn(Query::All { after, limit }).await?;
        Ok(page.events)
    }

    fn page_here(&self, after: Position, limit: usize) -> Option<Result<Vec<StoredEvent>, StoreError>> {
        let page = self.read_here(&Query::All { after, limit })?;
        Some(page.map(|page| page.events))
    }

    fn recent(&self, after: Position, limit: usize) -> Option<Vec<StoredEvent>> {
        self.writer.as_ref()?.recent.page(after, limit)
    }

    async fn published(&self, position: Position) {
        if let Some(writer) = &self.writer {
            writer.wait_for(position).await;
        }
    }

    fn page_ahead(&self, after: Position, limit: usize) -> Option<PrefetchedPage> {
        let answered = self.ask_ahead(Query::All { after, limit })?;
        Some(PrefetchedPage { after, answered })
    }
}

/// Serves queries until `Close`, and returns its answer channel, or until all senders are dropped.
fn serve(reader: &Reader, requests: &Mutex<mpsc::Receiver<Request>>) -> Option<oneshot::Sender<()>> {
    loop {
        // The thread with the lock waits for the next query; the others wait for the lock.
        let request = requests
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .blocking_recv();
        match request {
            Some(Request::Read(query, answer)) => drop(answer.send(reader.read(&query))),
            Some(Request::Close(closer)) => return Some(closer),
            None => return None,
        }
    }
}
