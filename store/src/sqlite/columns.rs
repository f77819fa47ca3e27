//! Compares the columns used for lookups with the records, and the index with the columns.
//!
//! No decision depends on them, but filtered reads do: a damaged column would hide an event. No hash covers
//! the columns, so they are compared with the records, which are covered.

use super::index::{IndexSums, entry};
use super::row::{signed, unsigned};
use super::schema::open_reader;
use crate::column_check::{LookupMismatch, StoredColumns};
use crate::error::from_sqlite;
use domain::ports::event_store::{PAGE_EVENTS_MAX, StoreError};
use domain::stored_event::Position;
use rusqlite::Row;
use rusqlite::types::ValueRef;
use std::path::Path;

/// The first columns are those that `entry` reads.
const PAGE: &str = "SELECT pos, version, stream, id, campaign, customer, kind, record FROM event
    WHERE pos > ?1 ORDER BY pos LIMIT ?2";

/// Compares the log in `dir` with its lookup columns and index. Returns the first event with a column that
/// differs from its record; if there is none, the first table of the index that differs from the columns.
/// Reads the log in short transactions. Skips unreadable records; other checks report them.
pub fn find_misleading(dir: &Path) -> Result<Option<LookupMismatch>, StoreError> {
    let unavailable = |error: crate::error::OpenError| StoreError::Unavailable(error.to_string());
    let connection = open_reader(dir).map_err(unavailable)?;
    let mut sums = IndexSums::begin(&connection, dir).map_err(|error| from_sqlite(&error))?;
    let mut page = connection.prepare(PAGE).map_err(|error| from_sqlite(&error))?;
    let mut after = 0;
    loop {
        let mut looked_at_count = 0;
        let mut rows = page
            .query([after, signed(PAGE_EVENTS_MAX as u64)])
            .map_err(|error| from_sqlite(&error))?;
        while let Some(row) = rows.next().map_err(|error| from_sqlite(&error))? {
            looked_at_count += 1;
            after = row.get(0).map_err(|error| from_sqlite(&error))?;
            if let Some(column) = wrong_column(row).map_err(|error| from_sqlite(&error))? {
                return Ok(Some(LookupMismatch::Column(Position(unsigned(after)), column)));
            }
            if let Some(sums) = &mut sums {
                sums.add(&entry(row).map_err(|error| from_sqlite(&error))?);
            }
        }
        if looked_at_count == 0 {
            break;
        }
    }
    let wrong = sums.map_or(Ok(None), |sums| sums.wrong_table());
    Ok(wrong
        .map_err(|error| from_sqlite(&error))?
        .map(LookupMismatch::Index))
}

