//! The ways to get an answer: by speech, by keypress if speech fails, then by a person.

use serde::{Deserialize, Serialize};

/// How an answer is taken from the callee in this call. After failures it only moves down this list.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    schemars::JsonSchema,
    derive::EventMembers,
)]
#[serde(rename_all = "snake_case")]
pub enum AnswerChannel {
    Speech,
    Keypress,
    Person,
}

impl AnswerChannel {
    /// Returns how an answer is taken after a failure of this way (no recognizer left, no key pressed): by
    /// key after speech, else by a person.
    pub const fn after_failure(self) -> Self {
        match self {
            Self::Speech => Self::Keypress,
            Self::Keypress | Self::Person => Self::Person,
        }
    }
}
