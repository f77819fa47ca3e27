//! The result of a reconciliation: counts, minutes by month, and the rows to check by hand.

use domain::calendar::beijing;
use domain::time::Timestamp;
use serde::Serialize;
use std::collections::BTreeMap;

/// Most rows of each kind that the result lists; further ones are only counted.
pub const LISTED_MAX: usize = 10_000;

/// Used as the trunk of a row without a call of ours.
const NO_TRUNK: &str = "-";

/// The result of comparing another system's file with our calls.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct ReconciliationResult {
    /// The log was read up to this position.
    pub position: u64,
    pub rows: u64,
    pub matched: u64,
    pub(crate) by_sip_call_id: u64,
    pub(crate) by_number_and_time: u64,
    /// Matched, but seconds, minutes or the answer differ.
    pub disputed: u64,
    /// Calls that we dialed and that are not in their file.
    pub missing_on_their_side: u64,
    /// Calls in their file that we never dialed.
    pub missing_on_our_side: u64,
    /// Rows of their file for a call that already has a row.
    pub duplicates: u64,
    pub bad_rows: u64,
    /// Rows that begin outside the period asked for.
    pub outside: u64,
    /// By month in Beijing, and within it by trunk.
    pub months: BTreeMap<String, Month>,
    /// By day in Beijing.
    pub days: BTreeMap<String, Sums>,
    pub(crate) disputes: Vec<Dispute>,
    pub(crate) only_ours: Vec<UnmatchedCall>,
    pub(crate) only_theirs: Vec<UnmatchedRow>,
    pub twice: Vec<UnmatchedRow>,
    pub bad: Vec<UnreadableRow>,
}

/// One month on both sides.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Month {
    #[serde(flatten)]
    pub whole: Sums,
    /// By the trunk of our call's last leg; `-` for rows without a call of ours.
    pub trunks: BTreeMap<String, Sums>,
}

/// Both sides of a month, a trunk or a day.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Sums {
    pub their_rows: u64,
    pub matched: u64,
    pub disputed: u64,
    pub missing_on_their_side: u64,
    pub missing_on_our_side: u64,
    pub duplicates: u64,
    /// Billed minutes of all their rows, including duplicates.
    pub their_minutes: u64,
    /// Minutes of our calls' talk, each rounded up.
    pub our_minutes: u64,
    /// Their minutes minus ours in disputed calls.
    pub disputed_minutes: i64,
    /// Their minutes of rows that have no call of ours or are the second row of a call: billed without a
    /// call.
    pub unfounded_minutes: u64,
}

/// A matched call on which the sides differ.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Dispute {
    pub line: u64,
    pub call: String,
    pub why: Vec<&'static str>,
    pub(crate) their_seconds: u64,
    pub(crate) our_ms: u64,
    pub their_minutes: u64,
    pub our_minutes: u64,
}

/// A call that is not in their file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct UnmatchedCall {
    pub call: String,
    pub dialed_at: String,
    pub disposition: &'static str,
    pub our_minutes: u64,
}

/// A row of their file without a call of ours, or with one that already has a row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct UnmatchedRow {
    pub line: u64,
    pub start: String,
    /// Masked.
    pub callee: String,
    pub their_minutes: u64,
}

/// A row that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct UnreadableRow {
    pub line: u64,
    pub why: String,
}

impl ReconciliationResult {
    /// Returns true if both sides agree on every call and no row is missing, duplicate or unreadable.
    pub const fn agrees(&self) -> bool {
        self.disputed == 0
            && self.missing_on_their_side == 0
            && self.missing_on_our_side == 0
            && self.duplicates == 0
            && self.bad_rows == 0
    }
}

impl ReconciliationResult {
    /// Adds to the sums of the month, the trunk within it, and the day of this time (Beijing).
    pub fn add(&mut self, at: Timestamp, trunk: Option<&str>, add: &dyn Fn(&mut Sums)) {
        let local = beijing(at);
        let month = self.months.entry(local.format("%Y-%m").to_string()).or_default();
        add(&mut month.whole);
        add(month
            .trunks
            .entry(trunk.unwrap_or(NO_TRUNK).to_owned())
            .or_default());
        add(self.days.entry(local.format("%Y-%m-%d").to_string()).or_default());
    }
}

/// Adds an item to a list that has fewer than `LISTED_MAX`; otherwise does nothing.
pub(super) fn note<T>(list: &mut Vec<T>, item: T) {
    if list.len() < LISTED_MAX {
        list.push(item);
    }
}
