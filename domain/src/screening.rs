//! Whom a campaign may call at all beyond what is said of hours: who relieves its calls, and whether only
//! numbers on a list of ours are called.

use crate::number_check::NumberCheckPlan;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use values::ids::InvalidId;

/// Longest name of a list of numbers: it stands in events and facts.
pub const LIST_NAME_BYTES_MAX: usize = 64;

/// Who takes over when a callee has answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Relief {
    /// A person within two seconds.
    Agents,
    /// Nobody: a robot speaks.
    Robot,
}

impl Relief {
    pub const fn code(self) -> &'static str {
        match self {
            Self::Agents => "agents",
            Self::Robot => "robot",
        }
    }
}

/// The name of a list of numbers, such as `consented-2026`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String", example = &"consented-2026")]
pub struct NumberListName(String);

impl NumberListName {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for NumberListName {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        let known = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        let is_name = (1..=LIST_NAME_BYTES_MAX).contains(&text.len()) && text.chars().all(known);
        is_name.then(|| Self(text.to_owned())).ok_or_else(|| InvalidId {
            kind: "number list",
            text: text.to_owned(),
            why: "it must have 1 to 64 characters of a-z, 0-9 and -",
        })
    }
}

impl TryFrom<String> for NumberListName {
    type Error = InvalidId;

    fn try_from(text: String) -> Result<Self, InvalidId> {
        text.parse()
    }
}

impl From<NumberListName> for String {
    fn from(name: NumberListName) -> Self {
        name.0
    }
}

impl fmt::Display for NumberListName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a campaign says of whom it calls.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Screening {
    /// A robot unless it is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub relief: Option<Relief>,
    /// Only numbers on this list of ours are called (白名单).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub only_listed_on: Option<NumberListName>,
    /// Only numbers that a vacancy check found fit are called (空号检测).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number_check: Option<NumberCheckPlan>,
}
