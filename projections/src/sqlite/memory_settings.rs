//! The writer's memory: little while it follows the log, much while it catches up.
//!
//! The ids of calls and customers are unrelated to time, so a transaction of many events changes pages all
//! over their indexes. Pages that do not fit into memory are written and read again within the transaction.
//! The write-ahead log of one transaction is moved into the file before the next one changes the same pages:
//! for a log of a million events that was ten times the size of the file.

use super::{CACHE_KIBIBYTES, WAL_PAGES, classify_error};
use crate::error::ProjectionError;
use rusqlite::Connection;

/// Number of events from which a transaction counts as one that follows a fast writer, for example an
/// import. The pages of several of them are moved into the file together. Their cache is of the
/// usual size, because they may run for hours next to the import.
const FAST_EVENTS_MIN: usize = 1_024;

/// Number of events from which a transaction counts as one that catches up. Transactions of views that
/// follow the log are smaller (`FOLLOWING_EVENTS_MAX`).
const MANY_EVENTS_MIN: usize = 16_384;

/// Cache of the writer while it catches up, in KiB: all pages that one transaction changes.
const MANY_CACHE_KIBIBYTES: i64 = 256 * 1024;

/// Pages of 4,096 bytes in the write-ahead log before they are moved into the file, while it catches up or
/// follows a fast writer: those of several transactions, which change the same pages. They take no memory.
const MANY_WAL_PAGES: i64 = 64 * 1024;

/// The memory settings that a connection has now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum MemorySettings {
    Usual,
    Fast,
    Many,
}

impl MemorySettings {
    /// Applies the settings for a transaction of this many events, and releases memory that is no longer
    /// needed. Does nothing if they apply already.
    pub(super) fn make(
        &mut self,
        connection: &Connection,
        events_count: usize,
    ) -> Result<(), ProjectionError> {
        let wanted = match events_count {
            MANY_EVENTS_MIN.. => Self::Many,
            FAST_EVENTS_MIN.. => Self::Fast,
            _ => Self::Usual,
        };
        if *self == wanted {
            return Ok(());
        }
        let (kibibytes, pages) = match wanted {
            Self::Many => (MANY_CACHE_KIBIBYTES, MANY_WAL_PAGES),
            Self::Fast => (CACHE_KIBIBYTES, MANY_WAL_PAGES),
            Self::Usual => (CACHE_KIBIBYTES, WAL_PAGES),
        };
        connection
            .pragma_update(None, "cache_size", -kibibytes)
            .and_then(|()| connection.pragma_update(None, "wal_autocheckpoint", pages))
            .and_then(|()| connection.execute_batch("pragma shrink_memory"))
            .map_err(|error| classify_error(&error))?;
        *self = wanted;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::database::transact;
    use crate::sqlite::SqliteReadDb;
    use crate::testing::TestTasks;
    use crate::value::Val;
    use domain::ports::tasks::Tasks;

    #[tokio::test]
    async fn memory_is_taken_for_many_events_and_given_back_for_few() {
        let dir = tempfile::tempdir().unwrap();
        let tasks = TestTasks::default();
        let db = SqliteReadDb::open(dir.path(), &tasks).unwrap();
        for (events_count, kibibytes, pages) in [
            (1, CACHE_KIBIBYTES, WAL_PAGES),
            (MANY_EVENTS_MIN, MANY_CACHE_KIBIBYTES, MANY_WAL_PAGES),
            (100_000, MANY_CACHE_KIBIBYTES, MANY_WAL_PAGES),
            (MANY_EVENTS_MIN - 1, CACHE_KIBIBYTES, MANY_WAL_PAGES),
            (FAST_EVENTS_MIN - 1, CACHE_KIBIBYTES, WAL_PAGES),
        ] {
            let given = transact(&db, move |tx| {
                tx.expect(events_count)?;
                let mut asked = tx.query("pragma cache_size", &[])?;
                asked.extend(tx.query("pragma wal_autocheckpoint", &[])?);
                Ok(asked.into_iter().flat_map(|row| row.rest()).collect::<Vec<_>>())
            });
            let expected = [Val::Int(-kibibytes), Val::Int(pages)];
            assert_eq!(given.await.unwrap(), expected, "{events_count} events");
        }
        tasks.stop().await;
    }
}
