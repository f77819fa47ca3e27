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
use application::local_time::local;
use host::config;
use serde_json::Value;

/// Language of the output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Language {
    Zh,
    En,
}

impl Language {
    /// Returns the language of `LC_ALL`, `LC_MESSAGES` or `LANG`: Chinese if the locale begins with zh, else
    /// English.
    pub(crate) fn asked() -> Self {
        Self::of(&config::locale())
    }

    fn of(locale: &str) -> Self {
        match locale.to_ascii_lowercase().starts_with("zh") {
            true => Self::Zh,
            false => Self::En,
        }
    }

    /// Returns the first text (zh) or the second (en).
    const fn pick<'a>(self, words: (&'a str, &'a str)) -> &'a str {
        match self {
            Self::Zh => words.0,
            Self::En => words.1,
        }
    }
}

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
    fn the_locale_chooses_the_language() {
        for (locale, language) in [
            ("zh_CN.UTF-8", Language::Zh),
            ("ZH", Language::Zh),
            ("en_US.UTF-8", Language::En),
            ("C", Language::En),
            ("", Language::En),
        ] {
            assert_eq!(Language::of(locale), language, "{locale}");
        }
    }

    #[test]
    fn a_figure_of_nothing_is_a_dash() {
        let millis = Value::from(8_250);
        assert_eq!(seconds(Some(&millis)), "8.2 s");
        assert_eq!(seconds(Some(&Value::Null)), "-");
    }
}
