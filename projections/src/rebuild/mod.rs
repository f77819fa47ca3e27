//! Rebuilds of views from the first event, in place or as a shadow rebuild with a later switch, and the check
//! that live rows equal a replay.

pub(crate) mod digest;
mod rebuild_host;
mod rows;
mod shadow_rebuild;
pub(crate) mod stored;
#[cfg(test)]
mod tests;
mod verify;

pub use digest::{DIFFERENCES_MAX, Difference, DifferenceKind, TableCheck, TableDigest};
pub(crate) use rebuild_host::RebuildHost;
pub use rebuild_host::Rebuilds;
pub use shadow_rebuild::{RebuildError, SwitchResult};
pub use stored::{Comparison, Rebuild, RebuildState};
pub use verify::{ReplayProgress, ViewCheck, verify, verify_views};

use crate::database::{ReadDb, transact};
use crate::error::ProjectionError;
use crate::runner::InlineRunner;
use crate::schema::remake_tables;
use crate::sql_views::drop_sql_views;
use crate::view::View;
use crate::views;
use domain::ports::event_store::{EventStore, StoreError};
use domain::stored_event::Position;
use std::sync::Arc;

type Views = Vec<Arc<dyn View>>;

fn away(error: StoreError) -> ProjectionError {
    match error {
        StoreError::Damaged(why) => ProjectionError::Corrupt(why),
        other => ProjectionError::Unavailable(other.to_string()),
    }
}

/// Drops all rows and makes them again. `progress` receives the position reached and the log's head. If the
/// process is killed, the next start resumes.
pub async fn rebuild(
    store: &dyn EventStore,
    db: Arc<dyn ReadDb>,
    progress: ReplayProgress<'_>,
) -> Result<Position, ProjectionError> {
    rebuild_views(store, db, views::all(), progress).await
}

/// Rebuilds the given views only, as `rebuild` does.
pub async fn rebuild_views(
    store: &dyn EventStore,
    db: Arc<dyn ReadDb>,
    views: Views,
    progress: ReplayProgress<'_>,
) -> Result<Position, ProjectionError> {
    // Tables and checkpoints must exist before they can be emptied.
    InlineRunner::begin(Arc::clone(&db), views.clone()).await?;
    let (emptied, dialect) = (views.clone(), db.dialect());
    transact(db.as_ref(), move |tx| {
        // A reader of another process sees either the former rows or none, never some tables of each.
        tx.end_questions()?;
        tx.close_gate()?;
        drop_sql_views(tx, dialect)?;
        emptied
            .iter()
            .try_for_each(|view| remake_tables(tx, dialect, view.as_ref()))
    })
    .await?;
    let mut runner = InlineRunner::begin(db, views).await?;
    let head = store.head().await.map_err(away)?;
    feed_to(&mut runner, store, head, progress).await?;
    match parked(&runner) {
        Some(error) => Err(error),
        None => Ok(head),
    }
}

fn parked(runner: &InlineRunner) -> Option<ProjectionError> {
    let mut rows = runner.progress().checkpoints().into_iter();
    rows.find_map(|row| {
        let (position, why) = row.parked?;
        Some(ProjectionError::Parked {
            view: row.view,
            position,
            why,
        })
    })
}

/// Applies events up to and including `end`.
async fn feed_to(
    runner: &mut InlineRunner,
    store: &dyn EventStore,
    end: Position,
    progress: ReplayProgress<'_>,
) -> Result<(), ProjectionError> {
    runner
        .feed_to(store, end, &mut |reached| progress(reached, end))
        .await
}
