//! Bringing the file of the index up to the end of the log, or making it anew: all it says is read from the
//! log's rows.

use super::super::row::unsigned;
use super::super::schema::EVENTS_FILE;
use super::entry::{By, Entry, Key};
use super::file::{self, INDEX_FILE};
use crate::durable_file;
use crate::error::OpenError;
use domain::ids::EventId;
use domain::stored_event::Position;
use rusqlite::{Connection, OptionalExtension, Row};
use std::path::Path;
use uuid::Uuid;

/// Events that are put into the file in one transaction while it is made.
const AT_ONCE: usize = 131_072;

const ROWS: &str =
    "SELECT pos, version, stream, id, campaign, customer FROM event WHERE pos > ?1 ORDER BY pos LIMIT ?2";

/// What could not be read or written while the index was made: the log, or the index itself.
pub(super) enum Failed {
    Log(rusqlite::Error),
    Index(rusqlite::Error),
}

impl Failed {
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

/// An index that did not hold what had been put into it, and was made again from the log: until then a
/// filtered read may have missed events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndexRemade {
    /// What was wrong with it: a table, or what SQLite said.
    pub why: String,
}

/// The index of a log, ready to be written.
pub(in crate::sqlite) struct Made {
    pub(in crate::sqlite) index: Connection,
    /// The log's end.
    pub(in crate::sqlite) reached: Position,
    /// `None` where it was whole, or is new, of another version or of another log.
    pub(in crate::sqlite) remade: Option<IndexRemade>,
}

/// The index beside the log in `dir`, open for writing and up to date with the log's end. One that cannot be
/// read, does not add up, is of another version or of another log is made anew.
pub(in crate::sqlite) fn open_up_to_date(log: &Connection, dir: &Path) -> Result<Made, OpenError> {
    let path = dir.join(INDEX_FILE);
    let remade = match existing(log, &path) {
        Ok(Existing::Fits(made)) => return Ok(made),
        Ok(Existing::Foreign) => {
            tracing::info!(file = %path.display(), "the index of the log does not fit and is made again");
            None
        }
        Ok(Existing::Wrong(table)) => Some(table.table().to_owned()),
        Err(Failed::Index(error)) if is_damage(&error) => Some(error.to_string()),
        Err(failed) => return Err(failed.named(dir)),
    };
    if let Some(why) = &remade {
        tracing::warn!(why, file = %path.display(), "the index of the log is damaged and is made again");
    }
    file::remove(&path).map_err(|error| OpenError::unavailable(&path, &error))?;
    let index = file::open_writer(&path).map_err(|error| Failed::Index(error).named(dir))?;
    let reached = catch_up(log, &index).map_err(|failed| failed.named(dir))?;
    Ok(Made {
        index,
        reached,
        remade: remade.map(|why| IndexRemade { why }),
    })
}

enum Existing {
    Fits(Made),
    /// New, of another version or of another log.
    Foreign,
    /// A table that is not what was written into it.
    Wrong(By),
}

/// The index that is there, brought up to the log's end. One that would have to be made anew is an error: in
/// a running process others look into the file that is there. Whether it adds up is the next start's to see.
pub(in crate::sqlite) fn catch_up_existing(
    log: &Connection,
    dir: &Path,
) -> Result<(Connection, Position), OpenError> {
    let path = dir.join(INDEX_FILE);
    let made = file::open_writer(&path).map_err(Failed::Index).and_then(|index| {
        let fits = file::is_current(&index).and_then(|current| Ok(current && is_of(log, &index)?));
        if !fits.map_err(Failed::Index)? {
            return Ok(None);
        }
        let reached = catch_up(log, &index)?;
        Ok(Some((index, reached)))
    });
    let damaged = |why: String| OpenError::Damaged {
        file: path.clone(),
        why: format!("{why}; the next start makes it again"),
    };
    match made {
        Ok(Some(made)) => Ok(made),
        Ok(None) => Err(damaged("it does not fit its log".to_owned())),
        Err(Failed::Index(error)) if is_damage(&error) => Err(damaged(error.to_string())),
        Err(failed) => Err(failed.named(dir)),
    }
}

