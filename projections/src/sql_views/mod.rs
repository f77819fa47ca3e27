//! The documented SQL views: the masked rows that analysts and their tools may query.
//!
//! Each is a `create view` over tables of the read side; its name and columns stay the same when a table
//! changes. No view has a sealed or personal column; ids are internal. On PostgreSQL the views are in the
//! schema `ledgerline_sql`, separate from the tables, so that a role can be granted this schema alone and a
//! short `search_path` reaches nothing else; with typed columns they are also in `ledgerline_typed`. They are
//! recreated when their text or a table changes, and dropped before tables are dropped or renamed.

mod catalog;
mod column;
mod export;
mod reference;
mod summaries;

pub use catalog::SQL_VIEWS;
pub use column::{SqlColumn, SqlView, Unit};
pub use export::{EXPORT_PAGE_ROWS, EXPORTABLES, ExportFilter, ExportableView};
pub use reference::sql_reference;

use crate::database::{Dialect, Tx};
use crate::error::ProjectionError;
use crate::value::Val;
use crate::views::audit_trail;
use column::Source;
use std::collections::BTreeMap;

/// An example query for the reference and the API description.
pub const EXAMPLE: &str = "select disposition, count(*) from calls group by disposition";

/// The schema of the documented views on PostgreSQL.
pub const SQL_SCHEMA: &str = "ledgerline_sql";

/// The schema of the same views with PostgreSQL's types, for tools that use a column's type: times are
/// `timestamptz`, flags `boolean`. The columns in `SQL_SCHEMA` stay as they are.
pub const TYPED_SCHEMA: &str = "ledgerline_typed";

/// The prefix of typed views in the table of created views.
const TYPED: &str = "typed.";

/// The table of enrolments, with which a call's row is joined.
const ENROLMENTS: &str = "worklist_enrolment";

/// The table of customers' numbers, each with its id keyed with the customer.
const NUMBERS: &str = "customer_timeline_number";

/// Enrolments joined with the closing of their campaign's calling window, if it keeps them waiting: no dial
/// is tried then, and the closing states the reason for all of them. Both tables belong to one view, so they
/// exist together.
const ENROLMENTS_AND_CLOSINGS: &str = "worklist_enrolment left join worklist_closing on \
    closed_campaign = worklist_enrolment.campaign and state = 'waiting' and due_at < closed_until";

/// The table of created views with their statements: a start that changes nothing touches nothing, and waits
/// for no reader.
const MADE: &str = "create table if not exists sql_view_made (name text primary key, ddl text not null)";

/// Drops the documented views before tables are dropped, renamed or recreated: on PostgreSQL a view locks its
/// table, and SQLite does not rename a table under a broken view.
pub(crate) fn drop_sql_views(tx: &mut dyn Tx, dialect: Dialect) -> Result<(), ProjectionError> {
    tx.exec(MADE, &[])?;
    for name in made(tx)?.keys() {
        tx.exec(&format!("drop view if exists {}", placed(name, dialect)), &[])?;
    }
    tx.exec("delete from sql_view_made", &[]).map(drop)
}

/// Creates the documented views of existing tables. If all exist already with the same statements, nothing
/// changes.
pub(crate) fn remake_sql_views(
    tx: &mut dyn Tx,
    dialect: Dialect,
    tables: &[&str],
) -> Result<(), ProjectionError> {
    tx.exec(MADE, &[])?;
    let wanted = wanted(dialect, tables);
    let existing = made(tx)?;
    if existing == wanted {
        return Ok(());
    }
    drop_sql_views(tx, dialect)?;
    if dialect == Dialect::Postgres {
        for schema in [SQL_SCHEMA, TYPED_SCHEMA] {
            tx.exec(&format!("create schema if not exists {schema}"), &[])?;
        }
    }
    for (name, ddl) in wanted {
        // A list of codes reads no table, so it survives when the rows' schema is dropped.
        tx.exec(&format!("drop view if exists {}", placed(&name, dialect)), &[])?;
        tx.exec(&ddl, &[])?;
        tx.exec(
            "insert into sql_view_made (name, ddl) values ($1, $2)",
            &[Val::Text(name), Val::Text(ddl)],
        )?;
    }
    Ok(())
}

fn made(tx: &mut dyn Tx) -> Result<BTreeMap<String, String>, ProjectionError> {
    let rows = tx.query("select name, ddl from sql_view_made order by name", &[])?;
    rows.into_iter()
        .map(|mut row| Ok((row.text()?, row.text()?)))
        .collect()
}

