//! The figures of a compliance report: counts only, so that the same events always give the same bytes.

use crate::log_walk::LogEnd;
use domain::calendar::Span;
use serde::Serialize;
use std::collections::BTreeMap;

/// Version of this form and of what is counted: a change of either adds one, and an issued report is checked
/// by the one it was made by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Held every recording of a call whose notice was not over for a breach.
    Second,
    /// Asks from when on the callee is heard.
    Third,
}

impl Format {
    /// Of new reports.
    pub(crate) const NEWEST: Self = Self::Third;
    /// By which a report may have been issued, the newest first.
    pub const ALL: [Self; 2] = [Self::NEWEST, Self::Second];

    pub const fn number(self) -> u32 {
        match self {
            Self::Second => 2,
            Self::Third => 3,
        }
    }
}

/// Violations named in a report; all are counted.
pub(crate) const NAMED_MAX: usize = 100;

/// Counts by a code.
pub type Counts = BTreeMap<String, u64>;

/// Everything a compliance report says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Figures {
    pub report: &'static str,
    pub format: u32,
    pub period: Span,
    /// What the report rests on: the events up to here, and no others.
    pub log: LogEnd,
    pub dials: Dials,
    pub rules: Vec<RuleRow>,
    pub(crate) opt_outs: OptOuts,
    pub notices: Notices,
    pub persons: Persons,
    pub watch: Watch,
    /// What must not be: each with the event that shows it.
    pub violations: Counts,
    pub named: Vec<Violation>,
}

/// Calls and legs of the period.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Dials {
    /// Calls permitted by customer and number.
    pub permitted: u64,
    /// Calls whose first leg was dialed.
    pub dialed: u64,
    pub legs: u64,
    pub answered: u64,
    pub ended: u64,
    pub dispositions: Counts,
    /// Dialed calls by Beijing's hour, `00` to `23`.
    pub hours: Counts,
    /// Numbers by how many calls were dialed to them on one Beijing day.
    pub(crate) calls_per_number_and_day: BTreeMap<u32, u64>,
}

/// One version of one rule: what it said before a dial.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RuleRow {
    /// `customer` or `number`: whose rule.
    pub side: &'static str,
    pub rule: String,
    pub version: u32,
    pub effective_from: String,
    pub allowed: u64,
    pub(crate) deferred: u64,
    pub forbidden: u64,
}

/// 谢绝来电, and that it was honoured.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub(crate) struct OptOuts {
    pub recorded: Counts,
    pub suppressed: u64,
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
pub struct Notices {
    pub(crate) recording_notices: u64,
    pub(crate) robot_notices: u64,
    pub recorded_calls: u64,
    pub recorded_with_notice: u64,
    pub(crate) recorded_without_notice: u64,
    /// Ended before the notice was over, with nothing of the callee in the recording. Since the third format.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended_during_notice: Option<u64>,
    /// The same, stored before events said from when on the callee is heard. Since the third format.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended_during_notice_unknown: Option<u64>,
}

/// What was done for persons.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Persons {
    pub(crate) consents_recorded: u64,
    pub(crate) consents_withdrawn: u64,
    pub(crate) erasures_requested: u64,
    pub erased: u64,
    pub certified: u64,
    /// Requested since the log began and not erased yet.
    pub(crate) erasures_open: u64,
    pub held: u64,
    pub(crate) holds_released: u64,
    /// Held now.
    pub(crate) holds_open: u64,
}

/// Alerts, corrections and audits.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Watch {
    pub alerts: Counts,
    pub(crate) campaigns_paused: Counts,
    /// By move, such as `answered/success>machine`.
    pub corrections: Counts,
    pub(crate) restores: u64,
    pub(crate) samples_drawn: u64,
    pub(crate) samples_signed_off: u64,
    /// `no` answers to the checklist, by item.
    pub(crate) findings_against: Counts,
}

/// Something that must not be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Violation {
    pub what: &'static str,
    /// Position of the event that shows it.
    pub position: u64,
    pub stream: String,
}

impl Figures {
    /// The one form that is hashed and signed: JSON, members by name, no blanks.
    pub fn bytes(&self) -> Vec<u8> {
        let value = serde_json::to_value(self).unwrap_or_default();
        value.to_string().into_bytes()
    }
}
