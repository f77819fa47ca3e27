//! Where a connection looks for a key: in the tail of the index first, then in the file, which it attaches
//! when it needs it.

use super::super::index::{Beside, By, Key, Seen, attach, attached_reached, detach};
use super::{Finding, Reader};
use crate::error::from_sqlite;
use domain::ports::event_store::StoreError;
use domain::stored_event::Position;
use std::path::Path;

/// Files of the index that a look-up beside the writer finds, one after the other, before it gives up: the
/// writer's twice, which may be made anew meanwhile, and one's own.
const FINDINGS_MAX: usize = 3;

impl Reader {
    /// What the tail of the index knows of a key; what it does not have the attached file has.
    pub(super) fn look(&self, by: By, key: Key, after: Position, most: usize) -> Result<Seen, StoreError> {
        match &self.finding {
            Finding::Live { tail, file } => {
                let seen = tail.look(by, key, after, most);
                if seen.base > after {
                    self.attach(file, 0).map_err(|error| from_sqlite(&error))?;
                }
                Ok(seen)
            }
            Finding::Beside(beside) => self.look_beside(beside, by, key, after, most),
        }
    }

    /// The file that was found may be gone since, or be another one that is only being made: what does not
    /// reach to where the tail begins would hide events, so another one is found.
    fn look_beside(
        &self,
        beside: &Beside,
        by: By,
        key: Key,
        after: Position,
        most: usize,
    ) -> Result<Seen, StoreError> {
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
            "the index of the log is being made again; try again".to_owned(),
        ))
    }

    fn attach(&self, file: &Path, generation: u64) -> rusqlite::Result<()> {
        if self.attached.get() == Some(generation) {
            return Ok(());
        }
        // Statements that were prepared know the file that goes.
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