/// The index that is there, where it is one of this log.
fn existing(log: &Connection, path: &Path) -> Result<Existing, Failed> {
    let index = file::open_writer(path).map_err(Failed::Index)?;
    let fits = file::is_current(&index).and_then(|current| Ok(current && is_of(log, &index)?));
    if !fits.map_err(Failed::Index)? {
        return Ok(Existing::Foreign);
    }
    if let Some(table) = first_wrong(&index, &By::ALL).map_err(Failed::Index)? {
        return Ok(Existing::Wrong(table));
    }
    let reached = catch_up(log, &index)?;
    Ok(Existing::Fits(Made {
        index,
        reached,
        remade: None,
    }))
}

/// The first of some tables that is not what was written into it. In one transaction: a writer adds entries
/// and their sums together.
pub(super) fn first_wrong(index: &Connection, tables: &[By]) -> rusqlite::Result<Option<By>> {
    let transaction = index.unchecked_transaction()?;
    let found = file::kept_sums(&transaction)?.first_wrong(&transaction, tables)?;
    transaction.finish()?;
    Ok(found)
}

/// Whether an index was made of this log: its last event stands there.
pub(super) fn is_of(log: &Connection, index: &Connection) -> rusqlite::Result<bool> {
    let (reached, id) = file::reached(index)?;
    Ok(reached.0 == 0 || id_at(log, reached)?.map(Key::signed) == Some(id))
}

/// The key of the id of the event at a position.
fn id_at(log: &Connection, position: Position) -> rusqlite::Result<Option<Key>> {
    let mut statement = log.prepare_cached("SELECT id FROM event WHERE pos = ?1")?;
    statement
        .query_row([position.0.cast_signed()], |row| {
            Ok(id_key(row.get_ref(0)?.as_blob()?))
        })
        .optional()
}

/// Puts into the index what the log has beyond it; answers how far it reaches then.
pub(super) fn catch_up(log: &Connection, index: &Connection) -> Result<Position, Failed> {
    let (mut reached, _) = file::reached(index).map_err(Failed::Index)?;
    let mut said = reached;
    loop {
        let entries = read_on(log, reached, AT_ONCE).map_err(Failed::Log)?;
        let Some(last) = entries.last() else {
            return Ok(reached);
        };
        file::insert(index, &entries).map_err(Failed::Index)?;
        reached = last.position;
        if reached.0 - said.0 >= 1_000_000 {
            tracing::info!(position = reached.0, "the index of the log is being made");
            said = reached;
        }
    }
}

/// What the index keeps of the next events of the log.
pub(super) fn read_on(log: &Connection, after: Position, most: usize) -> rusqlite::Result<Vec<Entry>> {
    let mut statement = log.prepare_cached(ROWS)?;
    let most = i64::try_from(most).unwrap_or(i64::MAX);
    statement
        .query_map((after.0.cast_signed(), most), entry)?
        .collect()
}

/// What the index should know of a row that begins with the columns of `ROWS`.
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

/// An id that is none, which somebody wrote into the file, is found by nobody.
fn id_key(bytes: &[u8]) -> Key {
    Key::of_id(EventId::new(Uuid::from_slice(bytes).unwrap_or_default()))
}

pub(super) fn is_damage(error: &rusqlite::Error) -> bool {
    use rusqlite::ErrorCode::{ConstraintViolation, DatabaseCorrupt, NotADatabase};
    match error {
        rusqlite::Error::SqliteFailure(code, _) => match code.code {
            // Entries beyond where it says that it ends.
            ConstraintViolation | DatabaseCorrupt | NotADatabase => true,
            // A statement that does not fit the tables: they are not ours.
            other => other == rusqlite::ErrorCode::Unknown,
        },
        // A value of another type than was written.
        _ => true,
    }
}
