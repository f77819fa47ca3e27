//! The ways to get an answer: by speech, by keypress if speech fails, then by a person.

use serde::{Deserialize, Serialize};

/// The way an answer is taken in this call. After failures it only moves down this list.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum AnswerChannel {
    Speech,
    Keypress,
    Person,
}

impl AnswerChannel {
    /// Returns the next way after a failure: the recognizer ended, or no key was pressed.
    pub const fn after_failure(self) -> Self {
        match self {
            Self::Speech => Self::Keypress,
            Self::Keypress | Self::Person => Self::Person,
        }
    }
}
