//! The events of the installation, about the log as a whole. Stored kinds and versions never change; new ones
//! are added.

use super::clock::{ClockDoubt, ClockTrust};
use super::keys::RestoredKeys;
use super::loss::LostHistory;
use crate::record::stored_event::Position;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema, derive::EventData)]
#[serde(tag = "kind", content = "data")]
pub enum InstallationEvent {
    /// The log up to here was restored from a backup. Events after the backup are not known here.
    #[serde(rename = "installation.restored")]
    Restored {
        #[serde(flatten)]
        facts: RestoreFacts,
    },
    /// A user confirmed that dialing may resume.
    #[serde(rename = "installation.dialing_confirmed")]
    #[open(by, reason)]
    DialingConfirmed {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<String>,
        reason: String,
    },
    /// The log got the fingerprint of its installation. Every process that opens it compares its keys with
    /// it.
    #[serde(rename = "installation.named")]
    #[open(fingerprint)]
    Named {
        /// HMAC-SHA-256 under the installation's secret, in lower-case hex. It identifies the installation
        /// and decrypts nothing.
        fingerprint: String,
    },
    /// Keys were restored from a backup. Persons registered after that backup can no longer be read.
    #[serde(rename = "installation.keys_restored")]
    KeysRestored {
        #[serde(flatten)]
        keys: RestoredKeys,
    },
    /// Events that were known before are missing or different. Dialing is off until a user confirms it.
    #[serde(rename = "installation.history_lost")]
    HistoryLost {
        #[serde(flatten)]
        lost: LostHistory,
    },
    /// The index of an embedded log did not match the log and was rebuilt from it. Answers by customer,
    /// campaign or stream since the last check may have lacked events.
    #[serde(rename = "installation.index_remade")]
    #[open(why)]
    IndexRemade {
        /// The fault of the index: a table, or the database's message.
        why: String,
    },
    /// A process compared its clock with another one. It is evidence of how accurate the times in this log
    /// are.
    #[serde(rename = "installation.clock_offset_measured")]
    ClockOffsetMeasured {
        #[serde(flatten)]
        offset: ClockOffset,
    },
    /// A process no longer trusts its wall clock. It does not dial from here on.
    #[serde(rename = "installation.clock_doubted")]
    ClockDoubted {
        #[serde(flatten)]
        doubt: ClockDoubt,
    },
    /// The process trusts its wall clock again.
    #[serde(rename = "installation.clock_trusted")]
    #[open(source, by, reason)]
    ClockTrusted {
        how: ClockTrust,
        /// The clock that confirmed the wall clock, named as in `ClockOffset`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        source: Option<String>,
        /// The user who confirmed it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
}

/// The measured offset between the own clock and another one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema, derive::EventMembers)]
#[open(offset_ms, round_trip_ms, source, uncertainty_ms)]
pub struct ClockOffset {
    /// Milliseconds to add to the own clock to get the source's time; negative if the own clock is ahead.
    pub offset_ms: i64,
    /// Milliseconds from the request to the response.
    pub round_trip_ms: u64,
    /// The source: `ntp:HOST:PORT` or `postgresql`.
    pub source: String,
    /// The true offset is within this many milliseconds of `offset_ms`, as far as the source knows its own
    /// error.
    pub uncertainty_ms: u64,
}

/// The backup that was restored, and up to where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema, derive::EventMembers)]
#[open(log_root)]
pub struct RestoreFacts {
    /// Position of the last event in the backup.
    pub source_head: Position,
    /// Position of the last restored event in the original log. Below `source_head` if the restore stopped
    /// earlier on purpose.
    pub to_position: Position,
    pub backup_made_at: Timestamp,
    /// Merkle root of the restored events, base64 (RFC 9162, 2.1.1).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log_root: Option<String>,
}
