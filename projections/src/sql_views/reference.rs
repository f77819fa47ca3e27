//! Generates the reference of the documented views as Markdown from the catalog.

use super::catalog::SQL_VIEWS;
use super::column::SqlView;
use std::fmt::Write;

/// Returns one section per view with one line per column. `docs/reference/sql.md` contains this text.
pub fn sql_reference() -> String {
    let mut text = String::new();
    // Writing into a String cannot fail.
    let written = SQL_VIEWS.iter().try_for_each(|view| write_view(&mut text, view));
    written.map_or(String::new(), |()| text)
}

fn write_view(text: &mut String, view: &SqlView) -> std::fmt::Result {
    writeln!(text, "### `{}`\n\n{}. {}。\n", view.name, view.en, view.zh)?;
    writeln!(
        text,
        "| Column | Type and unit | Meaning | 含义 |\n| --- | --- | --- | --- |"
    )?;
    for column in view.columns {
        let (name, unit) = (column.name, column.unit.word());
        writeln!(text, "| `{name}` | {unit} | {} | {} |", column.en, column.zh)?;
    }
    writeln!(text)
}
