//! Recovery after a failed commit: closes all files, opens them again like a start, and checks the
//! acknowledged events before anything more is written.
//!
//! After a failed sync, the next one may succeed although the disk lacks the data of the first. Therefore the
//! whole write-ahead log is moved into the database and synced there (`durable_file`). Then the last
//! acknowledged event must be at its position, and the rows before it must be intact.

use super::super::digest::fits;
use super::super::index::catch_up_existing;
use super::super::row::{signed, unsigned};
use super::super::schema::{self, EVENTS_FILE};
use super::{Appender, CHECKPOINT_PAGES, LAST};
use crate::durable_file;
use crate::error::OpenError;
use domain::ports::event_store::StoreError;
use domain::stored_event::Position;
use domain::time::Timestamp;
use rusqlite::{Connection, OptionalExtension};

/// The number of rows before the head that are checked by their digests after a failed commit. No group
/// commit has more, so they include everything that was in the write-ahead log.
const CHECKED_ROWS_MAX: i64 = 16_384;

/// The reasons why the log could not be recovered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::sqlite) enum RecoveryFailure {
    /// A retry may succeed: for example the disk is still full or missing.
    Away(String),
    /// Only a restart or a person can resolve it.
    Lost(String),
}

impl Appender {
    /// Recovers from a failed commit: closes all files, opens them again and checks the acknowledged
    /// events. After an error everything is closed, and the call may be repeated.
    pub(in crate::sqlite) fn mend(&mut self) -> Result<(), RecoveryFailure> {
        let of_store = |error: StoreError| RecoveryFailure::Away(error.to_string());
        let of_file = |error: rusqlite::Error| RecoveryFailure::Away(error.to_string());
        // Closed first, so that no lock or open transaction of ours is in the way.
        self.feeder.rest().map_err(of_store)?;
        self.connection = Connection::open_in_memory().map_err(of_file)?;
        self.places.rest_closed().map_err(of_file)?;
        let file = self.dir.join(EVENTS_FILE);
        if !file.exists() {
            // Opening would create an empty log.
            return Err(RecoveryFailure::Away(format!(
                "{} does not exist",
                file.display()
            )));
        }
        let connection = schema::open_writer(&self.dir).map_err(of_open)?;
        self.hold_to_acknowledged(&connection)?;
        let (index, reached) = catch_up_existing(&connection, &self.dir).map_err(of_open)?;
        self.places.reopen(&self.dir).map_err(of_file)?;
        connection
            .pragma_update(None, "wal_autocheckpoint", CHECKPOINT_PAGES)
            .map_err(of_file)?;
        let last = connection.query_row(LAST, [], super::last_of).optional();
        let last = last.map_err(of_file)?;
        self.places.tail().begin_again(reached);
        self.feeder.begin(index).map_err(of_store)?;
        self.connection = connection;
        self.heads.clear();
        self.added.clear();
        self.added_ids.clear();
        self.last = Position(last.map_or(0, |(position, ..)| position));
        self.last_recorded_at = last.map(|(_, recorded_at, _)| recorded_at);
        Ok(())
    }

    /// Returns an error unless the last acknowledged event is at its position, and the last rows before the
    /// head match their digests.
    fn hold_to_acknowledged(&self, log: &Connection) -> Result<(), RecoveryFailure> {
        let away = |error: rusqlite::Error| match durable_file::failed(&self.dir, &error) {
            OpenError::Damaged { why, .. } => RecoveryFailure::Lost(why),
            other => RecoveryFailure::Away(other.to_string()),
        };
        if let Some((position, digest)) = self.acknowledged {
            let held = log
                .query_row(
                    "SELECT digest FROM event WHERE pos = ?1",
                    [signed(position.0)],
                    |row| row.get::<_, Vec<u8>>(0),
                )
                .optional()
                .map_err(away)?;
            if held.as_deref() != Some(digest.as_slice()) {
                return Err(RecoveryFailure::Lost(format!(
                    "the log does not hold event {position} any more, which was acknowledged / \
                     日志已不含曾确认的事件 {position}"
                )));
            }
        }
        match damaged_row(log).map_err(away)? {
            None => Ok(()),
            Some(position) => Err(RecoveryFailure::Lost(format!(
                "event {position} of the log is damaged / 日志事件 {position} 已损坏"
            ))),
        }
    }
}

fn of_open(error: OpenError) -> RecoveryFailure {
    match error {
        OpenError::Damaged { .. } | OpenError::NewerSchema { .. } | OpenError::HalfFilled { .. } => {
            RecoveryFailure::Lost(error.to_string())
        }
        OpenError::Missing(_) | OpenError::Unavailable { .. } => RecoveryFailure::Away(error.to_string()),
    }
}

/// Checks the last `CHECKED_ROWS_MAX` rows. Returns the position of the first that is missing or does not
/// match its digest; `None` if all are intact.
fn damaged_row(log: &Connection) -> rusqlite::Result<Option<u64>> {
    let mut statement = log.prepare(
        "SELECT pos, recorded_at, digest, record FROM event
         WHERE pos > (SELECT coalesce(max(pos), 0) FROM event) - ?1 ORDER BY pos",
    )?;
    let mut rows = statement.query([CHECKED_ROWS_MAX])?;
    let mut expected = None;
    while let Some(row) = rows.next()? {
        let position = unsigned(row.get(0)?);
        let recorded_at = Timestamp::from_micros(row.get(1)?);
        let is_whole = fits(
            row.get_ref(2)?.as_blob()?,
            recorded_at,
            row.get_ref(3)?.as_blob()?,
        );
        if !is_whole || expected.is_some_and(|expected| expected != position) {
            return Ok(Some(expected.unwrap_or(position)));
        }
        expected = Some(position + 1);
    }
    Ok(None)
}
