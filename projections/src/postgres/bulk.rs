//! Reads and writes many whole rows at once: appends by binary COPY; upserts, deletes and reads by key in one
//! statement with whole columns as parameters.

use super::connection::{Link, Shape};
use crate::database::Table;
use crate::statements::{conflict_clause, key_names};
use crate::value::Val;
use postgres::binary_copy::BinaryCopyInWriter;
use postgres::types::ToSql;
use postgres::{Error, Row};
use std::collections::BTreeMap;

/// Most rows of one statement. Its parameters stay far below the gigabyte that a message may have.
pub(super) const ROWS_MAX: usize = 4_096;

/// Number of rows from which COPY is used. With fewer a statement is faster, because COPY needs one more
/// round trip.
const COPIED_ROWS_MIN: usize = 16;

/// Returns the SQL that makes rows from `count` parameters, one array per column: `unnest($1::text[],
/// $2::bigint[])`.
fn unnested(shape: &Shape, count: usize) -> String {
    let columns = shape.types.iter().take(count).zip(1..);
    let arrays: Vec<String> = columns
        .map(|(kind, place)| format!("${place}::{}[]", kind.name()))
        .collect();
    format!("unnest({})", arrays.join(", "))
}

/// Returns the SQL condition that the key columns of the tables `t` and `k` are equal.
fn same_keys(shape: &Shape, table: &Table) -> String {
    let keys = shape.columns.iter().take(table.key_columns);
    let same: Vec<String> = keys.map(|key| format!("t.{key} = k.{key}")).collect();
    same.join(" and ")
}

/// Returns the SQL that reads the rows of a table by many keys.
pub(super) fn rows_statement(link: &mut Link, table: &Table) -> Result<String, Error> {
    let shape = link.shape(table.name)?;
    Ok(format!(
        "select t.* from {} as k({}) join {} as t on {}",
        unnested(&shape, table.key_columns),
        key_names(&shape.columns, table),
        table.name,
        same_keys(&shape, table)
    ))
}

fn upsert_statement(shape: &Shape, table: &Table) -> String {
    format!(
        "insert into {} select * from {} {}",
        table.name,
        unnested(shape, shape.types.len()),
        conflict_clause(&shape.columns, table)
    )
}

/// Converts rows to columns, the form of the parameters of a statement over arrays.
fn transposed(rows: &[Vec<Val>]) -> Vec<Vec<&Val>> {
    let count = rows.first().map_or(0, Vec::len);
    let column = |at: usize| {
        rows.iter()
            .map(move |row| row.get(at).unwrap_or(&Val::Null))
            .collect()
    };
    (0..count).map(column).collect()
}

fn parameters<'a>(columns: &'a [Vec<&'a Val>]) -> Vec<&'a (dyn ToSql + Sync)> {
    columns
        .iter()
        .map(|column| column as &(dyn ToSql + Sync))
        .collect()
}

fn execute(link: &mut Link, sql: &str, rows: &[Vec<Val>]) -> Result<(), Error> {
    let statement = link.statement(sql)?;
    let columns = transposed(rows);
    link.client.execute(&statement, &parameters(&columns)).map(drop)
}

pub(super) fn query(link: &mut Link, sql: &str, keys: &[Vec<Val>]) -> Result<Vec<Row>, Error> {
    let statement = link.statement(sql)?;
    let columns = transposed(keys);
    link.client.query(&statement, &parameters(&columns))
}

/// Returns the last row of each key, because a statement may not write a row twice.
fn last_of_each_key(table: &Table, rows: &[Vec<Val>]) -> Vec<Vec<Val>> {
    let mut last = BTreeMap::new();
    for row in rows {
        last.insert(row.get(..table.key_columns).unwrap_or(row), row);
    }
    last.into_values().cloned().collect()
}

fn has_keys_twice(table: &Table, rows: &[Vec<Val>]) -> bool {
    let mut keys: Vec<&[Val]> = rows
        .iter()
        .map(|row| row.get(..table.key_columns).unwrap_or(row))
        .collect();
    keys.sort_unstable();
    keys.windows(2).any(|pair| pair.first() == pair.last())
}

/// Writes rows; a row with an existing key overwrites the stored one. Of rows with the same key the last
/// counts.
pub(super) fn upsert(link: &mut Link, table: &Table, rows: &[Vec<Val>]) -> Result<(), Error> {
    if rows.is_empty() {
        return Ok(());
    }
    if has_keys_twice(table, rows) {
        return upsert(link, table, &last_of_each_key(table, rows));
    }
    let shape = link.shape(table.name)?;
    let sql = upsert_statement(&shape, table);
    rows.chunks(ROWS_MAX)
        .try_for_each(|rows| execute(link, &sql, rows))
}

/// Deletes the rows with these keys. A key without a row is ignored.
pub(super) fn delete(link: &mut Link, table: &Table, keys: &[Vec<Val>]) -> Result<(), Error> {
    if keys.is_empty() {
        return Ok(());
    }
    let shape = link.shape(table.name)?;
    let sql = format!(
        "delete from {} as t using {} as k({}) where {}",
        table.name,
        unnested(&shape, table.key_columns),
        key_names(&shape.columns, table),
        same_keys(&shape, table)
    );
    keys.chunks(ROWS_MAX)
        .try_for_each(|keys| execute(link, &sql, keys))
}

/// Inserts rows with new keys. Fails if a key exists.
pub(super) fn append(link: &mut Link, table: &Table, rows: &[Vec<Val>]) -> Result<(), Error> {
    if rows.is_empty() {
        return Ok(());
    }
    let shape = link.shape(table.name)?;
    if rows.len() >= COPIED_ROWS_MIN {
        return copy(link, table, &shape, rows);
    }
    let source = unnested(&shape, shape.types.len());
    execute(
        link,
        &format!("insert into {} select * from {source}", table.name),
        rows,
    )
}

fn copy(link: &mut Link, table: &Table, shape: &Shape, rows: &[Vec<Val>]) -> Result<(), Error> {
    let statement = link.statement(&format!("copy {} from stdin (format binary)", table.name))?;
    let mut writer = BinaryCopyInWriter::new(link.client.copy_in(&statement)?, &shape.types);
    for row in rows {
        writer.write_raw(row)?;
    }
    writer.finish().map(drop)
}
