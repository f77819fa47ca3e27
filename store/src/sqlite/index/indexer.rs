//! The thread that puts full segments of the tail into the file of the index.
//!
//! It may be a few segments behind; then whoever appends waits for it, so that the tail stays bounded.

use super::file::{self, INDEX_FILE};
use super::making::is_damage;
use super::tail::{Segment, Tail};
use crate::error::from_sqlite;
use domain::ports::event_store::StoreError;
use domain::ports::tasks::Tasks;
use rusqlite::Connection;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};

/// Segments that may wait: with the one that is being written and the one that fills, four are in memory.
const WAITING_MAX: usize = 2;

/// The writer's side of the indexer. Dropping it ends the thread.
pub(in crate::sqlite) struct Feeder {
    segments: SyncSender<Arc<Segment>>,
    ended: Receiver<()>,
    why: Arc<Mutex<Option<StoreError>>>,
}

impl Feeder {
    pub(in crate::sqlite) fn start(index: Connection, tail: Arc<Tail>, tasks: &dyn Tasks) -> Self {
        let (segments, receiver) = sync_channel::<Arc<Segment>>(WAITING_MAX);
        let (end, ended) = sync_channel(1);
        let why = Arc::default();
        let told = Arc::clone(&why);
        tasks.thread(
            "event store indexer",
            Box::new(move || {
                serve(&index, &tail, &receiver, &told);
                drop(index);
                drop(end);
            }),
        );
        Self { segments, ended, why }
    }

    /// Hands segments over; waits while too many are under way. An error is final: the index does not grow
    /// any more, so nothing may be added to its tail.
    pub(in crate::sqlite) fn feed(&self, segments: Vec<Arc<Segment>>) -> Result<(), StoreError> {
        for segment in segments {
            if self.segments.send(segment).is_err() {
                let why = self.why.lock().unwrap_or_else(PoisonError::into_inner).clone();
                return Err(why.unwrap_or_else(|| {
                    StoreError::Unavailable("the thread of the log's index has ended".to_owned())
                }));
            }
        }
        Ok(())
    }

    /// Lets the rest of the tail be written, and waits until the file is closed.
    pub(in crate::sqlite) fn close(self, tail: &Tail) {
        // What is not written is read from the log when it is opened again.
        if let Err(error) = self.feed(tail.cut().into_iter().collect()) {
            tracing::warn!(%error, "the index of the log is not up to date");
        }
        drop(self.segments);
        // Nothing is ever sent: an error says that the thread has dropped its side.
        self.ended.recv().unwrap_or(());
    }
}

fn serve(
    index: &Connection,
    tail: &Tail,
    segments: &Receiver<Arc<Segment>>,
    told: &Mutex<Option<StoreError>>,
) {
    while let Ok(segment) = segments.recv() {
        let entries = segment.entries();
        if let Err(error) = file::insert(index, entries) {
            let why = unavailable(&error);
            if is_damage(&error) {
                tail.give_index_up();
            }
            tracing::error!(%error, "the index of the log cannot be written");
            *told.lock().unwrap_or_else(PoisonError::into_inner) = Some(why);
            return;
        }
        if let Some(last) = entries.last() {
            tail.settle(last.position);
        }
        if let Err(error) = file::hold_to_size(index) {
            tracing::warn!(%error, "the write-ahead log of the index cannot begin anew");
        }
    }
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
