//! Ties a read database to its log: it stores the id of the log's first event, so that rows of one log
//! are never used for another log or mixed with its rows.

use crate::database::{ReadDb, read_as, transact};
use crate::error::ProjectionError;
use crate::tx::Tx;
use crate::value::Val;
use domain::ids::EventId;
use domain::ports::event_store::{EventStore, StoreError};
use domain::stored_event::Position;

/// Whether the rows of a read database belong to a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    Same,
    Other,
    /// The log is empty and the rows belong to no log yet, or the rows are of an early build that stored
    /// no origin.
    Unknown,
}

const TABLE: &str = "create table if not exists origin (first_event text primary key)";

async fn first_event(store: &dyn EventStore) -> Result<Option<EventId>, ProjectionError> {
    let away = |error: StoreError| ProjectionError::Unavailable(error.to_string());
    let page = store.read_all(Position(0), 1).await.map_err(away)?;
    let Some(event) = page.first() else {
        return Ok(None);
    };
    let envelope = event.envelope();
    let envelope = envelope.map_err(|error| ProjectionError::Corrupt(error.to_string()))?;
    Ok(Some(envelope.id))
}

fn stored(tx: &mut dyn Tx) -> Result<Option<String>, ProjectionError> {
    let rows = tx.query("select first_event from origin", &[])?;
    rows.into_iter().next().map(|mut row| row.text()).transpose()
}

fn compared(stored: Option<&String>, first: Option<&EventId>) -> Origin {
    match (stored, first) {
        (None, _) => Origin::Unknown,
        (Some(stored), Some(first)) if *stored == first.to_string() => Origin::Same,
        (Some(_), _) => Origin::Other,
    }
}

/// Compares the rows with a log. Rows without an origin are marked as this log's once it has an event, so
/// `Unknown` is returned only while the log is empty. Views may apply events only if the result is `Same`.
pub async fn bind_to_log(db: &dyn ReadDb, store: &dyn EventStore) -> Result<Origin, ProjectionError> {
    let first = first_event(store).await?;
    transact(db, move |tx| {
        tx.exec(TABLE, &[])?;
        let found = compared(stored(tx)?.as_ref(), first.as_ref());
        match (found, first) {
            (Origin::Unknown, Some(first)) => {
                tx.exec(
                    "insert into origin (first_event) values ($1)",
                    &[Val::text(first)],
                )?;
                Ok(Origin::Same)
            }
            (found, _) => Ok(found),
        }
    })
    .await
}

/// Compares the rows with a log as `bind_to_log` does, and writes nothing.
pub async fn origin_of(db: &dyn ReadDb, store: &dyn EventStore) -> Result<Origin, ProjectionError> {
    let first = first_event(store).await?;
    match read_as(db, stored).await {
        Ok(stored) => Ok(compared(stored.as_ref(), first.as_ref())),
        // The table does not exist: the rows are of an early build, or there are none.
        Err(ProjectionError::Fault(_)) => Ok(Origin::Unknown),
        Err(error) => Err(error),
    }
}

/// Removes the stored origin, so that the rows can be used with another log. For measurements only; the
/// product never calls it.
pub async fn forget_origin(db: &dyn ReadDb) -> Result<(), ProjectionError> {
    transact(db, |tx| tx.exec("drop table if exists origin", &[]).map(drop)).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sqlite::SqliteReadDb;
    use crate::testing::{TestHistory, TestLog};

    fn story_of(campaign: &str) -> TestLog {
        let mut story = TestHistory::new();
        story.created(campaign);
        let mut other = TestHistory::new();
        other.created("other").created(campaign);
        match campaign {
            "later" => TestLog::of(&other.events[1..]),
            _ => TestLog::of(&story.events),
        }
    }

    #[tokio::test]
    async fn rows_are_held_to_the_log_of_the_first_event_they_saw() {
        let db = SqliteReadDb::open_inline().unwrap();
        let (empty, log, other) = (TestLog::default(), story_of("first"), story_of("later"));
        assert_eq!(origin_of(&db, &log).await, Ok(Origin::Unknown));
        assert_eq!(bind_to_log(&db, &empty).await, Ok(Origin::Unknown));
        assert_eq!(bind_to_log(&db, &log).await, Ok(Origin::Same));
        for _ in 0..2 {
            assert_eq!(bind_to_log(&db, &other).await, Ok(Origin::Other));
            assert_eq!(bind_to_log(&db, &empty).await, Ok(Origin::Other));
            assert_eq!(bind_to_log(&db, &log).await, Ok(Origin::Same));
            assert_eq!(origin_of(&db, &log).await, Ok(Origin::Same));
            assert_eq!(origin_of(&db, &other).await, Ok(Origin::Other));
        }
        forget_origin(&db).await.unwrap();
        assert_eq!(bind_to_log(&db, &other).await, Ok(Origin::Same));
        assert_eq!(origin_of(&db, &log).await, Ok(Origin::Other));
    }
}
