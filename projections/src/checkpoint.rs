//! The checkpoints of views: the position up to which each is complete. A checkpoint moves in the same
//! transaction as the rows.

use crate::database::{ReadDb, Tx, read_as};
use crate::error::ProjectionError;
use crate::value::{Row, Val};
use domain::stored_event::Position;
use domain::time::Timestamp;
use serde::Serialize;

/// The checkpoint of one view: up to which position its rows are complete. `parked`: the position of the
/// event that it cannot apply, and why; it stays before that event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    pub view: String,
    pub version: u32,
    /// The position up to which the rows are complete.
    pub position: Position,
    /// When the event at `position` was recorded; `None` before the first event.
    pub recorded_at: Option<Timestamp>,
    pub parked: Option<(Position, String)>,
}

pub(crate) const CHECKPOINT_TABLE: &str = "checkpoint";
const CHECKPOINTS: &str = "create table if not exists checkpoint (
    view text primary key, version bigint not null, position bigint not null,
    parked_position bigint, parked_why text, recorded_at bigint)";

/// Creates the table of checkpoints if it does not exist.
pub(crate) fn prepare(tx: &mut dyn Tx) -> Result<(), ProjectionError> {
    tx.exec(CHECKPOINTS, &[]).map(drop)
}

/// Adds the column `recorded_at`, which tables of earlier builds lack. It stays empty for a view until
/// its checkpoint moves.
pub(crate) fn add_recorded_at(tx: &mut dyn Tx) -> Result<(), ProjectionError> {
    let columns = tx.columns(CHECKPOINT_TABLE)?;
    if !columns.iter().any(|column| column == "recorded_at") {
        tx.exec("alter table checkpoint add column recorded_at bigint", &[])?;
    }
    Ok(())
}

/// Sets a view's checkpoint to the beginning of the log, with this version of the view.
pub(crate) fn begin(tx: &mut dyn Tx, view: &str, version: u32) -> Result<(), ProjectionError> {
    tx.exec(
        "insert into checkpoint (view, version, position) values ($1, $2, 0)
         on conflict (view) do update set version = excluded.version, position = 0,
         parked_position = null, parked_why = null, recorded_at = null",
        &[Val::text(view), Val::count(version)],
    )
    .map(drop)
}

/// Returns all checkpoints, sorted by view name.
pub(crate) fn read_checkpoints(tx: &mut dyn Tx) -> Result<Vec<Checkpoint>, ProjectionError> {
    let rows = tx.query(
        "select view, version, position, parked_position, parked_why, recorded_at
         from checkpoint order by view",
        &[],
    )?;
    rows.into_iter().map(read_checkpoint).collect()
}

fn read_checkpoint(mut row: Row) -> Result<Checkpoint, ProjectionError> {
    let view = row.text()?;
    let version = u32::try_from(row.int()?).unwrap_or(0);
    let position = row.position()?;
    let parked_at = row.maybe_count()?.map(Position);
    let why = row.maybe_text()?.unwrap_or_default();
    Ok(Checkpoint {
        view,
        version,
        position,
        recorded_at: row.maybe_at()?,
        parked: parked_at.map(|at| (at, why)),
    })
}

/// The position and time up to which the rows of some views are complete.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct ViewCompleteness {
    /// The rows contain every event up to this position.
    pub position: Position,
    /// When that event was recorded; absent before the first event.
    pub recorded_at: Option<Timestamp>,
}

/// Returns the position up to which the rows of all these views are complete: that of the view that is
/// furthest behind.
pub async fn read_completeness(
    db: &dyn ReadDb,
    views: Vec<&'static str>,
) -> Result<ViewCompleteness, ProjectionError> {
    read_as(db, move |tx| read_completeness_in(tx, &views)).await
}

pub(crate) fn read_completeness_in(
    tx: &mut dyn Tx,
    views: &[&str],
) -> Result<ViewCompleteness, ProjectionError> {
    let all = read_checkpoints(tx)?;
    let mut least: Option<ViewCompleteness> = None;
    for view in views {
        let own = all.iter().find(|row| row.view == *view);
        let own = own.ok_or_else(|| ProjectionError::Fault(format!("view {view} has no checkpoint")))?;
        if least.is_none_or(|least| own.position < least.position) {
            least = Some(ViewCompleteness {
                position: own.position,
                recorded_at: own.recorded_at,
            });
        }
    }
    least.ok_or_else(|| ProjectionError::Fault("no view is named; name at least one".to_owned()))
}

/// Reads every view's stored checkpoint, sorted by name. Works in any process, not only the one that writes
/// them.
pub async fn checkpoints(db: &dyn ReadDb) -> Result<Vec<Checkpoint>, ProjectionError> {
    read_as(db, |tx| read_checkpoints(tx)).await
}

/// Stores changed checkpoints, in the transaction that changed the rows. If all have one position, which is
/// the usual case, it takes one statement.
pub(crate) fn write_checkpoints(tx: &mut dyn Tx, changed: &[Checkpoint]) -> Result<(), ProjectionError> {
    let Some((first, others)) = changed.split_first() else {
        return Ok(());
    };
    let together = |one: &Checkpoint| one.position == first.position && one.parked.is_none();
    if others.is_empty() || !changed.iter().all(together) {
        return changed.iter().try_for_each(|one| write_checkpoint(tx, one));
    }
    let places: Vec<String> = (3..changed.len() + 3).map(|place| format!("${place}")).collect();
    let sql = format!(
        "update checkpoint set position = $1, recorded_at = $2, parked_position = null, parked_why = null
         where view in ({})",
        places.join(", ")
    );
    let views = changed.iter().map(|one| Val::text(&one.view));
    let values: Vec<Val> = [Val::position(first.position), Val::maybe_at(first.recorded_at)]
        .into_iter()
        .chain(views)
        .collect();
    if tx.exec(&sql, &values)? == changed.len() as u64 {
        return Ok(());
    }
    Err(ProjectionError::Fault("a view has no checkpoint".to_owned()))
}

pub(crate) fn write_checkpoint(tx: &mut dyn Tx, checkpoint: &Checkpoint) -> Result<(), ProjectionError> {
    let (parked_position, parked_why) = match &checkpoint.parked {
        Some((position, why)) => (Val::position(*position), Val::text(why)),
        None => (Val::Null, Val::Null),
    };
    let changed = tx.exec(
        "update checkpoint set position = $2, parked_position = $3, parked_why = $4, recorded_at = $5
         where view = $1",
        &[
            Val::text(&checkpoint.view),
            Val::position(checkpoint.position),
            parked_position,
            parked_why,
            Val::maybe_at(checkpoint.recorded_at),
        ],
    )?;
    if changed == 1 {
        return Ok(());
    }
    Err(ProjectionError::Fault(format!(
        "view {} has no checkpoint",
        checkpoint.view
    )))
}
