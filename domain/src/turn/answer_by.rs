//! By what means an answer is asked for: by speech, by keypress where speech fails, then by a person.

use serde::{Deserialize, Serialize};

/// How an answer is taken in this call; it only ever goes down.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum AnswerBy {
    Speech,
    Keypress,
    Person,
}

impl AnswerBy {
    /// What is left when this one failed: a recognizer that ended, or keys that nobody pressed.
    pub const fn after_failure(self) -> Self {
        match self {
            Self::Speech => Self::Keypress,
            Self::Keypress | Self::Person => Self::Person,
        }
    }
}
