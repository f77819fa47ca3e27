//! Calls that another system made before us (VICIdial, Asterisk), as its records tell them (NEW-13): facts
//! that caps count where the record proves a dial, and never dials of ours.
//!
//! Promises: a record counts once, however often it is imported; one that proves no dial is kept, and no cap
//! counts it.

use crate::ids::{InvalidId, NAMESPACE, NumberId, uuid_id};
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;
use uuid::Uuid;

/// Most calls of one event: a record stays far below a megabyte.
pub const PAST_CALLS_OF_EVENT_MAX: usize = 500;

/// Most imported calls that one person or number keeps the ids of: one a day for five years.
pub const PAST_CALLS_MAX: usize = 2_000;

/// What the name of a cap's fact begins with that says how many of the counted calls were imported.
pub const IMPORTED_FACT: &str = "imported_";

/// Longest status word: VICIdial's have six letters, Asterisk's eleven.
pub const PAST_STATUS_BYTES_MAX: usize = 20;

/// A record within so much of a dial of ours on the same number is that dial, seen by the switch: its set-up
/// and two clocks' difference lie below a minute.
pub const SAME_DIAL_MS: u64 = 60_000;

uuid_id!(
    /// One call of another system: UUIDv5 of the system, the number's id and the system's own name for it.
    PastCallId, "past call"
);

impl PastCallId {
    /// The call that a record stands for: the same record is itself in every file.
    pub fn derive(source: HistorySource, number: &NumberId, key: &str) -> Self {
        let text = format!("past call:{}/{number}/{key}", source.code());
        Self(Uuid::new_v5(&NAMESPACE, text.as_bytes()))
    }
}

/// Whose records they are.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum HistorySource {
    Vicidial,
    Asterisk,
}

impl HistorySource {
    pub const fn code(self) -> &'static str {
        match self {
            Self::Vicidial => "vicidial",
            Self::Asterisk => "asterisk",
        }
    }
}

/// What a record says of one call; it names nobody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct PastCall {
    pub record: PastCallId,
    pub dialed_at: Timestamp,
    /// The record proves that the callee was dialed; else it is kept and no cap counts it.
    pub proves_dial: bool,
    /// Whether somebody or something picked up; absent where the record does not tell: counts as either.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answered: Option<bool>,
    /// The system's own word for how it ended.
    #[schemars(example = &"NO ANSWER")]
    pub status: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub talk_ms: Option<u64>,
}

/// Whether a text may be a status: capital letters, digits, blanks, `_` and `-`.
pub fn is_status(text: &str) -> bool {
    let known = |letter: u8| {
        letter.is_ascii_uppercase() || letter.is_ascii_digit() || matches!(letter, b' ' | b'_' | b'-')
    };
    !text.is_empty() && text.len() <= PAST_STATUS_BYTES_MAX && text.bytes().all(known)
}

/// A dial that a record proves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ImportedDial {
    pub at: Timestamp,
    /// `None` where the record does not tell: counts as either.
    pub answered: Option<bool>,
}

/// What was imported of one person or number.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PastCalls {
    records: BTreeSet<PastCallId>,
    dials: Vec<ImportedDial>,
}

/// Why records are not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PastCallFault {
    InFuture,
    TooMany,
}

impl PastCalls {
    pub(crate) fn count(&self) -> usize {
        self.records.len()
    }

    pub fn has(&self, record: PastCallId) -> bool {
        self.records.contains(&record)
    }

    pub fn dials(&self) -> &[ImportedDial] {
        &self.dials
    }

    pub(crate) fn note(&mut self, calls: &[PastCall]) {
        for call in calls {
            if self.records.insert(call.record) && call.proves_dial {
                self.dials.push(ImportedDial {
                    at: call.dialed_at,
                    answered: call.answered,
                });
            }
        }
    }

    pub(crate) fn trim(&mut self, oldest: Timestamp) {
        self.dials.retain(|dial| dial.at > oldest);
    }
}
