//! Imported calls that another system made before (VICIdial, Asterisk), according to its records (NEW-13):
//! facts that caps count if the record proves a dial, and never dials of ours.
//!
//! Guarantees: a record counts once, however often it is imported. One that proves no dial is stored, and no
//! cap counts it until a later export of the same record proves it.

use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use uuid::Uuid;
use values::ids::{InvalidId, NAMESPACE, NumberId, uuid_id};

/// The most imported calls of one event, so that a record stays far below a megabyte.
pub const PAST_CALLS_OF_EVENT_MAX: usize = 500;

/// The most imported calls of which one person or number keeps the ids: one a day for five years. Above
/// that the oldest are dropped; an import is refused if more would be less than 30 days old.
pub const PAST_CALLS_MAX: usize = 2_000;

/// The prefix of the fact that states how many of a cap's counted calls were imported.
pub const IMPORTED_FACT: &str = "imported_";

/// The most bytes of a VICIdial status; a longer text is not a status. Its column has six letters.
const VICIDIAL_STATUS_BYTES_MAX: usize = 6;

/// Asterisk's words for the end of a dial (`DIALSTATUS`), for calls that only the switch recorded.
const SWITCH_STATUSES: [&str; 9] = [
    "ANSWER",
    "BUSY",
    "NOANSWER",
    "CANCEL",
    "CHANUNAVAIL",
    "CONGESTION",
    "DONTCALL",
    "TORTURE",
    "INVALIDARGS",
];

/// Asterisk's dispositions (`ast_cdr_disp2str`).
const DISPOSITIONS: [&str; 7] = [
    "ANSWERED",
    "NO ANSWER",
    "BUSY",
    "FAILED",
    "CONGESTION",
    "NOANSWER",
    "UNKNOWN",
];

/// A record within this time of one of our dials to the same number is that dial, recorded by the switch: the
/// set-up and the difference of two clocks are below a minute.
pub const SAME_DIAL_MS: u64 = 60_000;

uuid_id!(
    /// One call of another system: UUIDv5 of the system, the number's id and the system's own key of the
    /// record.
    PastCallId, "past call"
);

impl PastCallId {
    /// Returns the id of the call that a record describes. `key`: the record's own id in its system. The
    /// same record has the same id in every file.
    pub fn derive(source: HistorySource, number: &NumberId, key: &str) -> Self {
        let text = format!("past call:{}/{number}/{key}", source.code());
        Self(Uuid::new_v5(&NAMESPACE, text.as_bytes()))
    }
}

/// The system from which imported call records come.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    schemars::JsonSchema,
    derive::EventMembers,
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

/// The data of one imported call record; it names no person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema, derive::EventMembers)]
#[open(status, talk_ms)]
pub struct PastCall {
    pub record: PastCallId,
    pub dialed_at: Timestamp,
    /// True if the record proves that the callee was dialed; otherwise no cap counts it.
    pub proves_dial: bool,
    /// True if the call was picked up; absent if the record does not say: counts as both.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answered: Option<bool>,
    /// The system's own word for how it ended.
    #[schemars(example = &"NO ANSWER")]
    pub status: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub talk_ms: Option<u64>,
}

/// Returns true if a text may be a status of this system. A status is stored unsealed, so a column of
/// numbers or names must not pass as one. Stored values are not checked again.
pub fn is_status(source: HistorySource, text: &str) -> bool {
    let known =
        |letter: u8| letter.is_ascii_uppercase() || letter.is_ascii_digit() || matches!(letter, b'_' | b'-');
    match source {
        HistorySource::Asterisk => DISPOSITIONS.contains(&text),
        HistorySource::Vicidial => {
            let is_short = text.len() <= VICIDIAL_STATUS_BYTES_MAX && text.bytes().all(known);
            let is_own = is_short && text.bytes().any(|letter| letter.is_ascii_uppercase());
            is_own || SWITCH_STATUSES.contains(&text)
        }
    }
}

