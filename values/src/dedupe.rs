//! Where somebody is looked for who must not be enrolled twice: what lists and grants of enrolment share.

use serde::{Deserialize, Serialize};

/// Of a list that is imported: where somebody is looked for who must not be enrolled twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Dedupe {
    /// In the file and in its campaign.
    #[default]
    Campaign,
    /// In every campaign, also one that is over.
    Everywhere,
}

impl Dedupe {
    pub const CODES: &'static [&'static str] = &["campaign", "everywhere"];

    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "" | "campaign" => Some(Self::Campaign),
            "everywhere" => Some(Self::Everywhere),
            _ => None,
        }
    }
}
