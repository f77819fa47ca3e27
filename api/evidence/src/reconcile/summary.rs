//! What a reconciliation found: counts, minutes by month, and the rows that somebody must look at.

use domain::calendar::beijing;
use domain::time::Timestamp;
use serde::Serialize;
use std::collections::BTreeMap;

/// Rows listed of each kind; all are counted.
pub const LISTED_MAX: usize = 10_000;

/// Stands for the trunk of a row that is no call of ours.
const NO_TRUNK: &str = "-";

/// The whole answer.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Outcome {
    /// The log up to here.
    pub position: u64,
    pub rows: u64,
    pub matched: u64,
    pub(crate) by_sip_call_id: u64,
    pub(crate) by_number_and_time: u64,
    /// Matched, but seconds, minutes or the answer differ.
    pub disputed: u64,
    /// We dialed it and they do not have it.
    pub missing_on_their_side: u64,
    /// They have it and we never dialed it.
    pub missing_on_our_side: u64,
    /// Rows of theirs that stand for a call that another row stands for.
    pub duplicates: u64,
    pub bad_rows: u64,
    /// Rows that begin outside of the period asked for.
    pub outside: u64,
    /// By Beijing's month, and in it by trunk.
    pub months: BTreeMap<String, Month>,
    /// By Beijing's day.
    pub days: BTreeMap<String, Sums>,
    pub(crate) disputes: Vec<Dispute>,
    pub(crate) only_ours: Vec<OnlyOurs>,
    pub(crate) only_theirs: Vec<OnlyTheirs>,
    pub twice: Vec<OnlyTheirs>,
    pub bad: Vec<Bad>,
}

/// One month on both sides.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Month {
    #[serde(flatten)]
    pub whole: Sums,
    /// By the trunk of our call's last leg; `-` for rows that are no call of ours.
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
    /// Billed minutes of all their rows, duplicates among them.
    pub their_minutes: u64,
    /// Begun minutes of our calls' talk.
    pub our_minutes: u64,
    /// Minutes of theirs less ours in disputed calls.
    pub disputed_minutes: i64,
    /// Their minutes of rows that are no call of ours, or a call's second row: billed without one.
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

/// A call that they do not have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct OnlyOurs {
    pub call: String,
    pub dialed_at: String,
    pub disposition: &'static str,
    pub our_minutes: u64,
}

/// A row that we do not have, or have already.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OnlyTheirs {
    pub line: u64,
    pub start: String,
    /// Masked.
    pub callee: String,
    pub their_minutes: u64,
}

/// A row that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Bad {
    pub line: u64,
    pub why: String,
}

impl Outcome {
    /// Whether both sides say the same of every call.
    pub const fn agrees(&self) -> bool {
        self.disputed == 0
            && self.missing_on_their_side == 0
            && self.missing_on_our_side == 0
            && self.duplicates == 0
            && self.bad_rows == 0
    }
}

impl Outcome {
    /// Adds to the sums of the month, the trunk and the day.
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

/// Adds to a list while it has room.
pub(super) fn note<T>(list: &mut Vec<T>, item: T) {
    if list.len() < LISTED_MAX {
        list.push(item);
    }
}
