//! The statements that read and write whole rows of any table, from the names of its columns.

use crate::database::Table;

/// `$1, $2 …`.
pub(crate) fn placeholders(count: usize) -> String {
    let places: Vec<String> = (1..=count).map(|place| format!("${place}")).collect();
    places.join(", ")
}

/// The primary key's columns, each equal to its placeholder.
pub(crate) fn key_condition(columns: &[String], table: &Table) -> String {
    let keys = columns.iter().take(table.key_columns).zip(1..);
    let equal: Vec<String> = keys
        .map(|(column, place)| format!("{column} = ${place}"))
        .collect();
    equal.join(" and ")
}

/// A whole row in place of the one with its key.
pub(crate) fn upsert_statement(columns: &[String], table: &Table) -> String {
    let keys = columns.get(..table.key_columns).unwrap_or(columns).join(", ");
    let others = columns.iter().skip(table.key_columns);
    let set: Vec<String> = others
        .map(|column| format!("{column} = excluded.{column}"))
        .collect();
    let then = match set.is_empty() {
        true => "nothing".to_owned(),
        false => format!("update set {}", set.join(", ")),
    };
    let places = placeholders(columns.len());
    format!(
        "insert into {} values ({places}) on conflict ({keys}) do {then}",
        table.name
    )
}
