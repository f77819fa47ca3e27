//! The deduplication scope of an import, which lists and enrolments share.

use serde::{Deserialize, Serialize};

/// Deduplication scope of an import: where the import looks for an existing enrolment of a customer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DeduplicationScope {
    /// In the file and in its campaign.
    #[default]
    Campaign,
    /// In every campaign, including ended ones.
    Everywhere,
}

impl DeduplicationScope {
    pub const CODES: &'static [&'static str] = &["campaign", "everywhere"];

    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "" | "campaign" => Some(Self::Campaign),
            "everywhere" => Some(Self::Everywhere),
            _ => None,
        }
    }
}
