//! Builds the SQL statements that read and write whole rows of any table from the names of its columns.

use crate::table::Table;

/// Returns `count` numbered parameters as SQL text: `$1, $2, …`.
pub(crate) fn placeholders(count: usize) -> String {
    let places: Vec<String> = (1..=count).map(|place| format!("${place}")).collect();
    places.join(", ")
}

/// Returns the SQL condition that selects one row by its primary key: each key column equal to its
/// numbered parameter, from `$1` on.
pub(crate) fn key_condition(columns: &[String], table: &Table) -> String {
    let keys = columns.iter().take(table.key_columns).zip(1..);
    let equal: Vec<String> = keys
        .map(|(column, place)| format!("{column} = ${place}"))
        .collect();
    equal.join(" and ")
}

/// Returns the names of the primary key's columns, separated by commas.
pub(crate) fn key_names(columns: &[String], table: &Table) -> String {
    columns.get(..table.key_columns).unwrap_or(columns).join(", ")
}

/// Returns the `on conflict` clause of an upsert: it overwrites all columns outside the primary key, or
/// does nothing if the table has no others.
pub(crate) fn conflict_clause(columns: &[String], table: &Table) -> String {
    let others = columns.iter().skip(table.key_columns);
    let set: Vec<String> = others
        .map(|column| format!("{column} = excluded.{column}"))
        .collect();
    let then = match set.is_empty() {
        true => "nothing".to_owned(),
        false => format!("update set {}", set.join(", ")),
    };
    format!("on conflict ({}) do {then}", key_names(columns, table))
}

/// Returns an `insert` statement for one whole row that overwrites an existing row with the same primary
/// key.
pub(crate) fn upsert_statement(columns: &[String], table: &Table) -> String {
    let places = placeholders(columns.len());
    let then = conflict_clause(columns, table);
    format!("insert into {} values ({places}) {then}", table.name)
}
