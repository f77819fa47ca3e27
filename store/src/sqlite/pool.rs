//! Reader threads: each with its own connection, taking queries from one bounded queue.
//!
//! A short read of one stream may be made in the asker's own thread instead, where a connection is free: the
//! way to a reader thread and back costs more than the read. A subscriber that has caught up reads the few
//! new events there too. So an executor thread waits for the disk for as long as a few pages take that no
//! cache holds (decision 0033), and never for another reader.

use super::reader::{Found, Query, Reader};
use super::recent::Recent;
use crate::subscription::{PageAhead, Pages, closed};
use async_trait::async_trait;
use domain::ports::event_store::StoreError;
use domain::ports::tasks::Tasks;
use domain::stored_event::{Position, StoredEvent};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::{mpsc, oneshot};

/// Most queries waiting for a reader; a read that finds the queue full is answered `Busy`.
const READ_QUEUE_MAX: usize = 4_096;

/// Connections for short reads in the askers' own threads: as many threads read so at once.
pub(super) const AT_HAND_COUNT: usize = 2;

enum Request {
    Read(Query, oneshot::Sender<Found>),
    /// One reader ends and drops this when its connection is closed.
    Close(oneshot::Sender<()>),
}

/// The asking side. Readers end when it is closed or dropped.
pub(super) struct Pool {
    requests: mpsc::Sender<Request>,
    readers_count: usize,
    /// `None` once it is closed.
    at_hand: Vec<Mutex<Option<Reader>>>,
    /// In the process that writes.
    recent: Option<Arc<Recent>>,
}

impl Pool {
    /// One thread per reader; those `at_hand` have none.
    pub(super) fn start(
        readers: Vec<Reader>,
        at_hand: Vec<Reader>,
        recent: Option<Arc<Recent>>,
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
                    // The connection is closed before whoever closed the store is told.
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
            recent,
        }
    }

    /// Reads in the caller's thread; `None` where no connection is free.
    pub(super) fn read_here(&self, query: &Query) -> Option<Found> {
        self.at_hand.iter().find_map(|reader| {
            let reader = reader.try_lock().ok()?;
            reader.as_ref().map(|reader| reader.read(query))
        })
    }

    /// Asks at once or is told `Busy`.
    pub(super) async fn ask(&self, query: Query) -> Found {
        let (answer, answered) = oneshot::channel();
        match self.requests.try_send(Request::Read(query, answer)) {
            Ok(()) => answered.await.unwrap_or_else(|_| Err(closed())),
            Err(mpsc::error::TrySendError::Full(_)) => Err(StoreError::Busy),
            Err(mpsc::error::TrySendError::Closed(_)) => Err(closed()),
        }
    }

    /// Waits for its turn: for subscriptions, whose number is bounded.
    async fn ask_in_turn(&self, query: Query) -> Found {
        let (answer, answered) = oneshot::channel();
        if self.requests.send(Request::Read(query, answer)).await.is_err() {
            return Err(closed());
        }
        answered.await.unwrap_or_else(|_| Err(closed()))
    }

    /// Asks for what will be wanted soon, where there is room.
    fn ask_ahead(&self, query: Query) -> Option<oneshot::Receiver<Found>> {
        let (answer, answered) = oneshot::channel();
        let asked = self.requests.try_send(Request::Read(query, answer));
        asked.is_ok().then_some(answered)
    }

    /// Ends all readers, after what is queued before.
    pub(super) async fn close(&self) {
        for reader in &self.at_hand {
            drop(reader.lock().unwrap_or_else(PoisonError::into_inner).take());
        }
        for _ in 0..self.readers_count {
            let (closer, ended) = oneshot::channel();
            if self.requests.send(Request::Close(closer)).await.is_ok() {
                // An error is the answer: the reader dropped its side when it ended.
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
        self.recent.as_ref()?.page(after, limit)
    }

    fn page_ahead(&self, after: Position, limit: usize) -> Option<PageAhead> {
        let answered = self.ask_ahead(Query::All { after, limit })?;
        Some(PageAhead { after, answered })
    }
}

/// Answers until it is closed, by the sender it returns, or until nobody can ask any more.
fn serve(reader: &Reader, requests: &Mutex<mpsc::Receiver<Request>>) -> Option<oneshot::Sender<()>> {
    loop {
        // Whoever holds the lock waits for the next query; the others wait for the lock.
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
