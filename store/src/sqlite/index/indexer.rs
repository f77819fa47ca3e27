//! The thread that puts full segments of the tail into the file of the index.
//!
//! It may be a few segments behind; then whoever appends waits for it, so that the tail stays bounded. After
//! a failed write it keeps nothing open and waits to be given the file anew.

use super::catch_up::is_damage;
use super::file::{self, INDEX_FILE};
use super::tail::{Segment, Tail};
use crate::error::from_sqlite;
use domain::ports::event_store::StoreError;
use domain::ports::tasks::Tasks;
use rusqlite::Connection;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};

/// Segments that may wait: with the one that is being written and the one that fills, four are in memory.
const WAITING_MAX: usize = 2;

/// What the thread is told.
enum Work {
    Segment(Arc<Segment>),
    /// Close the file: it is brought up to the log's end elsewhere. Dropped when it is closed.
    Rest(SyncSender<()>),
    /// Go on with this file, which has all that was ever fed.
    Begin(Connection),
}

/// The writer's side of the indexer. Dropping it ends the thread.
pub(in crate::sqlite) struct Feeder {
    work: SyncSender<Work>,
    ended: Receiver<()>,
    why: Arc<Mutex<Option<StoreError>>>,
}

impl Feeder {
    pub(in crate::sqlite) fn start(index: Connection, tail: Arc<Tail>, tasks: &dyn Tasks) -> Self {
        let (work, receiver) = sync_channel(WAITING_MAX);
        let (end, ended) = sync_channel(1);
        let why = Arc::default();
        let told = Arc::clone(&why);
        tasks.thread(
            "event store indexer",
            Box::new(move || {
                serve(index, &tail, &receiver, &told);
                drop(end);
            }),
        );
        Self { work, ended, why }
    }

    /// Hands segments over; waits while too many are under way. After an error the index does not grow any
    /// more, so nothing may be added to its tail until it was rested and begun again.
    pub(in crate::sqlite) fn feed(&self, segments: Vec<Arc<Segment>>) -> Result<(), StoreError> {
        for segment in segments {
            self.tell(Work::Segment(segment))?;
        }
        match self.why() {
            Some(why) => Err(why),
            None => Ok(()),
        }
    }

    /// Returns when the thread has closed the file; what it was fed and has not written is in the log.
    pub(in crate::sqlite) fn rest(&self) -> Result<(), StoreError> {
        let (closer, closed) = sync_channel(0);
        self.tell(Work::Rest(closer))?;
        // Nothing is ever sent: an error says that the thread has dropped its side.
        closed.recv().unwrap_or(());
        Ok(())
    }

    /// Goes on with a file that has the whole log, after `rest`.
    pub(in crate::sqlite) fn begin(&self, index: Connection) -> Result<(), StoreError> {
        self.set_why(None);
        self.tell(Work::Begin(index))
    }

    fn tell(&self, work: Work) -> Result<(), StoreError> {
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

    /// Lets the rest of the tail be written, and waits until the file is closed.
    pub(in crate::sqlite) fn close(self, tail: &Tail) {
        // What is not written is read from the log when it is opened again.
        if let Err(error) = self.feed(tail.cut().into_iter().collect()) {
            tracing::warn!(%error, "the index of the log is not up to date");
        }
        drop(self.work);
        // Nothing is ever sent: an error says that the thread has dropped its side.
        self.ended.recv().unwrap_or(());
    }
}

/// Until nobody feeds it any more. Without a file what is fed is let go: it stands in the log.
fn serve(index: Connection, tail: &Tail, work: &Receiver<Work>, told: &Mutex<Option<StoreError>>) {
    let mut open = Some(index);
    while let Ok(work) = work.recv() {
        match work {
            Work::Rest(_closer) => open = None,
            Work::Begin(index) => open = Some(index),
            Work::Segment(segment) => {
                if let Some(index) = open.take()
                    && put(&index, tail, &segment, told)
                {
                    open = Some(index);
                }
            }
        }
    }
}

/// False when the file cannot be written; whoever appends is told why.
fn put(index: &Connection, tail: &Tail, segment: &Segment, told: &Mutex<Option<StoreError>>) -> bool {
    let entries = segment.entries();
    if let Err(error) = file::insert(index, entries) {
        if is_damage(&error) {
            tail.give_index_up();
        }
        // Known before it is said: whoever appends must not go on meanwhile.
        *told.lock().unwrap_or_else(PoisonError::into_inner) = Some(unavailable(&error));
        tracing::error!(%error, "the index of the log cannot be written");
        return false;
    }
    if let Some(last) = entries.last() {
        tail.settle(last.position);
    }
    if let Err(error) = file::hold_to_size(index) {
        tracing::warn!(%error, "the write-ahead log of the index cannot begin anew");
    }
    true
}

/// What whoever appends is told of an error of the index: the log itself is whole.
pub(super) fn unavailable(error: &rusqlite::Error) -> StoreError {
    match from_sqlite(error) {
        StoreError::Damaged(why) => StoreError::Unavailable(format!(
            "{INDEX_FILE} is damaged and is made again at the next start: {why}"
        )),
        other => other,
    }
}
