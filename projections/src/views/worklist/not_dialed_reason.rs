//! Why an enrolment was not dialed at the last try: rule, facts, and both as text (zh, en) with the next due
//! time, so that an SQL query shows the same as `customer show`.
//!
//! The text is written again when the due time or state changes.

use super::EnrolmentColumn as Column;
use crate::cells::Cells;
use crate::value::Val;
use domain::compliance::{BilingualSentence, describe_refusal, zone_of};
use domain::time::Timestamp;
use std::collections::BTreeMap;

/// The name of the fact with the time zones, in rules on the callee's local time.
const ZONES: &str = "time_zones";

/// The time zone of the times in a text if the rule names none: that of the reports. Each time shows its
/// offset.
const ZONE_DEFAULT: &str = "Asia/Shanghai";

/// Sets the columns of the reason from rule and facts. Call it after state and due time are set, because
/// the text contains them.
pub(super) fn note(cells: &mut Cells<'_>, rule: &str, facts: &BTreeMap<String, String>) {
    let next = match cells.get(Column::DueAt) {
        Val::Int(micros) if cells.text(Column::State) == "waiting" => Some(Timestamp::from_micros(*micros)),
        _ => None,
    };
    let said = words(rule, facts, next);
    cells.set(Column::NotCalledRule, Val::text(rule));
    cells.set(Column::NotCalledFacts, as_json(facts));
    cells.set(Column::NotCalledZh, Val::Text(said.zh));
    cells.set(Column::NotCalledEn, Val::Text(said.en));
}

/// Returns the reason as text (zh, en), with the next due time. Times are in the time zone that the rule
/// used.
pub(super) fn words(
    rule: &str,
    facts: &BTreeMap<String, String>,
    next: Option<Timestamp>,
) -> BilingualSentence {
    let zone = facts.get(ZONES).map_or(ZONE_DEFAULT, String::as_str);
    describe_refusal(rule, facts, next, zone_of(Some(zone), None))
}

pub(super) fn as_json(facts: &BTreeMap<String, String>) -> Val {
    // A map of texts can always be written as JSON.
    Val::Text(serde_json::to_string(facts).unwrap_or_default())
}

/// Clears the columns of the reason, because the enrolment is being dialed or was dialed.
pub(super) fn forget(cells: &mut Cells<'_>) {
    for column in [
        Column::NotCalledRule,
        Column::NotCalledFacts,
        Column::NotCalledZh,
        Column::NotCalledEn,
    ] {
        cells.set(column, Val::Null);
    }
}

/// Writes the text of the reason again after the due time changed. Does nothing without a reason.
pub(super) fn say_again(cells: &mut Cells<'_>) {
    let rule = cells.text(Column::NotCalledRule).to_owned();
    if rule.is_empty() {
        return;
    }
    let facts = serde_json::from_str(cells.text(Column::NotCalledFacts)).unwrap_or_default();
    note(cells, &rule, &facts);
}
