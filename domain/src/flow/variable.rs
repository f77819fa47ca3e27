//! Variables of a flow: the values that it needs, their types, and how they are spoken.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Variables of a flow, by name.
pub(super) type Variables = BTreeMap<String, Variable>;

/// A value that comes with the enrolment or is set by a key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Variable {
    #[serde(rename = "type", default)]
    pub kind: VariableKind,
    /// True: a list row without the value is a bad row.
    #[serde(default = "yes")]
    pub required: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<String>,
}

const fn yes() -> bool {
    true
}

/// The type of a variable: the form its value must have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum VariableKind {
    #[default]
    Text,
    /// ASCII digits, spoken one by one.
    Digits,
    /// A whole number, with an optional sign.
    Integer,
    /// An amount with at most two decimals.
    Money,
}

/// Longest value of a variable that is spoken, in characters: about half a minute of speech.
pub const VALUE_CHARS_MAX: usize = 128;

impl VariableKind {
    /// Returns true if `value` has this type's form, is not blank and has at most `VALUE_CHARS_MAX`
    /// characters.
    pub fn accepts(self, value: &str) -> bool {
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let fits = !value.trim().is_empty() && value.chars().count() <= VALUE_CHARS_MAX;
        fits && match self {
            Self::Text => true,
            Self::Digits => digits(value),
            Self::Integer => value.parse::<i64>().is_ok(),
            Self::Money => match value.split_once('.') {
                None => digits(value),
                Some((whole, cents)) => digits(whole) && digits(cents) && cents.len() <= 2,
            },
        }
    }

    /// Returns a description of the type for error messages, in English.
    pub const fn described(self) -> &'static str {
        match self {
            Self::Text => "a text of at most 128 characters",
            Self::Digits => "digits only",
            Self::Integer => "a whole number",
            Self::Money => "an amount such as 3250.50",
        }
    }

    /// Returns the value as it is spoken: digits separated by blanks, other types unchanged.
    pub fn spoken(self, value: &str) -> String {
        match self {
            Self::Digits => {
                let digits: Vec<String> = value.chars().map(String::from).collect();
                digits.join(" ")
            }
            Self::Text | Self::Integer | Self::Money => value.to_owned(),
        }
    }
}
