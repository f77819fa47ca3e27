//! Facts about the retention of one class of data. Stored kinds and versions; never changed, only added to.
//! Who acted stands in the envelope; what is named is named by ids of our own.

use super::class::DataClass;
use crate::calling_plan::Preset;
use crate::decider::{EventData, UnreadableEvent, read_current};
use crate::personal::Personal;
use crate::stored_event::Position;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use values::ids::{CallId, ConversationId, CustomerId};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(tag = "kind", content = "data")]
pub enum RetentionEvent {
    /// For how long the class is kept from now on; without days, until another is set.
    #[serde(rename = "retention.period_set")]
    PeriodSet {
        /// Left out where it is for all that have none of their own.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        preset: Option<Preset>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        before_days: Option<u32>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        after_days: Option<u32>,
        reason: String,
    },
    /// These are destroyed next: stored before the first byte of them is.
    #[serde(rename = "retention.disposal_begun")]
    DisposalBegun {
        /// Counts the disposals of the class, from 1.
        disposal: u64,
        #[serde(flatten)]
        under: DisposalRule,
        #[serde(flatten)]
        what: Box<DisposedThings>,
    },
    /// The disposal is done; what of, says the event that began it.
    #[serde(rename = "retention.disposed")]
    Disposed {
        disposal: u64,
        #[serde(flatten)]
        under: DisposalRule,
        #[serde(flatten)]
        result: DisposalResult,
    },
    /// What is due was looked for, whether or not anything was.
    #[serde(rename = "retention.reviewed")]
    Reviewed {
        #[serde(flatten)]
        reviewed: Reviewed,
    },
}

/// Why something may be destroyed, and how old it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct DisposalRule {
    pub class: DataClass,
    /// Under which it was recorded; of a person with several campaigns the one that keeps for longest.
    pub preset: Preset,
    /// For how long it was to be kept.
    pub days: u32,
    /// What that rests on.
    pub rule: String,
    /// When the oldest and the newest of it came to rest: the call ended, the person's last event.
    pub oldest_at: Timestamp,
    pub newest_at: Timestamp,
}

/// What is destroyed, by ids of our own.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema)]
pub struct DisposedThings {
    /// Of recordings and transcripts, the calls.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub calls: Vec<CallId>,
    /// Of persons, they themselves.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub customers: Vec<CustomerId>,
    /// Of transcripts, conversations in text.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub conversations: Vec<ConversationId>,
}

impl DisposedThings {
    /// How many are destroyed.
    pub const fn count(&self) -> usize {
        let of_calls = self.calls.len().saturating_add(self.conversations.len());
        of_calls.saturating_add(self.customers.len())
    }

    /// Whether all of it is what a disposal of the class destroys.
    pub const fn is_of(&self, class: DataClass) -> bool {
        match class {
            DataClass::Recordings => self.customers.is_empty() && self.conversations.is_empty(),
            DataClass::Persons => self.calls.is_empty() && self.conversations.is_empty(),
            DataClass::Transcripts => self.customers.is_empty(),
        }
    }
}

/// What came of a disposal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema)]
pub struct DisposalResult {
    /// Destroyed now.
    pub destroyed: u64,
    /// Destroyed already when it came to them: by an erasure, or before a crash.
    pub gone: u64,
    /// Kept after all: under a hold that came between, or in use again.
    pub kept: u64,
}

/// What was found when it was looked for what is due.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Reviewed {
    pub looked_at: u64,
    /// Past their period; what is held and what is left is among them.
    pub due: u64,
    pub destroyed: u64,
    /// Past their period, and under a hold.
    pub held: u64,
    /// Past their period, and more than one review disposes of: the next one goes on.
    pub left: u64,
    /// Persons up to here were looked at; the next review goes on behind. Left out where all were.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub through: Option<CustomerId>,
    /// Of transcripts: of the log up to here nothing is left to be disposed of; the next review goes on
    /// behind.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub through_position: Option<Position>,
}

/// Stored kinds, each named for its variant. They never change.
impl RetentionEvent {
    pub const PERIOD_SET: &'static str = "retention.period_set";
    pub const DISPOSAL_BEGUN: &'static str = "retention.disposal_begun";
    pub const DISPOSED: &'static str = "retention.disposed";
    pub const REVIEWED: &'static str = "retention.reviewed";
}

impl EventData for RetentionEvent {
    fn kind(&self) -> &'static str {
        match self {
            Self::PeriodSet { .. } => Self::PERIOD_SET,
            Self::DisposalBegun { .. } => Self::DISPOSAL_BEGUN,
            Self::Disposed { .. } => Self::DISPOSED,
            Self::Reviewed { .. } => Self::REVIEWED,
        }
    }

    fn version(&self) -> u16 {
        1
    }

    fn personal(&mut self) -> Vec<(String, &mut Personal<String>)> {
        Vec::new()
    }

    fn read(kind: &str, version: u16, data: &RawValue) -> Result<Self, UnreadableEvent> {
        read_current(kind, version, data)
    }
}
