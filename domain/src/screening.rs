//! Limits on which customers a campaign may call besides hours: who takes its answered calls, required lists,
//! and number checks.

use crate::number_check::NumberCheckPlan;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use values::ids::InvalidId;

/// The most bytes of the name of a list of numbers; a longer one is refused. It is stored in events and
/// facts.
pub const LIST_NAME_BYTES_MAX: usize = 64;

/// Who talks with a callee who has answered: an agent or a robot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CallTaker {
    /// An agent, within two seconds.
    Agents,
    /// No agent: a robot speaks.
    Robot,
}

impl CallTaker {
    pub const fn code(self) -> &'static str {
        match self {
            Self::Agents => "agents",
            Self::Robot => "robot",
        }
    }
}

/// The name of a list of numbers, for example `consented-2026`.
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

/// A campaign's limits on which customers it calls.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Screening {
    /// Who takes over answered calls; a robot by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub relief: Option<CallTaker>,
    /// The only list (白名单) with numbers that may be called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub only_listed_on: Option<NumberListName>,
    /// The number check (空号检测) that numbers must have passed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number_check: Option<NumberCheckPlan>,
}
