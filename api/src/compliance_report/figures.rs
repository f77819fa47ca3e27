//! The figures of a compliance report: counts only, so that the same events always give the same bytes.

use crate::calendar::Span;
use crate::log_walk::LogEnd;
use serde::Serialize;
use std::collections::BTreeMap;

/// Version of this form and of what is counted: a change of either adds one, and an issued report is checked
/// by the one it was made by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    /// Held every recording of a call whose notice was not over for a breach.
    Second,
    /// Asks from when on the callee is heard.
    Third,
}

impl Format {
    /// Of new reports.
    pub(super) const NEWEST: Self = Self::Third;
    /// By which a report may have been issued, the newest first.
    pub(super) const ALL: [Self; 2] = [Self::NEWEST, Self::Second];

    pub(super) const fn number(self) -> u32 {
        match self {
            Self::Second => 2,
            Self::Third => 3,
        }
    }
}

/// Violations named in a report; all are counted.
pub(super) const NAMED_MAX: usize = 100;

/// Counts by a code.
pub(crate) type Counts = BTreeMap<String, u64>;

/// Everything a compliance report says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Figures {
    pub(crate) report: &'static str,
    pub(crate) format: u32,
    pub(crate) period: Span,
    /// What the report rests on: the events up to here, and no others.
    pub(crate) log: LogEnd,
    pub(crate) dials: Dials,
    pub(crate) rules: Vec<RuleRow>,
    pub(crate) opt_outs: OptOuts,
    pub(crate) notices: Notices,
    pub(crate) persons: Persons,
    pub(crate) watch: Watch,
    /// What must not be: each with the event that shows it.
    pub(crate) violations: Counts,
    pub(crate) named: Vec<Violation>,
}

/// Calls and legs of the period.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub(crate) struct Dials {
    /// Calls permitted by customer and number.
    pub(crate) permitted: u64,
    /// Calls whose first leg was dialed.
    pub(crate) dialed: u64,
    pub(crate) legs: u64,
    pub(crate) answered: u64,
    pub(crate) ended: u64,
    pub(crate) dispositions: Counts,
    /// Dialed calls by Beijing's hour, `00` to `23`.
    pub(crate) hours: Counts,
    /// Numbers by how many calls were dialed to them on one Beijing day.
    pub(crate) calls_per_number_and_day: BTreeMap<u32, u64>,
}

/// One version of one rule: what it said before a dial.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct RuleRow {
    /// `customer` or `number`: whose rule.
    pub(crate) side: &'static str,
    pub(crate) rule: String,
    pub(crate) version: u32,
    pub(crate) effective_from: String,
    pub(crate) allowed: u64,
    pub(crate) deferred: u64,
    pub(crate) forbidden: u64,
}

/// 谢绝来电, and that it was honoured.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub(crate) struct OptOuts {
    pub(crate) recorded: Counts,
    pub(crate) suppressed: u64,
    /// Numbers that must not be dialed, since the log began.
    pub(crate) numbers_opted_out: u64,
    /// Calls that were open when their number opted out: withdrawn or cancelled.
    pub(crate) open_then: u64,
    /// Legs dialed to a number after it had opted out, granted before that: the race that `open_then` ends.
    pub(crate) dialed_in_flight: u64,
    /// Legs dialed to a number after it had opted out, granted after it: none may be.
    pub(crate) dialed_after: u64,
}

/// Notices and recordings of calls that ended in the period.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub(crate) struct Notices {
    pub(crate) recording_notices: u64,
    pub(crate) robot_notices: u64,
    pub(crate) recorded_calls: u64,
    pub(crate) recorded_with_notice: u64,
    pub(crate) recorded_without_notice: u64,
    /// Ended before the notice was over, with nothing of the callee in the recording. Since the third format.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) ended_during_notice: Option<u64>,
    /// The same, stored before events said from when on the callee is heard. Since the third format.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) ended_during_notice_unknown: Option<u64>,
}

/// What was done for persons.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub(crate) struct Persons {
    pub(crate) consents_recorded: u64,
    pub(crate) consents_withdrawn: u64,
    pub(crate) erasures_requested: u64,
    pub(crate) erased: u64,
    pub(crate) certified: u64,
    /// Requested since the log began and not erased yet.
    pub(crate) erasures_open: u64,
    pub(crate) held: u64,
    pub(crate) holds_released: u64,
    /// Held now.
    pub(crate) holds_open: u64,
}

/// Alerts, corrections and audits.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub(crate) struct Watch {
    pub(crate) alerts: Counts,
    pub(crate) campaigns_paused: Counts,
    /// By move, such as `answered/success>machine`.
    pub(crate) corrections: Counts,
    pub(crate) restores: u64,
    pub(crate) samples_drawn: u64,
    pub(crate) samples_signed_off: u64,
    /// `no` answers to the checklist, by item.
    pub(crate) findings_against: Counts,
}

/// Something that must not be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Violation {
    pub(crate) what: &'static str,
    /// Position of the event that shows it.
    pub(crate) position: u64,
    pub(crate) stream: String,
}

impl Figures {
    /// The one form that is hashed and signed: JSON, members by name, no blanks.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let value = serde_json::to_value(self).unwrap_or_default();
        value.to_string().into_bytes()
    }
}
