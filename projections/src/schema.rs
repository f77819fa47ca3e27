//! The tables of the views of a build: made where they are missing, and made anew where a view's version is
//! not the stored one.

use crate::checkpoint::{self, CHECKPOINT_TABLE, read_checkpoints};
use crate::database::{Dialect, Tx};
use crate::error::ProjectionError;
use crate::lost_rows;
use crate::rebuild::stored;
use crate::sql_views::{drop_sql_views, remake_sql_views};
use crate::view::View;
use std::sync::Arc;

/// Makes the tables of `views`. A view whose version is not the stored one loses its rows and begins again.
pub(crate) fn prepare_schema(
    tx: &mut dyn Tx,
    dialect: Dialect,
    views: &[Arc<dyn View>],
) -> Result<(), ProjectionError> {
    checkpoint::prepare(tx)?;
    stored::prepare(tx)?;
    lost_rows::prepare(tx)?;
    checkpoint::complete(tx)?;
    let kept = read_checkpoints(tx)?;
    let is_stale = |view: &&Arc<dyn View>| {
        let mut rows = kept.iter();
        !rows.any(|row| row.view == view.name() && row.version == view.version())
    };
    let stale: Vec<_> = views.iter().filter(is_stale).collect();
    if !stale.is_empty() {
        // Readers of other processes see the tables before or after, not half of it.
        tx.end_questions()?;
        tx.close_gate()?;
        drop_sql_views(tx, dialect)?;
    }
    for view in stale {
        // Of a view that is new with this build readers expect what they are told of the others.
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

/// Makes what is gone: all of a database that came back empty, with what analysts ask. Tables of another
/// build stay as they are.
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

/// What the documented views stand on.
fn table_names(views: &[Arc<dyn View>]) -> Vec<&'static str> {
    let tables = views.iter().flat_map(|view| view.tables());
    tables.map(|table| table.name).chain([CHECKPOINT_TABLE]).collect()
}

/// Drops and makes a view's tables, and sets its checkpoint before the first event.
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
