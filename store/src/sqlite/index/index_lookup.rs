//! The writer's lookups in the index: positions of a key, from the file and from the tail.

use super::catch_up::is_damage;
use super::entry::{Key, LookupProperty};
use super::file;
use super::indexer::unavailable;
use super::tail::Tail;
use domain::ports::event_store::StoreError;
use domain::stored_event::Position;
use rusqlite::Connection;
use std::cell::Cell;
use std::path::Path;
use std::sync::Arc;

/// The writer's connection to the index file, and the tail. Lookups of many keys share one transaction,
/// which `rest` ends: while it is open, the file's write-ahead log cannot restart.
pub(in crate::sqlite) struct IndexLookup {
    file: Connection,
    tail: Arc<Tail>,
    /// The position up to which the open transaction sees the index; `None` without a transaction.
    seen: Cell<Option<Position>>,
}

impl IndexLookup {
    pub(in crate::sqlite) fn open(dir: &Path, tail: Arc<Tail>) -> rusqlite::Result<Self> {
        Ok(Self {
            file: file::open_reader(&dir.join(file::INDEX_FILE))?,
            tail,
            seen: Cell::new(None),
        })
    }

    /// Closes the index file, so that recovery can open it again without obstruction.
    pub(in crate::sqlite) fn rest_closed(&mut self) -> rusqlite::Result<()> {
        self.seen.set(None);
        self.file = Connection::open_in_memory()?;
        Ok(())
    }

    /// Opens the index file again after `rest_closed`, when all its writers have closed it too.
    pub(in crate::sqlite) fn reopen(&mut self, dir: &Path) -> rusqlite::Result<()> {
        self.seen.set(None);
        self.file = file::open_reader(&dir.join(file::INDEX_FILE))?;
        Ok(())
    }

    pub(in crate::sqlite) fn tail(&self) -> &Arc<Tail> {
        &self.tail
    }

    /// Returns the error of appends if the index file turned out to be damaged; otherwise `None`.
    pub(in crate::sqlite) fn why_given_up(&self, error: &rusqlite::Error) -> Option<StoreError> {
        self.tail.is_index_given_up().then(|| unavailable(error))
    }

    /// Removes the index file if it turned out to be damaged. Its writers must have closed it. A failure is
    /// only logged.
    pub(in crate::sqlite) fn remove_given_up(tail: &Tail, dir: &Path) {
        if tail.is_index_given_up()
            && let Err(error) = file::remove(&dir.join(file::INDEX_FILE))
        {
            tracing::warn!(%error, "the damaged index of the log cannot be removed");
        }
    }

    /// Returns the positions of a key, the latest first: all those of the tail, and at most `most` of the
    /// file. Marks the file as damaged if it cannot be read.
    pub(in crate::sqlite) fn latest(
        &self,
        by: LookupProperty,
        key: Key,
        most: usize,
    ) -> rusqlite::Result<Vec<Position>> {
        let found = self.look(by, key, most);
        if found.as_ref().is_err_and(is_damage) {
            self.tail.give_index_up();
        }
        found
    }

    fn look(&self, by: LookupProperty, key: Key, most: usize) -> rusqlite::Result<Vec<Position>> {
        // The tail is read first: entries that it has dropped are in the file by then.
        let known = self.tail.look(by, key, Position(0), usize::MAX);
        let mut positions: Vec<_> = known.places.iter().rev().map(|place| place.position).collect();
        if known.base.0 > 0 {
            self.see(known.base)?;
            positions.extend(file::latest(&self.file, by, key, known.base, most)?);
        }
        Ok(positions)
    }

    /// Begins a new transaction unless the open one sees the index at least up to `base`, where the tail
    /// begins.
    fn see(&self, base: Position) -> rusqlite::Result<()> {
        if self.seen.get().is_some_and(|seen| base <= seen) {
            return Ok(());
        }
        self.rest()?;
        self.file.prepare_cached("BEGIN")?.execute([])?;
        self.seen.set(Some(Position(0)));
        // The first read determines what the transaction sees.
        let (reached, _) = file::reached(&self.file)?;
        self.seen.set(Some(reached));
        Ok(())
    }

    pub(in crate::sqlite) fn rest(&self) -> rusqlite::Result<()> {
        if self.seen.take().is_some() {
            self.file.prepare_cached("COMMIT")?.execute([])?;
        }
        Ok(())
    }
}
