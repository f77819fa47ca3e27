//! Whole rows in SQLite: read, written, changed, inserted and removed by statements that stay prepared.

use super::statement_cache::TableStatements;
use super::{SqliteTx, classify_error, classify_statement_error, values_of};
use crate::database::{Table, Tx};
use crate::error::ProjectionError;
use crate::value::Val;
use rusqlite::{CachedStatement, params_from_iter};
use std::sync::Arc;

fn texts_of(tx: &mut SqliteTx<'_>, table: &'static Table) -> Result<Arc<TableStatements>, ProjectionError> {
    if let Some(known) = tx.texts.known(table) {
        return Ok(known);
    }
    let columns = tx.columns(table.name)?;
    Ok(tx.texts.learn(table, columns))
}

fn prepared<'t>(tx: &'t SqliteTx<'_>, sql: &str) -> Result<CachedStatement<'t>, ProjectionError> {
    if tx.read_only {
        return Err(ProjectionError::Fault(format!("a read would write: {sql}")));
    }
    tx.connection
        .prepare_cached(sql)
        .map_err(|error| classify_statement_error(&error, sql))
}

fn run_each(tx: &SqliteTx<'_>, sql: &str, rows: &[Vec<Val>]) -> Result<(), ProjectionError> {
    let mut statement = prepared(tx, sql)?;
    for row in rows {
        statement
            .execute(params_from_iter(row))
            .map_err(|error| classify_statement_error(&error, sql))?;
    }
    Ok(())
}

pub(super) fn row(
    tx: &mut SqliteTx<'_>,
    table: &'static Table,
    key: &[Val],
) -> Result<Option<Vec<Val>>, ProjectionError> {
    let texts = texts_of(tx, table)?;
    let sql = texts.select.as_str();
    let mut statement = tx
        .connection
        .prepare_cached(sql)
        .map_err(|error| classify_statement_error(&error, sql))?;
    let mut rows = statement
        .query(params_from_iter(key))
        .map_err(|error| classify_statement_error(&error, sql))?;
    let found = rows.next().map_err(|error| classify_error(&error))?;
    found.map(|row| values_of(row, texts.columns.len())).transpose()
}

pub(super) fn write(
    tx: &mut SqliteTx<'_>,
    table: &'static Table,
    rows: &[Vec<Val>],
) -> Result<(), ProjectionError> {
    run_all(tx, table, |texts| &texts.upsert, rows)
}

pub(super) fn append(
    tx: &mut SqliteTx<'_>,
    table: &'static Table,
    rows: &[Vec<Val>],
) -> Result<(), ProjectionError> {
    run_all(tx, table, |texts| &texts.insert, rows)
}

pub(super) fn remove(
    tx: &mut SqliteTx<'_>,
    table: &'static Table,
    keys: &[Vec<Val>],
) -> Result<(), ProjectionError> {
    run_all(tx, table, |texts| &texts.delete, keys)
}

/// A selector of one of a table's statements.
type Statement = fn(&TableStatements) -> &str;

/// Runs one of a table's statements once for each row or key; does nothing if there are none.
fn run_all(
    tx: &mut SqliteTx<'_>,
    table: &'static Table,
    statement: Statement,
    rows: &[Vec<Val>],
) -> Result<(), ProjectionError> {
    if rows.is_empty() {
        return Ok(());
    }
    let texts = texts_of(tx, table)?;
    run_each(tx, statement(&texts), rows)
}

/// Changes rows by writing only the columns that differ, so that indexes over other columns are not touched.
pub(super) fn change(
    tx: &mut SqliteTx<'_>,
    table: &'static Table,
    was: &[Vec<Val>],
    rows: &[Vec<Val>],
) -> Result<(), ProjectionError> {
    let texts = texts_of(tx, table)?;
    for (was, row) in was.iter().zip(rows) {
        let differs = |place: &usize| was.get(*place) != row.get(*place);
        let changed: Vec<usize> = (table.key_columns..row.len()).filter(differs).collect();
        if changed.is_empty() {
            continue;
        }
        let sql = tx.texts.update(table, &texts, &changed);
        let values = changed.iter().filter_map(|place| row.get(*place));
        let values = values.chain(row.iter().take(table.key_columns));
        prepared(tx, &sql)?
            .execute(params_from_iter(values))
            .map_err(|error| classify_statement_error(&error, &sql))?;
    }
    Ok(())
}
