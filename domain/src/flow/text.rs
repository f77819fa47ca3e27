//! Texts of a flow: plain characters and `{{variables}}`.

use std::collections::BTreeMap;

/// Longest name of a variable, in characters. It is also the heading of a list's column.
pub const VARIABLE_NAME_MAX: usize = 64;

/// A part of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum TextPart<'a> {
    Plain(&'a str),
    Variable(&'a str),
}

/// Why a flow's text cannot be parsed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TextFault {
    #[error("{{{{ is not closed by }}}}")]
    Unclosed,
    #[error("{name:?} is not a variable name: use letters, digits and _, at most 64")]
    BadName { name: String },
}

/// Returns true for a valid name of a variable: 1 to 64 letters and digits of any script and `_`.
pub fn is_variable_name(name: &str) -> bool {
    let count = name.chars().count();
    (1..=VARIABLE_NAME_MAX).contains(&count) && name.chars().all(|one| one.is_alphanumeric() || one == '_')
}

/// Splits a text at its `{{variables}}`. Fails if a `{{` is not closed or a name is not valid.
pub(super) fn pieces(text: &str) -> Result<Vec<TextPart<'_>>, TextFault> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some((plain, after)) = rest.split_once("{{") {
        let (name, tail) = after.split_once("}}").ok_or(TextFault::Unclosed)?;
        let name = name.trim();
        if !is_variable_name(name) {
            return Err(TextFault::BadName {
                name: name.to_owned(),
            });
        }
        if !plain.is_empty() {
            found.push(TextPart::Plain(plain));
        }
        found.push(TextPart::Variable(name));
        rest = tail;
    }
    if !rest.is_empty() {
        found.push(TextPart::Plain(rest));
    }
    Ok(found)
}

/// Returns the names of a text's variables in order of appearance, repeated ones repeatedly; none for a
/// text that cannot be parsed.
pub fn variables_of(text: &str) -> Vec<&str> {
    let found = pieces(text).unwrap_or_default();
    let variable = |piece| match piece {
        TextPart::Variable(name) => Some(name),
        TextPart::Plain(_) => None,
    };
    found.into_iter().filter_map(variable).collect()
}

/// Why the variables of a text cannot be replaced.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FillFault {
    #[error(transparent)]
    Unreadable(#[from] TextFault),
    #[error("{{{{{name}}}}} has no value")]
    Missing { name: String },
}

/// Returns the text with all variables replaced by their values. Fails if it cannot be parsed or a variable
/// has no value.
pub fn fill_strict(text: &str, values: &BTreeMap<String, String>) -> Result<String, FillFault> {
    let missing = pieces(text)?.into_iter().find_map(|piece| match piece {
        TextPart::Variable(name) if !values.contains_key(name) => Some(name.to_owned()),
        TextPart::Variable(_) | TextPart::Plain(_) => None,
    });
    match missing {
        Some(name) => Err(FillFault::Missing { name }),
        None => Ok(fill(text, values).text),
    }
}

/// A text with its variables replaced by values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FilledText {
    pub(super) text: String,
    /// A variable was replaced, so the text holds personal data.
    pub(super) personal: bool,
    /// Plain text and values alternating, with plain text first and last. Empty if there were no variables.
    pub(super) parts: Vec<String>,
}

/// Replaces the variables of a text by their values. A variable without a value is left out; publication
/// and import ensure that none is missing.
pub(super) fn fill(text: &str, values: &BTreeMap<String, String>) -> FilledText {
    let found = pieces(text).unwrap_or_default();
    let personal = found.iter().any(|piece| matches!(piece, TextPart::Variable(_)));
    let mut parts = vec![String::new()];
    for piece in found {
        match piece {
            TextPart::Plain(plain) => {
                if let Some(last) = parts.last_mut() {
                    last.push_str(plain);
                }
            }
            TextPart::Variable(name) => {
                parts.push(values.get(name).cloned().unwrap_or_default());
                parts.push(String::new());
            }
        }
    }
    FilledText {
        text: parts.concat(),
        personal,
        parts: if personal { parts } else { Vec::new() },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_splits_at_its_variables_in_any_script() {
        let text = "您好,{{customer_name}},已逾期{{ 天数 }}天";
        assert_eq!(
            pieces(text).unwrap(),
            [
                TextPart::Plain("您好,"),
                TextPart::Variable("customer_name"),
                TextPart::Plain(",已逾期"),
                TextPart::Variable("天数"),
                TextPart::Plain("天"),
            ]
        );
        assert_eq!(variables_of(text), ["customer_name", "天数"]);
    }

    #[test]
    fn an_open_brace_or_a_bad_name_is_a_fault() {
        assert_eq!(pieces("a {{b"), Err(TextFault::Unclosed));
        for bad in ["{{}}", "{{a b}}", "{{a|b}}", "{{a.b}}"] {
            assert!(matches!(pieces(bad), Err(TextFault::BadName { .. })), "{bad}");
        }
        let longest = "x".repeat(VARIABLE_NAME_MAX);
        assert!(pieces(&format!("{{{{{longest}}}}}")).is_ok());
        assert!(pieces(&format!("{{{{{longest}x}}}}")).is_err());
        assert_eq!(pieces("a } b { c }}"), Ok(vec![TextPart::Plain("a } b { c }}")]));
    }

    #[test]
    fn what_looks_like_a_variable_in_a_value_stays_text() {
        let values = [("name", "{{days}}{{"), ("days", "3"), ("amount", "}}{{name}}")];
        let values = values.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let values = BTreeMap::from(values);
        let text = "您好，{{name}}，已逾期{{days}}天，{{amount}}";
        let expected = "您好，{{days}}{{，已逾期3天，}}{{name}}";
        assert_eq!(fill_strict(text, &values).as_deref(), Ok(expected));
        let filled = fill(text, &values);
        assert_eq!(filled.text, expected);
        assert_eq!(filled.parts[1], "{{days}}{{", "a value is one piece");
    }

    #[test]
    fn filling_in_a_variable_makes_a_text_personal() {
        let values = BTreeMap::from([("name".to_owned(), "张三".to_owned())]);
        assert_eq!(
            fill("您好，{{name}}", &values),
            FilledText {
                text: "您好，张三".to_owned(),
                personal: true,
                parts: vec!["您好，".to_owned(), "张三".to_owned(), String::new()],
            }
        );
        assert!(!fill("您好", &values).personal);
    }
}
