//! Extends the index file to the end of the log, or builds it again. Its whole content comes from the
//! log's rows.

use super::super::row::unsigned;
use super::super::schema::EVENTS_FILE;
use super::entry::{Entry, Key, LookupProperty};
use super::file::{self, INDEX_FILE};
use crate::durable_file;
use crate::error::OpenError;
use domain::ids::EventId;
use domain::stored_event::Position;
use rusqlite::{Connection, OptionalExtension, Row};
use std::path::Path;
use uuid::Uuid;

/// The most events that are added to the index in one transaction.
const AT_ONCE: usize = 131_072;

const ROWS: &str =
    "SELECT pos, version, stream, id, campaign, customer FROM event WHERE pos > ?1 ORDER BY pos LIMIT ?2";

/// An error of the log, or of the index, while the index is built.
pub(super) enum IndexBuildError {
    Log(rusqlite::Error),
    Index(rusqlite::Error),
}

impl IndexBuildError {
    fn named(&self, dir: &Path) -> OpenError {
        match self {
            Self::Log(error) => durable_file::failed(&dir.join(EVENTS_FILE), error),
            Self::Index(error) => durable_file::failed(&dir.join(INDEX_FILE), error),
        }
    }

    pub(super) fn into_error(self) -> rusqlite::Error {
        match self {
            Self::Log(error) | Self::Index(error) => error,
        }
    }
}

/// Report that a damaged index was built again from the log. Filtered reads before that may have missed
/// events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndexRemade {
    /// The damage: the name of a table, or SQLite's message.
    pub why: String,
}

/// The index of a log, open for writing.
pub(in crate::sqlite) struct OpenIndex {
    pub(in crate::sqlite) index: Connection,
    /// The log's end.
    pub(in crate::sqlite) reached: Position,
    /// `None` unless the index was damaged; also `None` if it is new, of another version or of another log.
    pub(in crate::sqlite) remade: Option<IndexRemade>,
}

/// Opens the index of the log in `dir` for writing and extends it to the log's end. An index that is
/// missing, cannot be read, has wrong sums, or is of another version or log is built again.
pub(in crate::sqlite) fn open_up_to_date(log: &Connection, dir: &Path) -> Result<OpenIndex, OpenError> {
    let path = dir.join(INDEX_FILE);
    let remade = match existing(log, &path) {
        Ok(ExistingIndex::Fits(made)) => return Ok(made),
        Ok(ExistingIndex::Foreign) => {
            tracing::info!(file = %path.display(), "the index does not fit this log and is built again");
            None
        }
        Ok(ExistingIndex::Wrong(table)) => Some(table.table().to_owned()),
        Err(IndexBuildError::Index(error)) if is_damage(&error) => Some(error.to_string()),
        Err(failed) => return Err(failed.named(dir)),
    };
    if let Some(why) = &remade {
        tracing::warn!(why, file = %path.display(), "the index of the log is damaged and is built again");
    }
    file::remove(&path).map_err(|error| OpenError::unavailable(&path, &error))?;
    let index = file::open_writer(&path).map_err(|error| IndexBuildError::Index(error).named(dir))?;
    let reached = catch_up(log, &index).map_err(|failed| failed.named(dir))?;
    Ok(OpenIndex {
        index,
        reached,
        remade: remade.map(|why| IndexRemade { why }),
    })
}

enum ExistingIndex {
    Fits(OpenIndex),
    /// New, of another version, or of another log.
    Foreign,
    /// This table does not have the content that was written.
    Wrong(LookupProperty),
}

/// Opens the existing index and extends it to the log's end. Fails if it would have to be built again,
/// because other threads of a running process have the file open. Its sums are checked at the next start,
/// not here.
pub(in crate::sqlite) fn catch_up_existing(
    log: &Connection,
    dir: &Path,
) -> Result<(Connection, Position), OpenError> {
    let path = dir.join(INDEX_FILE);
    let made = file::open_writer(&path)
        .map_err(IndexBuildError::Index)
        .and_then(|index| {
            let fits = file::is_current(&index).and_then(|current| Ok(current && is_of(log, &index)?));
            if !fits.map_err(IndexBuildError::Index)? {
                return Ok(None);
            }
            let reached = catch_up(log, &index)?;
            Ok(Some((index, reached)))
        });
    let damaged = |why: String| OpenError::Damaged {
        file: path.clone(),
        why: format!("{why}; the next start builds it again"),
    };
    match made {
        Ok(Some(made)) => Ok(made),
        Ok(None) => Err(damaged("it does not belong to this log or version".to_owned())),
        Err(IndexBuildError::Index(error)) if is_damage(&error) => Err(damaged(error.to_string())),
        Err(failed) => Err(failed.named(dir)),
    }
}