fn wanted(dialect: Dialect, tables: &[&str]) -> BTreeMap<String, String> {
    let there = |view: &&SqlView| view.table.is_none_or(|table| tables.contains(&table));
    let mut wanted = BTreeMap::new();
    for view in SQL_VIEWS.iter().filter(there) {
        wanted.insert(view.name.to_owned(), ddl(view, view.name, dialect, tables));
        if dialect == Dialect::Postgres {
            let name = format!("{TYPED}{}", view.name);
            wanted.insert(name.clone(), ddl(view, &name, dialect, tables));
        }
    }
    wanted
}

/// Returns the schema and name of a view, from its name in the table of created views.
fn placed(name: &str, dialect: Dialect) -> String {
    match (dialect, name.strip_prefix(TYPED)) {
        (Dialect::Sqlite, _) => name.to_owned(),
        (Dialect::Postgres, None) => format!("{SQL_SCHEMA}.{name}"),
        (Dialect::Postgres, Some(typed)) => format!("{TYPED_SCHEMA}.{typed}"),
    }
}

/// Returns the statement that creates a view, from its name in the table of created views.
fn ddl(view: &SqlView, noted: &str, dialect: Dialect, tables: &[&str]) -> String {
    let name = placed(noted, dialect);
    let is_typed = noted.starts_with(TYPED);
    let Some(table) = view.table else {
        return format!("create view {name} as {}", catalog::labels(view.name));
    };
    let columns: Vec<String> = view
        .columns
        .iter()
        .map(|column| {
            let from = match column.source {
                Source::Enrolment(_) if !tables.contains(&ENROLMENTS) => "null".to_owned(),
                Source::KeyedNumber if !tables.contains(&NUMBERS) => "null".to_owned(),
                ref source if is_typed => typed(column.unit, source, table),
                ref source => expression(source, table, dialect),
            };
            format!("{from} as {}", column.name)
        })
        .collect();
    let columns = columns.join(", ");
    let from = match table {
        ENROLMENTS => ENROLMENTS_AND_CLOSINGS,
        audit_trail::NAME => audit_trail::ROWS_AND_NAMES,
        table => table,
    };
    format!("create view {name} as select {columns} from {from}")
}

/// Returns the SQL expression of a column with its PostgreSQL type, for the typed views.
fn typed(unit: Unit, source: &Source, table: &str) -> String {
    let instant = |micros: &str| format!("timestamptz 'epoch' + ({micros}) * interval '1 microsecond'");
    if let Source::Instant(column) = source {
        return instant(column);
    }
    let plain = expression(source, table, Dialect::Postgres);
    match unit {
        Unit::Micros => instant(&plain),
        Unit::Flag => format!("({plain}) <> 0"),
        Unit::Id
        | Unit::Code
        | Unit::Text
        | Unit::Count
        | Unit::Milliseconds
        | Unit::Rfc3339
        | Unit::Position => plain,
    }
}

fn expression(source: &Source, table: &str, dialect: Dialect) -> String {
    match (source, dialect) {
        (Source::Column(column), _) => (*column).to_owned(),
        (Source::Enrolment(wanted), _) => format!(
            "(select {wanted} from {ENROLMENTS_AND_CLOSINGS} where {ENROLMENTS}.campaign = {table}.campaign \
             and {ENROLMENTS}.customer = {table}.customer)"
        ),
        (Source::Label, _) => String::new(),
        (Source::KeyedNumber, _) if table == NUMBERS => "keyed".to_owned(),
        (Source::KeyedNumber, _) => format!(
            "(select keyed from {NUMBERS} where {NUMBERS}.customer = {table}.customer \
             and {NUMBERS}.number = {table}.number)"
        ),
        (Source::Uuid(column), Dialect::Sqlite) => {
            let hex = |first: u8, count: u8| format!("substr(hex({column}), {first}, {count})");
            let parts = [hex(1, 8), hex(9, 4), hex(13, 4), hex(17, 4), hex(21, 12)];
            // `hex` of null is an empty text.
            format!(
                "case when {column} is not null then lower({}) end",
                parts.join(" || '-' || ")
            )
        }
        (Source::Uuid(column), Dialect::Postgres) => {
            format!("cast(cast(encode({column}, 'hex') as uuid) as text)")
        }
        // The text is the same on both databases: RFC 3339, UTC, six decimals.
        (Source::Instant(column), Dialect::Sqlite) => format!(
            "case when {column} is not null then strftime('%Y-%m-%dT%H:%M:%S', {column} / 1000000, 'unixepoch') \
             || '.' || substr('000000' || ({column} % 1000000), -6) || 'Z' end"
        ),
        (Source::Instant(column), Dialect::Postgres) => format!(
            "to_char(timestamp 'epoch' + {column} * interval '1 microsecond', \
             'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')"
        ),
    }
}

#[cfg(test)]
mod tests;
