//! The thread that writes full segments of the tail to the index file.
//!
//! It may be a few segments behind; beyond that, the writer waits for it, so that the tail stays bounded.
//! After a failed write it closes the file and waits to receive it again.

use super::catch_up::is_damage;
use super::file::{self, INDEX_FILE};
use super::tail::{Segment, Tail};
use crate::error::from_sqlite;
use domain::ports::event_store::StoreError;
use domain::ports::tasks::Tasks;
use rusqlite::Connection;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};

/// The most full segments that wait for the indexer thread. With the one being written and the one being
/// filled, four are in memory.
const WAITING_MAX: usize = 2;

/// A message from the writer to the indexer thread.
enum IndexerMessage {
    Segment(Arc<Segment>),
    /// Close the file, which is then extended to the log's end elsewhere. The sender is dropped when it
    /// is closed.
    Rest(SyncSender<()>),
    /// Continue with this file, which has all events fed so far.
    Begin(Connection),
}

/// The writer's handle of the indexer thread. Dropping it ends the thread.
pub(in crate::sqlite) struct Feeder {
    work: SyncSender<IndexerMessage>,
    ended: Receiver<()>,
    why: Arc<Mutex<Option<StoreError>>>,
}

impl Feeder {
    pub(in crate::sqlite) fn start(index: Connection, tail: Arc<Tail>, tasks: &dyn Tasks) -> Self {
        let (work, receiver) = sync_channel(WAITING_MAX);
        let (end, ended) = sync_channel(1);
        let why = Arc::default();
        let failure = Arc::clone(&why);
        tasks.thread(
            "event store indexer",
            Box::new(move || {
                serve(index, &tail, &receiver, &failure);
                drop(end);
            }),
        );
        Self { work, ended, why }
    }

    /// Passes full segments to the indexer thread; blocks while its queue is full. After an error the index
    /// does not grow any more, so nothing may be added to the tail until `rest` and `begin` were called.
    pub(in crate::sqlite) fn feed(&self, segments: Vec<Arc<Segment>>) -> Result<(), StoreError> {
        for segment in segments {
            self.tell(IndexerMessage::Segment(segment))?;
        }
        match self.why() {
            Some(why) => Err(why),
            None => Ok(()),
        }
    }

    /// Makes the thread close the index file, and returns when it has. Segments that were fed but not
    /// written are read from the log again.
    pub(in crate::sqlite) fn rest(&self) -> Result<(), StoreError> {
        let (closer, closed) = sync_channel(0);
        self.tell(IndexerMessage::Rest(closer))?;
        // Nothing is ever sent: an error means that the thread has dropped its side.
        closed.recv().unwrap_or(());
        Ok(())
    }

    /// Continues, after `rest`, with a file that has the whole log.
    pub(in crate::sqlite) fn begin(&self, index: Connection) -> Result<(), StoreError> {
        self.set_why(None);
        self.tell(IndexerMessage::Begin(index))
    }

    fn tell(&self, work: IndexerMessage) -> Result<(), StoreError> {
        self.work
            .send(work)
            .map_err(|_gone| StoreError::Unavailable("the thread of the log's index has ended".to_owned()))
    }

    fn why(&self) -> Option<StoreError> {
        self.why.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set_why(&self, why: Option<StoreError>) {
        *self.why.lock().unwrap_or_else(PoisonError::into_inner) = why;
    }

    /// Writes the rest of the tail to the index, ends the thread and waits until the file is closed. What
    /// cannot be written is read from the log at the next start.
    pub(in crate::sqlite) fn close(self, tail: &Tail) {
        // What is not written is read from the log when it is opened again.
        if let Err(error) = self.feed(tail.cut().into_iter().collect()) {
            tracing::warn!(%error, "the index of the log is not up to date");
        }
        drop(self.work);
        // Nothing is ever sent: an error means that the thread has dropped its side.
        self.ended.recv().unwrap_or(());
    }
}

/// Handles messages until the sender is dropped. While the file is closed, segments are dropped: their
/// events are in the log.
fn serve(
    index: Connection,
    tail: &Tail,
    work: &Receiver<IndexerMessage>,
    failure: &Mutex<Option<StoreError>>,
) {
    let mut open = Some(index);
    while let Ok(work) = work.recv() {
        match work {
            IndexerMessage::Rest(_closer) => open = None,
            IndexerMessage::Begin(index) => open = Some(index),
            IndexerMessage::Segment(segment) => {
                if let Some(index) = open.take()
                    && put(&index, tail, &segment, failure)
                {
                    open = Some(index);
                }
            }
        }
    }
}

/// Writes a segment to the index. If that fails, stores the reason for the writer, marks a damaged file,
/// and returns false.
fn put(index: &Connection, tail: &Tail, segment: &Segment, failure: &Mutex<Option<StoreError>>) -> bool {
    let entries = segment.entries();
    if let Err(error) = file::insert(index, entries) {
        if is_damage(&error) {
            tail.give_index_up();
        }
        // Stored before it is logged, because the writer must not continue meanwhile.
        *failure.lock().unwrap_or_else(PoisonError::into_inner) = Some(unavailable(&error));
        tracing::error!(%error, "the index of the log cannot be written");
        return false;
    }
    if let Some(last) = entries.last() {
        tail.settle(last.position);
    }
    if let Err(error) = file::hold_to_size(index) {
        tracing::warn!(%error, "the write-ahead log of the index cannot be restarted");
    }
    true
}

/// Converts an error of the index to the error that appends return: always `Unavailable` for damage,
/// because the log itself is intact.
pub(super) fn unavailable(error: &rusqlite::Error) -> StoreError {
    match from_sqlite(error) {
        StoreError::Damaged(why) => StoreError::Unavailable(format!(
            "{INDEX_FILE} is damaged and is built again at the next start: {why}"
        )),
        other => other,
    }
}
