//! Facts about the log as a whole. Stored kinds and versions; never changed, only added to.

use super::clock::{ClockDoubt, ClockTrust};
use super::keys::RestoredKeys;
use super::loss::LostHistory;
use crate::decider::{EventData, UnreadableEvent, read_current};
use crate::personal::Personal;
use crate::record::stored_event::Position;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(tag = "kind", content = "data")]
pub enum InstallationEvent {
    /// The log up to here came from a backup; what happened after it was made is unknown here.
    #[serde(rename = "installation.restored")]
    Restored {
        #[serde(flatten)]
        facts: RestoreFacts,
    },
    /// A person lets dialing go on.
    #[serde(rename = "installation.dialing_confirmed")]
    DialingConfirmed {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<String>,
        reason: String,
    },
    /// Whose log this is: every process that opens it with keys holds them to it.
    #[serde(rename = "installation.named")]
    Named {
        /// HMAC-SHA-256 under the installation's secret, lower hex: tells installations apart, opens nothing.
        fingerprint: String,
    },
    /// Keys came back from a backup; who was registered after it was made can be read no more.
    #[serde(rename = "installation.keys_restored")]
    KeysRestored {
        #[serde(flatten)]
        keys: RestoredKeys,
    },
    /// The log lacks events that were known, or holds others; dialing waits for a person.
    #[serde(rename = "installation.history_lost")]
    HistoryLost {
        #[serde(flatten)]
        lost: LostHistory,
    },
    /// The index of an embedded log did not hold what the log says, and was made again from it: an answer by
    /// customer, campaign or stream since the last such check may have lacked events.
    #[serde(rename = "installation.index_remade")]
    IndexRemade {
        /// What was wrong with it: a table, or what the database said.
        why: String,
    },
    /// A process compared its clock with another: evidence of what the times in this log are worth.
    #[serde(rename = "installation.clock_offset_measured")]
    ClockOffsetMeasured {
        #[serde(flatten)]
        offset: ClockOffset,
    },
    /// A process does not believe its wall clock any more: from here on it dials nobody.
    #[serde(rename = "installation.clock_doubted")]
    ClockDoubted {
        #[serde(flatten)]
        doubt: ClockDoubt,
    },
    /// It does again.
    #[serde(rename = "installation.clock_trusted")]
    ClockTrusted {
        how: ClockTrust,
        /// The clock that found the wall right, as in `ClockOffset`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        source: Option<String>,
        /// Who has looked.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
}

/// How far a clock was from another when they were compared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ClockOffset {
    /// What must be added to our clock to get the source's; below zero when ours is ahead.
    pub offset_ms: i64,
    /// From the question to the answer.
    pub round_trip_ms: u64,
    /// Whose clock: `ntp:HOST:PORT` or `postgresql`.
    pub source: String,
    /// The true offset lies within this of `offset_ms`, as far as the source knows itself.
    pub uncertainty_ms: u64,
}

/// What was restored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct RestoreFacts {
    /// The last event's position in the backup.
    pub source_head: Position,
    /// The last restored event's position in the log it came from; below `source_head` when cut on purpose.
    pub to_position: Position,
    pub backup_made_at: Timestamp,
    /// Merkle root of the restored events, base64 (RFC 9162, 2.1.1).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log_root: Option<String>,
}

/// Stored kinds, each named for its variant. They never change.
impl InstallationEvent {
    pub const RESTORED: &'static str = "installation.restored";
    pub const DIALING_CONFIRMED: &'static str = "installation.dialing_confirmed";
    pub const NAMED: &'static str = "installation.named";
    pub const KEYS_RESTORED: &'static str = "installation.keys_restored";
    pub const HISTORY_LOST: &'static str = "installation.history_lost";
    pub const INDEX_REMADE: &'static str = "installation.index_remade";
    pub const CLOCK_OFFSET_MEASURED: &'static str = "installation.clock_offset_measured";
    pub const CLOCK_DOUBTED: &'static str = "installation.clock_doubted";
    pub const CLOCK_TRUSTED: &'static str = "installation.clock_trusted";
}

impl EventData for InstallationEvent {
    fn kind(&self) -> &'static str {
        match self {
            Self::Restored { .. } => Self::RESTORED,
            Self::DialingConfirmed { .. } => Self::DIALING_CONFIRMED,
            Self::Named { .. } => Self::NAMED,
            Self::KeysRestored { .. } => Self::KEYS_RESTORED,
            Self::HistoryLost { .. } => Self::HISTORY_LOST,
            Self::IndexRemade { .. } => Self::INDEX_REMADE,
            Self::ClockOffsetMeasured { .. } => Self::CLOCK_OFFSET_MEASURED,
            Self::ClockDoubted { .. } => Self::CLOCK_DOUBTED,
            Self::ClockTrusted { .. } => Self::CLOCK_TRUSTED,
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
