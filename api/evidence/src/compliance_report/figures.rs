//! The figures of a compliance report: only counts, so that the same events always give the same bytes.

use crate::log_walk::LogEnd;
use domain::calendar::CalendarPeriod;
use serde::Serialize;
use std::collections::BTreeMap;

/// Version of the form and of the counting. Each change of either adds a version, and an issued report is
/// checked with the version it was made with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Treats every recording of a call with an unfinished notice as a violation.
    Second,
    /// Considers when the callee is first heard in the recording.
    Third,
}

impl Format {
    /// Version of new reports.
    pub(crate) const NEWEST: Self = Self::Third;
    /// Versions with which a report may have been issued, the newest first.
    pub const ALL: [Self; 2] = [Self::NEWEST, Self::Second];

    pub const fn number(self) -> u32 {
        match self {
            Self::Second => 2,
            Self::Third => 3,
        }
    }
}

/// Most violations that a report lists; further ones are only counted.
pub(crate) const NAMED_MAX: usize = 100;

/// Counts by code.
pub type Counts = BTreeMap<String, u64>;

/// All figures of a compliance report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Figures {
    pub report: &'static str,
    pub format: u32,
    pub period: CalendarPeriod,
    /// The log up to which events were counted.
    pub log: LogEnd,
    pub dials: Dials,
    pub rules: Vec<RuleRow>,
    pub(crate) opt_outs: OptOuts,
    pub notices: Notices,
    pub persons: Persons,
    pub watch: OversightFigures,
    /// Counts of violations by kind. The first of them are listed in `named` with the event that shows it.
    pub violations: Counts,
    pub named: Vec<Violation>,
}

/// Calls and legs of the period.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Dials {
    /// Calls permitted by customer and number.
    pub permitted: u64,
    /// Calls with a dialed first leg.
    pub dialed: u64,
    pub legs: u64,
    pub answered: u64,
    pub ended: u64,
    pub dispositions: Counts,
    /// Dialed calls by hour in Beijing, `00` to `23`.
    pub hours: Counts,
    /// Numbers by the count of calls dialed to them on one day in Beijing.
    pub(crate) calls_per_number_and_day: BTreeMap<u32, u64>,
}

/// One version of one rule, with the number of its verdicts before dials.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RuleRow {
    /// Side of the rule: `customer` or `number`.
    pub side: &'static str,
    pub rule: String,
    pub version: u32,
    pub effective_from: String,
    pub allowed: u64,
    pub(crate) deferred: u64,
    pub forbidden: u64,
}

/// Opt-outs (谢绝来电) and dials after them.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub(crate) struct OptOuts {
    pub recorded: Counts,
    pub suppressed: u64,
    /// Numbers opted out since the log began.
    pub(crate) numbers_opted_out: u64,
    /// Calls that were open when their number opted out: withdrawn or canceled.
    pub(crate) open_then: u64,
    /// Legs dialed after the number's opt-out with a grant from before it: the race that `open_then` ends.
    pub(crate) dialed_in_flight: u64,
    /// Legs dialed after the number's opt-out with a grant from after it; must be 0.
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
    /// Calls that ended during the notice, with nothing of the callee in the recording. Since the third
    /// format.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended_during_notice: Option<u64>,
    /// The same for calls stored before events stated when the callee is first heard. Since the third format.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended_during_notice_unknown: Option<u64>,
}

/// Consents, erasures and holds.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Persons {
    pub(crate) consents_recorded: u64,
    pub(crate) consents_withdrawn: u64,
    pub(crate) erasures_requested: u64,
    pub erased: u64,
    pub certified: u64,
    /// Erasures requested since the log began and not carried out yet.
    pub(crate) erasures_open: u64,
    pub held: u64,
    pub(crate) holds_released: u64,
    /// Holds in force at the end of the period.
    pub(crate) holds_open: u64,
}

/// Alerts, corrections and audits.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct OversightFigures {
    pub alerts: Counts,
    pub(crate) campaigns_paused: Counts,
    /// Corrections by change, for example `answered/success>machine`.
    pub corrections: Counts,
    pub(crate) restores: u64,
    pub(crate) samples_drawn: u64,
    pub(crate) samples_signed_off: u64,
    /// Answers `no` to the checklist, by item.
    pub(crate) findings_against: Counts,
}

/// A violation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Violation {
    pub what: &'static str,
    /// Position of the event that shows it.
    pub position: u64,
    pub stream: String,
}

impl Figures {
    /// Returns the canonical form of the figures, which is hashed and signed: JSON, members sorted by name,
    /// no blanks.
    pub fn bytes(&self) -> Vec<u8> {
        let value = serde_json::to_value(self).unwrap_or_default();
        value.to_string().into_bytes()
    }
}