fn wrong_column(row: &Row<'_>) -> Result<Option<&'static str>, rusqlite::Error> {
    let Ok(record) = row.get_ref(7)?.as_blob() else {
        return Ok(None);
    };
    let columns = StoredColumns {
        stream: text(row.get_ref(2)?),
        version: row.get_ref(1)?.as_i64().ok().map(unsigned),
        id: row.get_ref(3)?.as_blob().ok(),
        kind: text(row.get_ref(6)?),
        campaign: text(row.get_ref(4)?),
        customer: text(row.get_ref(5)?),
    };
    Ok(columns.wrong(record))
}

/// Returns a text column's bytes; `None` for NULL. A value of another type becomes a text that no record
/// contains.
fn text(value: ValueRef<'_>) -> Option<&[u8]> {
    match value {
        ValueRef::Text(text) => Some(text),
        ValueRef::Null => None,
        ValueRef::Integer(_) | ValueRef::Real(_) | ValueRef::Blob(_) => Some(b"\0"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::index::INDEX_FILE;
    use super::super::{EVENTS_FILE, SqliteEventStore, SqliteOptions};
    use super::*;
    use crate::contract::SuiteTasks;
    use crate::test_ports::StepClock;
    use crate::test_records::{make_record_of, stream};
    use domain::decider::Scope;
    use domain::ids::CommandId;
    use domain::ports::event_store::EventStore;
    use domain::stored_event::StreamVersion;
    use rusqlite::Connection;
    use std::sync::Arc;

    async fn filled(dir: &Path) {
        let (clock, tasks) = (Arc::<StepClock>::default(), SuiteTasks::default());
        let store = SqliteEventStore::open(dir, clock, &tasks, &SqliteOptions::default()).unwrap();
        for version in 0..3_u64 {
            let scope = Scope {
                campaign: (version > 0).then(|| "T1".parse().unwrap()),
                customer: (version > 1).then(|| format!("{version:032x}").parse().unwrap()),
            };
            let command = CommandId::derive_from_text(&version.to_string());
            let record = make_record_of(&stream("s"), version + 1, command, scope);
            store
                .append(&stream("s"), StreamVersion(version), vec![record])
                .await
                .unwrap();
        }
        store.close().await;
    }

    #[tokio::test]
    async fn a_column_that_differs_from_its_record_is_named_with_its_position() {
        let dir = tempfile::tempdir().unwrap();
        filled(dir.path()).await;
        assert_eq!(find_misleading(dir.path()), Ok(None));
        let file = Connection::open(dir.path().join(EVENTS_FILE)).unwrap();
        for (column, change, back) in [
            ("stream", "stream || 'x'", "'number-s'"),
            ("version", "9", "3"),
            ("id", "zeroblob(16)", ""),
            ("kind", "'call.ended'", "'number.dial_released'"),
            ("campaign", "NULL", "'T1'"),
            ("customer", "'c'", "'00000000000000000000000000000002'"),
        ] {
            let id: Vec<u8> = file
                .query_row("SELECT id FROM event WHERE pos = 3", [], |row| row.get(0))
                .unwrap();
            let set = |to: &str| {
                file.execute(&format!("UPDATE event SET {column} = {to} WHERE pos = 3"), [])
                    .unwrap();
            };
            set(change);
            let named = LookupMismatch::Column(Position(3), column);
            assert_eq!(find_misleading(dir.path()), Ok(Some(named)));
            if column == "id" {
                file.execute("UPDATE event SET id = ?1 WHERE pos = 3", [id])
                    .unwrap();
            } else {
                set(back);
            }
            assert_eq!(find_misleading(dir.path()), Ok(None), "{column} put back");
        }
    }

    #[tokio::test]
    async fn an_index_that_lost_or_gained_an_entry_is_named_and_a_missing_one_is_none() {
        let changes = [
            ("by_stream", "DELETE FROM by_stream WHERE pos = 2"),
            ("by_stream", "UPDATE by_stream SET version = 9 WHERE pos = 2"),
            ("by_id", "UPDATE by_id SET key = key + 1 WHERE pos = 3"),
            ("by_campaign", "INSERT INTO by_campaign VALUES (7, 1)"),
            ("by_customer", "DELETE FROM by_customer"),
        ];
        for (table, change) in changes {
            let dir = tempfile::tempdir().unwrap();
            filled(dir.path()).await;
            let index = Connection::open(dir.path().join(INDEX_FILE)).unwrap();
            assert_eq!(index.execute(change, []), Ok(1), "{change}");
            let named = LookupMismatch::Index(table);
            assert_eq!(find_misleading(dir.path()), Ok(Some(named)), "{change}");
            drop(index);
            std::fs::remove_file(dir.path().join(INDEX_FILE)).unwrap();
            assert_eq!(find_misleading(dir.path()), Ok(None));
        }
    }

    #[tokio::test]
    async fn an_index_with_a_damaged_page_is_named_and_one_that_is_no_database_is_none() {
        let dir = tempfile::tempdir().unwrap();
        filled(dir.path()).await;
        let index = dir.path().join(INDEX_FILE);
        let mut damaged = std::fs::read(&index).unwrap();
        damaged[4_096 * 2..4_096 * 3].fill(0xff);
        std::fs::write(&index, damaged).unwrap();
        let found = find_misleading(dir.path());
        assert!(matches!(found, Ok(Some(LookupMismatch::Index(_)))), "{found:?}");
        // No lookup uses this file: it is built again, or a temporary one is.
        std::fs::write(&index, "no index ".repeat(999)).unwrap();
        assert_eq!(find_misleading(dir.path()), Ok(None));
    }
}
