//! Finds view rows from a history that the log does not contain: beyond its head, or made from other
//! events than the log has at these positions. Feeding on from them would skip events and report that
//! nothing is left.

use crate::checkpoint::{Checkpoint, read_checkpoints};
use crate::database::{ReadDb, read_as, transact};
use crate::error::ProjectionError;
use crate::value::Val;
use domain::ports::event_store::{EventStore, StoreError};
use domain::stored_event::Position;

/// A version that no build has: rows that carry it are rebuilt at the next start.
const NO_VERSION: u32 = 0;

/// Returns the checkpoints that do not match the log: at their position it has no event, or one that was
/// recorded at another time. Empty if the database has no checkpoints.
pub async fn find_divergent_checkpoints(
    db: &dyn ReadDb,
    store: &dyn EventStore,
) -> Result<Vec<Checkpoint>, ProjectionError> {
    let stored = match read_as(db, read_checkpoints).await {
        Ok(stored) => stored,
        // The table does not exist: the rows are of an early build, or there are none.
        Err(ProjectionError::Fault(_)) => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut ahead = Vec::new();
    for row in stored {
        if !is_of_log(&row, store).await? {
            ahead.push(row);
        }
    }
    Ok(ahead)
}

async fn is_of_log(row: &Checkpoint, store: &dyn EventStore) -> Result<bool, ProjectionError> {
    let Some(before) = row.position.0.checked_sub(1) else {
        return Ok(true);
    };
    let page = match store.read_all(Position(before), 1).await {
        Ok(page) => page,
        // The code that reads on reports unreadable events; they are no sign of another history.
        Err(StoreError::Damaged(_)) => return Ok(true),
        Err(error) => return Err(ProjectionError::Unavailable(error.to_string())),
    };
    Ok(page.first().is_some_and(|event| {
        event.position == row.position && row.recorded_at.is_none_or(|at| at == event.recorded_at)
    }))
}

/// Makes the next start rebuild the views of `ahead` from the first event, and cancels their shadow
/// rebuilds that are beyond `head`.
pub async fn reset_divergent_views(
    db: &dyn ReadDb,
    ahead: &[Checkpoint],
    head: Position,
) -> Result<(), ProjectionError> {
    let views: Vec<String> = ahead.iter().map(|row| row.view.clone()).collect();
    transact(db, move |tx| {
        crate::rebuild::stored::prepare(tx)?;
        crate::lost_rows::prepare(tx)?;
        for view in &views {
            let (view, head) = (Val::text(view), Val::position(head));
            tx.exec(
                "update checkpoint set version = $2, position = $3, recorded_at = null, parked_position = null,
                 parked_why = null where view = $1",
                &[view.clone(), Val::count(NO_VERSION), head.clone()],
            )?;
            tx.exec(
                "update remaking set until = $2 where view = $1 and until > $2",
                &[view.clone(), head.clone()],
            )?;
            tx.exec(
                "update rebuild set state = 'canceled' where view = $1 and position > $2",
                &[view, head],
            )?;
        }
        Ok(())
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runner::InlineRunner;
    use crate::sqlite::SqliteReadDb;
    use crate::testing::{TestHistory, TestLog};
    use crate::views;
    use std::sync::Arc;

    async fn positions(db: &dyn ReadDb) -> Vec<u64> {
        let rows = read_as(db, read_checkpoints).await.unwrap();
        rows.iter().map(|row| row.position.0).collect()
    }

    #[tokio::test]
    async fn rows_of_a_lost_tail_are_made_again_from_the_log_that_is_there() {
        let mut story = TestHistory::new();
        story.created("first").created("second").created("third");
        let whole = TestLog::of(&story.events);
        let shorter = TestLog::of(&story.events[..1]);
        let db: Arc<dyn ReadDb> = Arc::new(SqliteReadDb::open_inline().unwrap());
        assert_eq!(
            find_divergent_checkpoints(db.as_ref(), &whole).await,
            Ok(Vec::new())
        );
        let mut runner = InlineRunner::begin(Arc::clone(&db), views::all()).await.unwrap();
        runner.apply_page(&story.events).await.unwrap();
        assert_eq!(
            find_divergent_checkpoints(db.as_ref(), &whole).await,
            Ok(Vec::new())
        );

        let ahead = find_divergent_checkpoints(db.as_ref(), &shorter).await.unwrap();
        assert_eq!(ahead.len(), views::all().len(), "every view is ahead");
        let head = shorter.head().await.unwrap();
        reset_divergent_views(db.as_ref(), &ahead, head).await.unwrap();
        let mut again = InlineRunner::begin(Arc::clone(&db), views::all()).await.unwrap();
        assert!(positions(db.as_ref()).await.iter().all(|position| *position == 0));
        again.apply_page(&story.events[..1]).await.unwrap();
        assert_eq!(
            find_divergent_checkpoints(db.as_ref(), &shorter).await,
            Ok(Vec::new())
        );
        let count = |tx: &mut dyn crate::tx::Tx| tx.query("select count(*) from campaign_board", &[]);
        let mut rows = read_as(db.as_ref(), count).await.unwrap();
        assert_eq!(rows.remove(0).int(), Ok(1));
    }
}
