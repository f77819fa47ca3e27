//! The writer's way through the index: positions under a key, those of the file and those of the tail.

use super::entry::{By, Key};
use super::file;
use super::tail::Tail;
use domain::stored_event::Position;
use rusqlite::Connection;
use std::cell::Cell;
use std::path::Path;
use std::sync::Arc;

/// One connection to the file of the index. The file is asked within one transaction for many keys, which
/// `rest` ends: while it is open the file's write-ahead log cannot begin anew.
pub(in crate::sqlite) struct Places {
    file: Connection,
    tail: Arc<Tail>,
    /// The transaction sees everything up to here; `None` outside one.
    seen: Cell<Option<Position>>,
}

impl Places {
    pub(in crate::sqlite) fn open(dir: &Path, tail: Arc<Tail>) -> rusqlite::Result<Self> {
        Ok(Self {
            file: file::open_reader(&dir.join(file::INDEX_FILE))?,
            tail,
            seen: Cell::new(None),
        })
    }

    pub(in crate::sqlite) fn tail(&self) -> &Arc<Tail> {
        &self.tail
    }

    /// Positions of a key, the latest first: all those of the tail, and at most `most` of the file.
    pub(in crate::sqlite) fn latest(&self, by: By, key: Key, most: usize) -> rusqlite::Result<Vec<Position>> {
        // The tail is asked first: what it does not have any more is in the file by then.
        let known = self.tail.look(by, key, Position(0), usize::MAX);
        let mut positions: Vec<_> = known.places.iter().rev().map(|place| place.position).collect();
        if known.base.0 > 0 {
            self.see(known.base)?;
            positions.extend(file::latest(&self.file, (by, key), known.base, most)?);
        }
        Ok(positions)
    }

    /// Sees at least what the file had when the tail began at `base`.
    fn see(&self, base: Position) -> rusqlite::Result<()> {
        if self.seen.get().is_some_and(|seen| base <= seen) {
            return Ok(());
        }
        self.rest()?;
        self.file.prepare_cached("BEGIN")?.execute([])?;
        // The first read fixes what the transaction sees.
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
