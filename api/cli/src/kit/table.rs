//! Formats rows as a table: numbers are right-aligned, wide characters count two columns, instants are shown
//! in local time with their offset, and control characters become blanks.

use crate::kit::failure::Failure;
use crate::kit::output;
use application::local_time;
use serde_json::Value;
use unicode_width::UnicodeWidthStr;

/// Widest cell of a table, in columns. Longer values are cut; `--json` prints them in full.
const CELL_COLUMNS_MAX: usize = 60;

/// Prints a table. Each column is a heading and the JSON pointer of the value in an item.
pub(crate) fn print_table(columns: &[(&str, &str)], items: &[Value]) -> Result<(), Failure> {
    member_lines(columns, items)
        .iter()
        .try_for_each(|line| output::line(line))
}

/// Returns the lines of the table that `print_table` prints.
pub(crate) fn member_lines(columns: &[(&str, &str)], items: &[Value]) -> Vec<String> {
    let head: Vec<String> = columns.iter().map(|(head, _)| (*head).to_owned()).collect();
    let row = |item: &Value| -> Vec<Value> {
        let of = |(_, pointer): &(&str, &str)| item.pointer(pointer).cloned().unwrap_or_default();
        columns.iter().map(of).collect()
    };
    let rows: Vec<Vec<Value>> = items.iter().map(row).collect();
    align_table(&head, &rows)
}

/// Returns the list `name` of a reply; empty if the reply has none.
pub(crate) fn items<'a>(reply: &'a Value, name: &str) -> &'a [Value] {
    let list = reply.get(name).and_then(Value::as_array);
    list.map(Vec::as_slice).unwrap_or_default()
}

/// Formats a share (0 to 1) as per cent with one decimal; null if there is no value.
pub(crate) fn percent(value: Option<&Value>) -> Value {
    let share = value.and_then(Value::as_f64);
    share.map_or(Value::Null, |share| {
        Value::String(format!("{:.1} %", share * 100.0))
    })
}

/// Fills a text with blanks to a width in columns; wide characters count two.
pub(crate) fn pad(text: &str, columns: usize) -> String {
    let blanks = " ".repeat(columns.saturating_sub(text.width()));
    format!("{text}{blanks}")
}

/// Puts two texts on each line, indented, in two columns.
pub(crate) fn two_columns(texts: impl Iterator<Item = String>) -> Vec<String> {
    let texts: Vec<String> = texts.collect();
    let widest = texts.iter().map(|text| text.width()).max().unwrap_or(0);
    let line = |pair: &[String]| match pair {
        [first, second] => format!("  {}  {second}", pad(first, widest)),
        _ => format!("  {}", pair.concat()),
    };
    texts.chunks(2).map(line).collect()
}

/// Returns the lines of a table: headings, a rule, and the rows.
pub(crate) fn align_table(head: &[String], rows: &[Vec<Value>]) -> Vec<String> {
    let body: Vec<Vec<String>> = rows.iter().map(|row| row.iter().map(cell).collect()).collect();
    let head: Vec<String> = head.iter().map(|text| cut(text)).collect();
    let width = |index: usize| {
        let cells = body.iter().chain([&head]).filter_map(|row| row.get(index));
        cells.map(|text| text.width()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..head.len()).map(width).collect();
    let right = |index: usize| {
        let mut values = rows
            .iter()
            .filter_map(|row| row.get(index))
            .filter(|value| !value.is_null())
            .peekable();
        values.peek().is_some() && values.all(is_figure)
    };
    let rights: Vec<bool> = (0..head.len()).map(right).collect();
    let line = |row: &Vec<String>| {
        let cells = row.iter().zip(&widths).zip(&rights);
        let padded = cells.map(|((text, width), right)| {
            if *right {
                let blanks = " ".repeat(width.saturating_sub(text.width()));
                format!("{blanks}{text}")
            } else {
                pad(text, *width)
            }
        });
        padded.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    let rule = widths
        .iter()
        .map(|width| "-".repeat(*width))
        .collect::<Vec<_>>()
        .join("  ");
    let mut lines = vec![line(&head), rule];
    lines.extend(body.iter().map(line));
    lines
}

fn is_figure(value: &Value) -> bool {
    value.is_number() || value.as_str().is_some_and(|text| text.ends_with(" %"))
}

fn cell(value: &Value) -> String {
    match value {
        Value::Null => "-".to_owned(),
        Value::String(text) => local_time::of_cell(text).unwrap_or_else(|| cut(text)),
        other => cut(&other.to_string()),
    }
}

/// Replaces control characters by blanks and cuts the text to the widest cell.
fn cut(text: &str) -> String {
    let visible = |one: char| if one.is_control() { ' ' } else { one };
    let text: String = text.chars().map(visible).collect();
    if text.width() <= CELL_COLUMNS_MAX {
        return text;
    }
    let mut cut = String::new();
    for character in text.chars() {
        cut.push(character);
        if cut.width() >= CELL_COLUMNS_MAX {
            break;
        }
    }
    cut.push('…');
    cut
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn shares_and_numbers_stand_to_the_right_and_nothing_is_a_dash() {
        let head = ["任务".to_owned(), "接通率".to_owned()];
        let rows = [
            vec![json!("催收"), percent(Some(&json!(0.5)))],
            vec![json!("T"), percent(None)],
            vec![json!("a\u{1b}[2J"), percent(Some(&json!(1)))],
        ];
        assert_eq!(
            align_table(&head, &rows),
            [
                "任务    接通率",
                "-----  -------",
                "催收    50.0 %",
                "T            -",
                "a [2J  100.0 %"
            ]
        );
    }

    #[test]
    fn instants_are_local_with_their_offset_in_every_table() {
        let rows = [vec![json!("2026-03-02T02:00:00.123456Z"), json!("T")]];
        let lines = align_table(&["at".to_owned(), "campaign".to_owned()], &rows);
        assert_eq!(lines[2], "2026-03-02 10:00:00.123 +08:00  T");
    }

    #[test]
    fn a_long_cell_is_cut_and_says_so() {
        let lines = align_table(&["x".to_owned()], &[vec![json!("查".repeat(60))]]);
        assert!(lines.concat().ends_with('…'), "{lines:?}");
    }
}
