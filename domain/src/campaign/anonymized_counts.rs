//! The counts that close an anonymization: persons, calls and messages with their personal values removed.

use serde::{Deserialize, Serialize};

/// What came of the persons of a campaign.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema)]
pub struct AnonymizedCounts {
    pub persons: u64,
    /// Erased, now or before.
    pub erased: u64,
    /// Still known: they occur in another campaign.
    pub in_other_campaigns: u64,
    /// Still known: under a hold.
    pub held: u64,
    /// Still known: a call is open, or a recording is younger than it has to be kept.
    pub not_yet: u64,
    /// Calls and conversations whose words are kept without their speakers; absent of none, as all below.
    #[serde(default, skip_serializing_if = "is_none_at_all")]
    pub copied: u64,
    /// Calls and conversations with words that could not be read, or that were masked as a whole.
    #[serde(default, skip_serializing_if = "is_none_at_all")]
    pub without_words: u64,
    /// Not copied: fewer than three persons said anything, so that each would be known.
    #[serde(default, skip_serializing_if = "is_none_at_all")]
    pub too_few: u64,
    /// Of persons who are still known: transcripts that were destroyed behind their copies.
    #[serde(default, skip_serializing_if = "is_none_at_all")]
    pub transcripts_disposed: u64,
    /// Of persons who are still known: transcripts that stay, since they are not past their period, open with
    /// a key that others need, or stand under a hold or a complaint.
    #[serde(default, skip_serializing_if = "is_none_at_all")]
    pub transcripts_kept: u64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
const fn is_none_at_all(count: &u64) -> bool {
    *count == 0
}