/// Opens the existing index, checks that it belongs to this log and has its recorded sums, and extends it
/// to the log's end.
fn existing(log: &Connection, path: &Path) -> Result<ExistingIndex, IndexBuildError> {
    let index = file::open_writer(path).map_err(IndexBuildError::Index)?;
    let fits = file::is_current(&index).and_then(|current| Ok(current && is_of(log, &index)?));
    if !fits.map_err(IndexBuildError::Index)? {
        return Ok(ExistingIndex::Foreign);
    }
    if let Some(table) = first_wrong(&index, &LookupProperty::ALL).map_err(IndexBuildError::Index)? {
        return Ok(ExistingIndex::Wrong(table));
    }
    let reached = catch_up(log, &index)?;
    Ok(ExistingIndex::Fits(OpenIndex {
        index,
        reached,
        remade: None,
    }))
}

/// Returns the first of these tables that does not have the content that was written, by its sum; `None` if
/// all have it. Runs in one transaction, because a writer adds entries and their sums together.
pub(super) fn first_wrong(
    index: &Connection,
    tables: &[LookupProperty],
) -> rusqlite::Result<Option<LookupProperty>> {
    let transaction = index.unchecked_transaction()?;
    let found = file::kept_sums(&transaction)?.first_wrong(&transaction, tables)?;
    transaction.finish()?;
    Ok(found)
}

/// Returns true if the index was built from this log: the log has the index's last event at the same
/// position. An empty index fits every log.
pub(super) fn is_of(log: &Connection, index: &Connection) -> rusqlite::Result<bool> {
    let (reached, id) = file::reached(index)?;
    Ok(reached.0 == 0 || id_at(log, reached)?.map(Key::signed) == Some(id))
}

/// Returns the key of the id of the event at a position; `None` if the log has no event there.
fn id_at(log: &Connection, position: Position) -> rusqlite::Result<Option<Key>> {
    let mut statement = log.prepare_cached("SELECT id FROM event WHERE pos = ?1")?;
    statement
        .query_row([position.0.cast_signed()], |row| {
            Ok(id_key(row.get_ref(0)?.as_blob()?))
        })
        .optional()
}

/// Adds all events of the log that the index lacks. Returns the position that the index then reaches.
pub(super) fn catch_up(log: &Connection, index: &Connection) -> Result<Position, IndexBuildError> {
    let (mut reached, _) = file::reached(index).map_err(IndexBuildError::Index)?;
    let mut said = reached;
    loop {
        let entries = read_on(log, reached, AT_ONCE).map_err(IndexBuildError::Log)?;
        let Some(last) = entries.last() else {
            return Ok(reached);
        };
        file::insert(index, &entries).map_err(IndexBuildError::Index)?;
        reached = last.position;
        if reached.0 - said.0 >= 1_000_000 {
            tracing::info!(position = reached.0, "the index of the log is being built");
            said = reached;
        }
    }
}

/// Reads the index entries of at most `most` events of the log after a position.
pub(super) fn read_on(log: &Connection, after: Position, most: usize) -> rusqlite::Result<Vec<Entry>> {
    let mut statement = log.prepare_cached(ROWS)?;
    let most = i64::try_from(most).unwrap_or(i64::MAX);
    statement
        .query_map((after.0.cast_signed(), most), entry)?
        .collect()
}

/// Returns the index entry of a row that begins with the columns of `ROWS`.
pub(in crate::sqlite) fn entry(row: &Row<'_>) -> rusqlite::Result<Entry> {
    let key =
        |column| -> rusqlite::Result<Option<Key>> { Ok(row.get_ref(column)?.as_str_or_null()?.map(Key::of)) };
    Ok(Entry {
        position: Position(unsigned(row.get(0)?)),
        version: unsigned(row.get(1)?),
        stream: Key::of(row.get_ref(2)?.as_str()?),
        id: id_key(row.get_ref(3)?.as_blob()?),
        campaign: key(4)?,
        customer: key(5)?,
    })
}

/// Returns the index key of an id's bytes. Bytes that are not an id get the key of the nil id, which no
/// event has.
fn id_key(bytes: &[u8]) -> Key {
    Key::of_id(EventId::new(Uuid::from_slice(bytes).unwrap_or_default()))
}

pub(super) fn is_damage(error: &rusqlite::Error) -> bool {
    use rusqlite::ErrorCode::{ConstraintViolation, DatabaseCorrupt, NotADatabase};
    match error {
        rusqlite::Error::SqliteFailure(code, _) => match code.code {
            // There are entries beyond the recorded end.
            ConstraintViolation | DatabaseCorrupt | NotADatabase => true,
            // A statement does not fit the tables: another program made them.
            other => other == rusqlite::ErrorCode::Unknown,
        },
        // A value has another type than was written.
        _ => true,
    }
}
