//! Pages for people: one call, campaign, customer or number in the user's language, with local times and
//! their offset.
//!
//! A page is made from the JSON that `--json` prints, so both have the same content. Control characters from
//! carriers and files are replaced by blanks, so a terminal never executes them.

mod call;
mod campaign;
mod customer;
pub(crate) mod import_report;
mod number;
mod why_not;

pub(crate) use call::call;
pub(crate) use campaign::campaign;
pub(crate) use customer::customer;
pub(crate) use number::number;
pub(crate) use why_not::why_not;

use crate::kit::failure::Failure;
use crate::kit::output;
pub(crate) use application::language::Language;
use application::local_time::local;
use serde_json::Value;

/// Prints a page, with control characters replaced by blanks.
pub(crate) fn show(lines: &[String]) -> Result<(), Failure> {
    let plain = |one: char| if one.is_control() { ' ' } else { one };
    lines
        .iter()
        .try_for_each(|line| output::line(&line.chars().map(plain).collect::<String>()))
}

/// Returns a text of a reply; a dash if it is missing.
fn text<'a>(value: &'a Value, pointer: &str) -> &'a str {
    maybe(value, pointer).unwrap_or("-")
}

fn maybe<'a>(value: &'a Value, pointer: &str) -> Option<&'a str> {
    value.pointer(pointer).and_then(Value::as_str)
}

/// Formats a text, number or flag; a dash if it is missing.
fn plain(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => "-".to_owned(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}

/// Formats milliseconds as seconds with one decimal; a dash if there is no value.
fn seconds(value: Option<&Value>) -> String {
    let Some(millis) = value.and_then(Value::as_u64) else {
        return "-".to_owned();
    };
    format!("{}.{} s", millis / 1_000, millis % 1_000 / 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_of_nothing_is_a_dash() {
        let millis = Value::from(8_250);
        assert_eq!(seconds(Some(&millis)), "8.2 s");
        assert_eq!(seconds(Some(&Value::Null)), "-");
    }
}
