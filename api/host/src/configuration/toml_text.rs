//! Writes TOML values and keys, and reads a list that an environment variable holds.

use crate::configuration::setting::SettingKind;
use std::fmt::Write;
use toml::de::DeValue;

/// The longest key that a message repeats, in characters; the longest key of ours has half as many.
const SHOWN_KEY_CHARS_MAX: usize = 60;

/// Returns a text as a TOML string with quotation marks (TOML 1.0, basic strings).
pub(crate) fn quote(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for c in text.chars() {
        match c {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            // Writing to a String cannot fail.
            c if c.is_control() => drop(write!(quoted, "\\u{:04X}", u32::from(c))),
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

/// Returns the values of a setting in TOML.
pub(crate) fn value(kind: SettingKind, values: &[String]) -> String {
    let first = values.first().map_or("", String::as_str);
    match kind {
        SettingKind::Text => quote(first),
        SettingKind::Integer | SettingKind::Switch | SettingKind::InvertedSwitch => first.to_owned(),
        SettingKind::List { .. } => {
            let quoted: Vec<String> = values.iter().map(|one| quote(one)).collect();
            format!("[{}]", quoted.join(", "))
        }
    }
}

/// Returns one part of a key as TOML writes it, shortened if it is longer than any key of ours.
pub(crate) fn key_part(part: &str) -> String {
    let is_bare = !part.is_empty()
        && part
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"_-".contains(&b));
    let shown: String = part.chars().take(SHOWN_KEY_CHARS_MAX).collect();
    let shown = if shown.len() < part.len() {
        format!("{shown}…")
    } else {
        shown
    };
    if is_bare { shown } else { quote(&shown) }
}

/// Parses a TOML list of text, such as `["a", "b"]`; `None` for anything else.
pub(crate) fn parse_list(text: &str) -> Option<Vec<String>> {
    let parsed = DeValue::parse(text).ok()?;
    list_of_text(parsed.get_ref())
}

/// Returns the texts of a TOML list; `None` if it is none, or has other values.
pub(crate) fn list_of_text(value: &DeValue<'_>) -> Option<Vec<String>> {
    let DeValue::Array(values) = value else {
        return None;
    };
    let texts = values.iter().map(|value| match value.get_ref() {
        DeValue::String(text) => Some(text.clone().into_owned()),
        DeValue::Integer(_)
        | DeValue::Float(_)
        | DeValue::Boolean(_)
        | DeValue::Datetime(_)
        | DeValue::Array(_)
        | DeValue::Table(_) => None,
    });
    texts.collect()
}
