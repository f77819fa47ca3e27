//! The events of the retention of one data class. Stored kinds and versions never change; new ones are added.
//! The envelope names the actor; items are named by ids of this system.

use super::class::DataClass;
use crate::calling_plan::Preset;
use crate::stored_event::Position;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use values::ids::{CallId, ConversationId, CustomerId};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema, derive::EventData)]
#[serde(tag = "kind", content = "data")]
pub enum RetentionEvent {
    /// A retention period was set or removed. Without `after_days` the data is kept until a period is set.
    #[serde(rename = "retention.period_set")]
    #[open(before_days, after_days, reason)]
    PeriodSet {
        /// Absent for all presets without their own period.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        preset: Option<Preset>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        before_days: Option<u32>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        after_days: Option<u32>,
        reason: String,
    },
    /// A disposal began. The event is stored before the first item is destroyed.
    #[serde(rename = "retention.disposal_begun")]
    #[open(disposal)]
    DisposalBegun {
        /// Number of the disposal within the class, starting at 1.
        disposal: u64,
        #[serde(flatten)]
        under: DisposalRule,
        #[serde(flatten)]
        what: Box<DisposedItems>,
    },
    /// A disposal was completed. Its items are in the event that began it.
    #[serde(rename = "retention.disposed")]
    #[open(disposal)]
    Disposed {
        disposal: u64,
        #[serde(flatten)]
        under: DisposalRule,
        #[serde(flatten)]
        result: DisposalResult,
    },
    /// A review looked for data past its retention period. Recorded also if there was none.
    #[serde(rename = "retention.reviewed")]
    Reviewed {
        #[serde(flatten)]
        reviewed: ReviewCounts,
    },
}

/// The rule of a disposal and the age of its items.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema, derive::EventMembers)]
#[open(days, rule)]
pub struct DisposalRule {
    pub class: DataClass,
    /// The preset under which the data was recorded. For a customer with several campaigns, the preset with
    /// the longest period.
    pub preset: Preset,
    /// The retention period in days.
    pub days: u32,
    /// The reason of the period: a setting, or the floor with its legal source.
    pub rule: String,
    /// End times of the oldest and the newest item: the end of the call, or the customer's last event.
    pub oldest_at: Timestamp,
    pub newest_at: Timestamp,
}

/// The items of a disposal, by ids of this system.
#[derive(
    Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema, derive::EventMembers,
)]
pub struct DisposedItems {
    /// Calls, for recordings and transcripts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub calls: Vec<CallId>,
    /// Customers, for persons.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub customers: Vec<CustomerId>,
    /// Text conversations, for transcripts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub conversations: Vec<ConversationId>,
}

impl DisposedItems {
    /// Returns the number of items.
    pub const fn count(&self) -> usize {
        let of_calls = self.calls.len().saturating_add(self.conversations.len());
        of_calls.saturating_add(self.customers.len())
    }

    /// Returns true if all items belong to this class.
    pub const fn is_of(&self, class: DataClass) -> bool {
        match class {
            DataClass::Recordings => self.customers.is_empty() && self.conversations.is_empty(),
            DataClass::Persons => self.calls.is_empty() && self.conversations.is_empty(),
            DataClass::Transcripts => self.customers.is_empty(),
        }
    }
}

/// The result of a disposal, as numbers of items.
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
#[open(destroyed, gone, kept)]
pub struct DisposalResult {
    /// Destroyed by this disposal.
    pub destroyed: u64,
    /// Destroyed before, by an erasure or before a crash.
    pub gone: u64,
    /// Kept, because a legal hold was set in the meantime or the data is in use again.
    pub kept: u64,
}

/// The result of a review, as numbers of items.
#[derive(
    Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema, derive::EventMembers,
)]
#[open(looked_at, due, destroyed, held, left)]
pub struct ReviewCounts {
    pub looked_at: u64,
    /// Items with their period passed, including those held and left.
    pub due: u64,
    pub destroyed: u64,
    /// Items with their period passed, but under a legal hold.
    pub held: u64,
    /// Items beyond the limit of one review. The next review continues with them.
    pub left: u64,
    /// The last customer that was reviewed; the next review continues after it. Absent if all were reviewed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub through: Option<CustomerId>,
    /// For transcripts: up to this position nothing is left to dispose of. The next review continues after
    /// it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub through_position: Option<Position>,
}
