//! Creates the tables of a build's views where they are missing, and recreates them where a view's
//! version differs from the stored one.

use crate::checkpoint::{self, CHECKPOINT_TABLE, read_checkpoints};
use crate::database::{Dialect, Tx};
use crate::error::ProjectionError;
use crate::lost_rows;
use crate::rebuild::stored;
use crate::sql_views::{drop_sql_views, remake_sql_views};
use crate::view::View;
use std::sync::Arc;

/// Creates the tables of `views`. A view with another version than the stored one loses its rows and
/// starts again at the first event; readers see it as being rebuilt until it has reached its former
/// position.
pub(crate) fn prepare_schema(
    tx: &mut dyn Tx,
    dialect: Dialect,
    views: &[Arc<dyn View>],
) -> Result<(), ProjectionError> {
    checkpoint::prepare(tx)?;
    stored::prepare(tx)?;
    lost_rows::prepare(tx)?;
    checkpoint::add_recorded_at(tx)?;
    let kept = read_checkpoints(tx)?;
    let is_stale = |view: &&Arc<dyn View>| {
        let mut rows = kept.iter();
        !rows.any(|row| row.view == view.name() && row.version == view.version())
    };
    let stale: Vec<_> = views.iter().filter(is_stale).collect();
    if !stale.is_empty() {
        // Readers of other processes must see all tables before the change or all after it.
        tx.end_questions()?;
        tx.close_gate()?;
        drop_sql_views(tx, dialect)?;
    }
    for view in stale {
        // A view that is new in this build is reported as being rebuilt up to the position that the other
        // views had.
        let of_view = kept.iter().find(|row| row.view == view.name());
        let furthest = kept.iter().map(|row| row.position).max();
        let until = of_view.map(|row| row.position).or(furthest);
        if let Some(until) = until {
            lost_rows::begin(tx, view.name(), until)?;
        }
        remake_tables(tx, dialect, view.as_ref())?;
    }
    remake_sql_views(tx, dialect, &table_names(views))
}

/// Creates the tables and documented SQL views of views that have no checkpoint, for example in a
/// database that was restored empty. Tables of another build stay as they are.
pub(crate) fn restore_schema(
    tx: &mut dyn Tx,
    dialect: Dialect,
    views: &[Arc<dyn View>],
) -> Result<(), ProjectionError> {
    checkpoint::prepare(tx)?;
    stored::prepare(tx)?;
    let kept = read_checkpoints(tx)?;
    let is_gone = |view: &&Arc<dyn View>| !kept.iter().any(|row| row.view == view.name());
    let gone: Vec<_> = views.iter().filter(is_gone).collect();
    if gone.is_empty() {
        return Ok(());
    }
    drop_sql_views(tx, dialect)?;
    for view in gone {
        remake_tables(tx, dialect, view.as_ref())?;
    }
    remake_sql_views(tx, dialect, &table_names(views))
}

/// Returns the names of the tables that the documented SQL views read: those of all views, and the
/// checkpoints.
fn table_names(views: &[Arc<dyn View>]) -> Vec<&'static str> {
    let tables = views.iter().flat_map(|view| view.tables());
    tables.map(|table| table.name).chain([CHECKPOINT_TABLE]).collect()
}

/// Drops and creates a view's tables, and sets its checkpoint to the beginning of the log.
pub(crate) fn remake_tables(
    tx: &mut dyn Tx,
    dialect: Dialect,
    view: &dyn View,
) -> Result<(), ProjectionError> {
    for table in view.tables() {
        tx.exec(&format!("drop table if exists {}", table.name), &[])?;
        for statement in table.statements(dialect) {
            tx.exec(&statement, &[])?;
        }
    }
    checkpoint::begin(tx, view.name(), view.version())
}
