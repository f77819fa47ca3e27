//! Where views stand by the rows, beside where a feeder believes them to be.

use crate::database::{Checkpoint, ReadDb, Tx, read_as, read_checkpoints};
use crate::error::ProjectionError;
use crate::view::View;
use domain::stored_event::Position;
use std::sync::Arc;

/// The stored checkpoints of the views, as if nothing kept any.
pub(crate) async fn own_checkpoints(
    db: &dyn ReadDb,
    views: &[Arc<dyn View>],
) -> Result<Vec<Checkpoint>, ProjectionError> {
    let mut all = read_as(db, read_checkpoints).await?;
    all.retain(|row| views.iter().any(|view| view.name() == row.view));
    for row in &mut all {
        row.parked = None;
    }
    Ok(all)
}

/// The stored checkpoints of the views, in their order. Further on than is believed is another process's
/// work; `Late` where they are not as far: a database that crashed may have lost its last commits, or all
/// rows, and the events in between would be missed.
pub(crate) fn standing(
    tx: &mut dyn Tx,
    views: &[Arc<dyn View>],
    believed: &[Checkpoint],
) -> Result<Vec<Checkpoint>, ProjectionError> {
    // No view asked this: a table of ours that cannot be read was lost, or is of another build.
    let stored = read_checkpoints(tx).map_err(|error| match error {
        ProjectionError::Fault(why) => ProjectionError::Unavailable(format!("the rows are gone: {why}")),
        other => other,
    })?;
    let mut standing = Vec::with_capacity(views.len());
    for view in views {
        let of_view = |row: &&Checkpoint| row.view == view.name();
        let wanted = believed.iter().find(of_view).map(|row| row.position);
        let found = stored.iter().find(of_view);
        let reached = found.map_or(Position(0), |row| row.position);
        let Some(row) = found.filter(|_| wanted.is_none_or(|wanted| reached >= wanted)) else {
            let wanted = wanted.unwrap_or_default();
            return Err(ProjectionError::Late { wanted, reached });
        };
        if row.version != view.version() {
            let (name, is, own) = (view.name(), row.version, view.version());
            return Err(ProjectionError::Unavailable(format!(
                "another build feeds view {name} in version {is}, this one knows {own}"
            )));
        }
        standing.push(row.clone());
    }
    Ok(standing)
}
