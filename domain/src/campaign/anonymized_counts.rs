//! The counts that close an anonymization: persons, calls and messages with their personal values removed.

use serde::{Deserialize, Serialize};

/// The result of a campaign's anonymization: numbers of persons, and of calls and conversations.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Default,
    Serialize,
    Deserialize,
    schemars::JsonSchema,
    derive::EventMembers,
)]
#[open(
    persons,
    erased,
    in_other_campaigns,
    held,
    not_yet,
    copied,
    without_words,
    too_few,
    transcripts_disposed,
    transcripts_kept
)]
pub struct AnonymizedCounts {
    pub persons: u64,
    /// Persons erased, now or before.
    pub erased: u64,
    /// Persons not erased because they occur in another campaign.
    pub in_other_campaigns: u64,
    /// Persons not erased because of a hold.
    pub held: u64,
    /// Persons not erased yet: a call is open, or a recording is within its minimum retention.
    pub not_yet: u64,
    /// Calls and conversations with an anonymous copy of their words. Absent if zero, like all counts below.
    #[serde(default, skip_serializing_if = "is_none_at_all")]
    pub copied: u64,
    /// Calls and conversations with words that could not be read, or that were masked completely.
    #[serde(default, skip_serializing_if = "is_none_at_all")]
    pub without_words: u64,
    /// Calls and conversations without a copy: fewer than three persons spoke, so each could be recognized.
    #[serde(default, skip_serializing_if = "is_none_at_all")]
    pub too_few: u64,
    /// Transcripts of persons not erased that were destroyed after they were copied.
    #[serde(default, skip_serializing_if = "is_none_at_all")]
    pub transcripts_disposed: u64,
    /// Transcripts of persons not erased that were kept: their period is not over, other data needs their
    /// key, or they are under a hold or a complaint.
    #[serde(default, skip_serializing_if = "is_none_at_all")]
    pub transcripts_kept: u64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
const fn is_none_at_all(count: &u64) -> bool {
    *count == 0
}
