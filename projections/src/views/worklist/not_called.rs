//! Why an enrolment was not dialed when it was last asked for: rule, facts, and both in words (zh, en) with
//! the next due time, so that a question in SQL answers what `customer show` answers.
//!
//! The words follow the row: who moves its due time or its state says them again.

use super::EnrolmentColumn as Column;
use crate::cells::Cells;
use crate::value::Val;
use domain::compliance::{InWords, in_words, zone_of};
use domain::time::Timestamp;
use std::collections::BTreeMap;

/// A rule that looks at the callee's clock names the zones it looked at.
const ZONES: &str = "time_zones";

/// The zone of the reports' calendar, for rules that name none; each time shows its offset.
const ZONE_DEFAULT: &str = "Asia/Shanghai";

/// After the row's state and due time are set.
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

/// Rule, facts and next due time in words, times as in the zones that the rule looked at.
pub(super) fn words(rule: &str, facts: &BTreeMap<String, String>, next: Option<Timestamp>) -> InWords {
    let zone = facts.get(ZONES).map_or(ZONE_DEFAULT, String::as_str);
    in_words(rule, facts, next, zone_of(Some(zone), None))
}

pub(super) fn as_json(facts: &BTreeMap<String, String>) -> Val {
    // A map of texts is always JSON.
    Val::Text(serde_json::to_string(facts).unwrap_or_default())
}

/// It is being called, or was.
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

/// With another due time.
pub(super) fn say_again(cells: &mut Cells<'_>) {
    let rule = cells.text(Column::NotCalledRule).to_owned();
    if rule.is_empty() {
        return;
    }
    let facts = serde_json::from_str(cells.text(Column::NotCalledFacts)).unwrap_or_default();
    note(cells, &rule, &facts);
}
