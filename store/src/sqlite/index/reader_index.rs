//! The index for read-only connections to a log, which another process may be writing: the writer's file, and
//! a tail that is read from the log at each request. A log without a usable index, for example with an older
//! version, is not changed: an index is built in a temporary directory.

use super::catch_up::{IndexBuildError, catch_up, first_wrong, is_of, read_on};
use super::entry::{Key, LookupProperty};
use super::file::{self, INDEX_FILE};
use super::tail::{SEGMENT_EVENTS, Segment, Tail, TailEntries};
use crate::error::from_sqlite;
use domain::ports::event_store::StoreError;
use domain::stored_event::Position;
use rusqlite::Connection;
use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use tempfile::TempDir;

/// The most full segments of the tail in memory; above that a temporary index is built.
const SEGMENTS_MAX: usize = 6;

/// The index of one log, shared by the connections of a reading process.
pub(in crate::sqlite) struct ReaderIndex {
    dir: PathBuf,
    found: Mutex<Option<IndexView>>,
    /// The number of index views that were made so far, from which each gets its generation.
    found_count: AtomicU64,
}

/// An index file, and the tail with the events that it lacks.
struct IndexView {
    file: PathBuf,
    /// Keeps the file open, even if the writer replaces it.
    index: Connection,
    /// The temporary directory of an index of our own.
    aside: Option<TempDir>,
    tail: Tail,
    /// The tables with verified sums. Each table is verified once, when it is first needed.
    believed: Vec<LookupProperty>,
    /// The number of this file among those opened so far.
    generation: u64,
}

/// A key's entries in the tail, and the index file that has the earlier ones.
pub(in crate::sqlite) struct TailLookup {
    pub(in crate::sqlite) seen: TailEntries,
    pub(in crate::sqlite) file: PathBuf,
    /// The number of the index view. Another number means another file, possibly with the same name.
    pub(in crate::sqlite) generation: u64,
}

impl ReaderIndex {
    pub(in crate::sqlite) fn new(dir: &Path) -> Self {
        Self {
            dir: dir.to_owned(),
            found: Mutex::new(None),
            found_count: AtomicU64::new(0),
        }
    }

    /// Drops the index view of this generation, because its file cannot be used. The next lookup opens
    /// another. Does nothing if another generation is in use.
    pub(in crate::sqlite) fn forget(&self, generation: u64) {
        let mut found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        if found.as_ref().is_some_and(|found| found.generation == generation) {
            *found = None;
        }
    }

    /// Reads the log's new events into the tail and looks up a key there, after a position. The result
    /// names the file with the earlier entries.
    pub(in crate::sqlite) fn look(
        &self,
        log: &Connection,
        by: LookupProperty,
        key: Key,
        after: Position,
        most: usize,
    ) -> Result<TailLookup, StoreError> {
        let mut found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        self.refresh(log, &mut found, by)
            .map_err(|error| from_sqlite(&error))?;
        let Some(found) = found.as_ref() else {
            return Err(StoreError::Unavailable("the log has no index".to_owned()));
        };
        Ok(TailLookup {
            seen: found.tail.look(by, key, after, most),
            file: found.file.clone(),
            generation: found.generation,
        })
    }

    fn refresh(
        &self,
        log: &Connection,
        found: &mut Option<IndexView>,
        by: LookupProperty,
    ) -> rusqlite::Result<()> {
        if let Some(found) = found.as_mut()
            && found.is_believed(by)
            && found.read_on(log)?
        {
            return Ok(());
        }
        let generation = self.found_count.fetch_add(1, Ordering::Relaxed);
        let mut next = match self.writers(log, generation) {
            Ok(Some(writers)) => writers,
            // Whatever is wrong with the writer's index, it is not needed.
            Ok(None) | Err(_) => make_own(log, generation)?,
        };
        if !next.is_believed(by) || !next.read_on(log)? {
            next = make_own(log, generation)?;
            next.read_on(log)?;
        }
        *found = Some(next);
        Ok(())
    }

    /// Opens the index file of the log's writer; `None` if it does not exist, has another version or
    /// belongs to another log.
    fn writers(&self, log: &Connection, generation: u64) -> rusqlite::Result<Option<IndexView>> {
        let path = self.dir.join(INDEX_FILE);
        if !path.exists() {
            return Ok(None);
        }
        let index = file::open_reader(&path)?;
        if !file::is_current(&index)? || !is_of(log, &index)? {
            return Ok(None);
        }
        let (reached, _) = file::reached(&index)?;
        Ok(Some(IndexView {
            file: path,
            index,
            aside: None,
            tail: Tail::new(reached),
            believed: Vec::new(),
            generation,
        }))
    }
}

impl IndexView {
    /// Returns true if a table has its recorded sum; a missing entry would hide events. Scans the table at
    /// the first call; an index that this process built is not scanned.
    fn is_believed(&mut self, by: LookupProperty) -> bool {
        if self.aside.is_some() || self.believed.contains(&by) {
            return true;
        }
        if !matches!(first_wrong(&self.index, &[by]), Ok(None)) {
            tracing::warn!(
                table = by.table(),
                "the index of the log is damaged and is not used"
            );
            return false;
        }
        self.believed.push(by);
        true
    }

    /// Reads the log's new events into the tail. Returns false if more than `SEGMENTS_MAX` full segments
    /// would be in memory.
    fn read_on(&mut self, log: &Connection) -> rusqlite::Result<bool> {
        loop {
            let entries = read_on(log, self.tail.end(), SEGMENT_EVENTS)?;
            let is_end = entries.len() < SEGMENT_EVENTS;
            self.tail.add(&entries);
            let full = self.tail.full_segments();
            if !full.is_empty() {
                self.settle(&full)?;
            }
            if self.tail.full_segments().len() > SEGMENTS_MAX {
                return Ok(false);
            }
            if is_end {
                return Ok(true);
            }
        }
    }

    /// Drops the full segments from the tail that the file has: the writer's file by now, or our own, to
    /// which they are added here.
    fn settle(&self, full: &[Arc<Segment>]) -> rusqlite::Result<()> {
        let (mut reached, _) = file::reached(&self.index)?;
        if self.aside.is_some() {
            // An earlier attempt that failed may have added some already.
            let entries =
                |segment: &Arc<Segment>| Some((segment.entries().last()?.position, Arc::clone(segment)));
            for (last, segment) in full.iter().filter_map(entries) {
                if last > reached {
                    file::insert(&self.index, segment.entries())?;
                    reached = last;
                }
            }
        }
        self.tail.settle(reached);
        Ok(())
    }
}

/// Builds a temporary index of the whole log, up to its present end, in a temporary directory.
fn make_own(log: &Connection, generation: u64) -> rusqlite::Result<IndexView> {
    let cannot = |error: std::io::Error| {
        let code = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_CANTOPEN);
        rusqlite::Error::SqliteFailure(code, Some(format!("no directory for an index: {error}")))
    };
    let directory = tempfile::Builder::new()
        .prefix("ledgerline-index-")
        .permissions(Permissions::from_mode(0o700))
        .tempdir()
        .map_err(cannot)?;
    let file = directory.path().join(INDEX_FILE);
    let index = file::open_writer(&file)?;
    tracing::info!("the log has no usable index; a temporary one is built, and the log is not changed");
    let reached = catch_up(log, &index).map_err(IndexBuildError::into_error)?;
    Ok(IndexView {
        file,
        index,
        aside: Some(directory),
        tail: Tail::new(reached),
        believed: Vec::new(),
        generation,
    })
}
