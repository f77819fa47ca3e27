//! The counts of findings that a step of a call changes: dispositions, outcomes and corrections.

use domain::call::{AccountChange, Finding};
use domain::disposition::Outcome;
use std::borrow::Cow;

/// A change of one row of `campaign_board_count`.
pub(super) struct CountChange {
    pub(super) what: &'static str,
    pub(super) code: Cow<'static, str>,
    /// 1 or -1.
    pub(super) more: i64,
}

/// Returns the changes by a step. A correction takes the call out of its former disposition and outcome and
/// puts it into the new ones, and is itself counted, for example as `answered/success>machine`.
pub(super) fn list_count_changes(change: &AccountChange) -> impl Iterator<Item = CountChange> {
    let (before, after) = (change.before.finding, change.after.finding);
    let correction = before
        .zip(after)
        .map(|(before, after)| format!("{}>{}", before.code(), after.code()));
    let disposition = |finding: Finding| finding.disposition.code();
    let outcome = |finding: Finding| finding.outcome.map(Outcome::code);
    let changes = [
        ("corrected", correction.map(Cow::Owned), 1),
        ("disposition", before.map(disposition).map(Cow::Borrowed), -1),
        ("disposition", after.map(disposition).map(Cow::Borrowed), 1),
        ("outcome", before.and_then(outcome).map(Cow::Borrowed), -1),
        ("outcome", after.and_then(outcome).map(Cow::Borrowed), 1),
    ];
    let changed = |(what, code, more): (_, Option<_>, _)| code.map(|code| CountChange { what, code, more });
    changes.into_iter().filter_map(changed)
}
