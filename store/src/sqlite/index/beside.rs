//! The index for who only reads a log, maybe beside the process that writes it: the writer's file, and a tail
//! that is read from the log whenever it is asked. A log without a usable index, of an older version for
//! instance, is not touched: its index is made in a directory that is removed afterwards.

use super::catch_up::{Failed, catch_up, first_wrong, is_of, read_on};
use super::entry::{By, Key};
use super::file::{self, INDEX_FILE};
use super::tail::{SEGMENT_EVENTS, Seen, Segment, Tail};
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

/// Segments that are kept in memory before an index of one's own is made.
const SEGMENTS_MAX: usize = 6;

/// The index of one log, shared by the connections of a reading process.
pub(in crate::sqlite) struct Beside {
    dir: PathBuf,
    found: Mutex<Option<Found>>,
    /// Files that were found so far.
    found_count: AtomicU64,
}

/// A file of an index, and what of the log it does not have.
struct Found {
    file: PathBuf,
    /// Keeps the file, also when the writer puts another one in its place.
    index: Connection,
    /// Where it is one's own.
    aside: Option<TempDir>,
    tail: Tail,
    /// Tables that were found to be what was written into them; each is looked at once, when it is needed.
    believed: Vec<By>,
    /// Which file it is, of those that were found one after the other.
    generation: u64,
}

/// What is known of a key, and the file to be asked for the rest.
pub(in crate::sqlite) struct Known {
    pub(in crate::sqlite) seen: Seen,
    pub(in crate::sqlite) file: PathBuf,
    /// Another one means another file, maybe of the same name.
    pub(in crate::sqlite) generation: u64,
}

impl Beside {
    pub(in crate::sqlite) fn new(dir: &Path) -> Self {
        Self {
            dir: dir.to_owned(),
            found: Mutex::new(None),
            found_count: AtomicU64::new(0),
        }
    }

    /// The file of this generation is not what it was: the next look finds another.
    pub(in crate::sqlite) fn forget(&self, generation: u64) {
        let mut found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        if found.as_ref().is_some_and(|found| found.generation == generation) {
            *found = None;
        }
    }

    /// What the tail knows of a key, after it was brought to the log's end.
    pub(in crate::sqlite) fn look(
        &self,
        log: &Connection,
        by: By,
        key: Key,
        after: Position,
        most: usize,
    ) -> Result<Known, StoreError> {
        let mut found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        self.refresh(log, &mut found, by)
            .map_err(|error| from_sqlite(&error))?;
        let Some(found) = found.as_ref() else {
            return Err(StoreError::Unavailable("the log has no index".to_owned()));
        };
        Ok(Known {
            seen: found.tail.look(by, key, after, most),
            file: found.file.clone(),
            generation: found.generation,
        })
    }

    fn refresh(&self, log: &Connection, found: &mut Option<Found>, by: By) -> rusqlite::Result<()> {
        if let Some(found) = found.as_mut()
            && found.is_believed(by)
            && found.read_on(log)?
        {
            return Ok(());
        }
        let generation = self.found_count.fetch_add(1, Ordering::Relaxed);
        let mut next = match self.writers(log, generation) {
            Ok(Some(writers)) => writers,
            // Whatever is wrong with it, it is not needed.
            Ok(None) | Err(_) => make_own(log, generation)?,
        };
        if !next.is_believed(by) || !next.read_on(log)? {
            next = make_own(log, generation)?;
            next.read_on(log)?;
        }
        *found = Some(next);
        Ok(())
    }

    /// The writer's index, where there is one that fits and is not far behind.
    fn writers(&self, log: &Connection, generation: u64) -> rusqlite::Result<Option<Found>> {
        let path = self.dir.join(INDEX_FILE);
        if !path.exists() {
            return Ok(None);
        }
        let index = file::open_reader(&path)?;
        if !file::is_current(&index)? || !is_of(log, &index)? {
            return Ok(None);
        }
        let (reached, _) = file::reached(&index)?;
        Ok(Some(Found {
            file: path,
            index,
            aside: None,
            tail: Tail::new(reached),
            believed: Vec::new(),
            generation,
        }))
    }
}

impl Found {
    /// Whether a table holds what was put into it: one that lost an entry would hide events. A scan of the
    /// table, once.
    fn is_believed(&mut self, by: By) -> bool {
        if self.aside.is_some() || self.believed.contains(&by) {
            return true;
        }
        if !matches!(first_wrong(&self.index, &[by]), Ok(None)) {
            tracing::warn!(
                table = by.table(),
                "the index of the log is damaged and is not gone by"
            );
            return false;
        }
        self.believed.push(by);
        true
    }

    /// Brings the tail to the log's end; false when it would grow beyond its bound.
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

    /// Forgets what the file has: the writer's by now, or one's own from now on.
    fn settle(&self, full: &[Arc<Segment>]) -> rusqlite::Result<()> {
        let (mut reached, _) = file::reached(&self.index)?;
        if self.aside.is_some() {
            // What an earlier attempt put there before it failed stands there.
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

/// An index of one's own, of the whole log as it is now.
fn make_own(log: &Connection, generation: u64) -> rusqlite::Result<Found> {
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
    tracing::info!("the log has no index that fits; one is made aside, and the log is left as it is");
    let reached = catch_up(log, &index).map_err(Failed::into_error)?;
    Ok(Found {
        file,
        index,
        aside: Some(directory),
        tail: Tail::new(reached),
        believed: Vec::new(),
        generation,
    })
}
