//! Looks up a key: first in the tail of the index, then in its file, which the connection attaches
//! when needed.

use super::super::index::{Key, LookupProperty, ReaderIndex, TailEntries, attach, attached_reached, detach};
use super::{IndexSource, Reader};
use crate::error::from_sqlite;
use domain::ports::event_store::StoreError;
use domain::stored_event::Position;
use std::path::Path;

/// The most index files that a lookup in a reading process tries: the writer's twice, which may be built
/// again meanwhile, and one of our own.
const FINDINGS_MAX: usize = 3;

impl Reader {
    /// Returns the entries of a key in the tail of the index, after a position. Attaches the index file to
    /// the connection if it has earlier ones.
    pub(super) fn look(
        &self,
        by: LookupProperty,
        key: Key,
        after: Position,
        most: usize,
    ) -> Result<TailEntries, StoreError> {
        match &self.finding {
            IndexSource::Live { tail, file } => {
                let seen = tail.look(by, key, after, most);
                if seen.base > after {
                    self.attach(file, 0).map_err(|error| from_sqlite(&error))?;
                }
                Ok(seen)
            }
            IndexSource::Beside(beside) => self.look_beside(beside, by, key, after, most),
        }
    }

    /// Does the same in a reading process. The index file may have been removed since it was opened, or may
    /// still be built: a file that ends before the tail begins would hide events, so another one is opened.
    fn look_beside(
        &self,
        beside: &ReaderIndex,
        by: LookupProperty,
        key: Key,
        after: Position,
        most: usize,
    ) -> Result<TailEntries, StoreError> {
        for _ in 0..FINDINGS_MAX {
            let known = beside.look(&self.connection, by, key, after, most)?;
            let reached = self
                .attach(&known.file, known.generation)
                .and_then(|()| attached_reached(&self.connection));
            match reached {
                Ok(reached) if known.seen.base <= reached => return Ok(known.seen),
                Ok(_) | Err(_) => beside.forget(known.generation),
            }
        }
        Err(StoreError::Unavailable(
            "the index of the log is being built again; try again".to_owned(),
        ))
    }

    fn attach(&self, file: &Path, generation: u64) -> rusqlite::Result<()> {
        if self.attached.get() == Some(generation) {
            return Ok(());
        }
        // Prepared statements refer to the previous file.
        self.connection.flush_prepared_statement_cache();
        if self.attached.get().is_some() {
            detach(&self.connection)?;
            self.attached.set(None);
        }
        attach(&self.connection, file)?;
        self.attached.set(Some(generation));
        Ok(())
    }
}
