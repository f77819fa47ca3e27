//! The statements that read and write whole rows of any table, from the names of its columns.

use crate::table::Table;

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

/// The primary key's columns.
pub(crate) fn key_names(columns: &[String], table: &Table) -> String {
    columns.get(..table.key_columns).unwrap_or(columns).join(", ")
}

/// How an insert ends that puts whole rows in place of those with their keys.
pub(crate) fn in_their_place(columns: &[String], table: &Table) -> String {
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

/// A whole row in place of the one with its key.
pub(crate) fn upsert_statement(columns: &[String], table: &Table) -> String {
    let places = placeholders(columns.len());
    let then = in_their_place(columns, table);
    format!("insert into {} values ({places}) {then}", table.name)
}