/// What is kept of an imported record, so that it counts once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct RecordSummary {
    dialed_at: Timestamp,
    proves_dial: bool,
}

/// A dial of another system that an imported record proves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ImportedDial {
    pub at: Timestamp,
    /// `None` if the record does not say: counts as both.
    pub answered: Option<bool>,
}

/// The imported records and proved dials of one person or number.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PastCalls {
    records: BTreeMap<PastCallId, RecordSummary>,
    dials: Vec<ImportedDial>,
}

/// The reasons why imported records are refused.
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
        self.records.contains_key(&record)
    }

    /// Returns true if the record says nothing new: it is known, and as proved as before. A dial that was
    /// not proved may be proved by a later export.
    pub(crate) fn tells(&self, call: &PastCall) -> bool {
        let noted = self.records.get(&call.record);
        noted.is_some_and(|noted| noted.proves_dial || !call.proves_dial)
    }

    /// Returns the number of imported records of calls after an instant.
    pub(crate) fn count_after(&self, oldest: Timestamp) -> usize {
        let records = self.records.values();
        records.filter(|noted| noted.dialed_at > oldest).count()
    }

    pub fn dials(&self) -> &[ImportedDial] {
        &self.dials
    }

    pub(crate) fn note(&mut self, calls: &[PastCall]) {
        for call in calls {
            let was_proved = self
                .records
                .get(&call.record)
                .is_some_and(|noted| noted.proves_dial);
            let noted = RecordSummary {
                dialed_at: call.dialed_at,
                proves_dial: call.proves_dial || was_proved,
            };
            self.records.insert(call.record, noted);
            if call.proves_dial && !was_proved {
                self.dials.push(ImportedDial {
                    at: call.dialed_at,
                    answered: call.answered,
                });
            }
        }
        self.make_room();
    }

    /// Removes the oldest records above `PAST_CALLS_MAX`: no cap looks back to them, which was checked when
    /// newer ones were added.
    fn make_room(&mut self) {
        while self.records.len() > PAST_CALLS_MAX {
            let oldest = self.records.iter().min_by_key(|(_, noted)| noted.dialed_at);
            let Some(oldest) = oldest.map(|(record, _)| *record) else {
                return;
            };
            self.records.remove(&oldest);
        }
    }

    /// Adds the dials that the records of another id of the same person prove.
    pub(crate) fn count_also(&mut self, other: &Self) {
        self.dials.extend_from_slice(&other.dials);
    }

    pub(crate) fn trim(&mut self, oldest: Timestamp) {
        self.dials.retain(|dial| dial.at > oldest);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_id_of_an_imported_call_never_changes() {
        let number = "ffeeddccbbaa99887766554433221100".parse().unwrap();
        let id = PastCallId::derive(HistorySource::Asterisk, &number, "1772416800.1");
        // Golden events of numbers have this id.
        assert_eq!(id.to_string(), "8bb6b50b-0a72-540c-8aa5-0de9708c6a82");
    }

    #[test]
    fn no_number_and_no_name_is_a_status() {
        for (source, text, may_be) in [
            (HistorySource::Vicidial, "SALE", true),
            (HistorySource::Vicidial, "CPDINV", true),
            (HistorySource::Vicidial, "A-1_B", true),
            (HistorySource::Vicidial, "CHANUNAVAIL", true),
            (HistorySource::Vicidial, "CPDINVX", false),
            (HistorySource::Vicidial, "13800138000", false),
            (HistorySource::Vicidial, "138001", false),
            (HistorySource::Vicidial, "ZHANG WEI", false),
            (HistorySource::Vicidial, "", false),
            (HistorySource::Asterisk, "NO ANSWER", true),
            (HistorySource::Asterisk, "SALE", false),
            (HistorySource::Asterisk, "13800138000", false),
        ] {
            assert_eq!(is_status(source, text), may_be, "{source:?} {text:?}");
        }
    }
}
