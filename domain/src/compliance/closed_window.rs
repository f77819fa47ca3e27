//! Hours or days that are closed for every customer of a campaign: judged once, without a person.

use super::preset::{PresetRules, rules_of};
use super::verdict::{Decision, PRESET, Verdict};
use super::{calling_days, calling_window};
use crate::calling_plan::CallingPlan;
use crate::time::Timestamp;
use crate::working_calendar::Calendars;

/// A closing of hours or days that applies to every customer of a campaign, with its end and verdict.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClosedWindow {
    pub judged_at: Timestamp,
    /// No dial before this time; later for customers with stricter facts of their own.
    pub until: Timestamp,
    pub verdict: Verdict,
}

impl ClosedWindow {
    /// Returns true if an enrolment that is due at `due_at` has to wait for the end of this closing.
    pub fn binds(&self, due_at: Timestamp) -> bool {
        due_at < self.until
    }
}

/// Returns the closing now that applies to every customer of the campaign, in the zones that its presets
/// name: the one that ends last. `None` if customers may be dialed, if each person's zone decides, or if it
/// lasts to the campaign's end: then each customer is judged and settled.
pub fn closed_for_all(plan: &CallingPlan, calendars: &Calendars, now: Timestamp) -> Option<ClosedWindow> {
    let closed = rules_of(plan, now).filter_map(|rules| closed_by(plan, rules, calendars, now));
    let (until, verdict) = closed.reduce(|one, other| if other.0 > one.0 { other } else { one })?;
    if plan.ends_at.is_some_and(|ends_at| until >= ends_at) {
        return None;
    }
    Some(ClosedWindow {
        judged_at: now,
        until,
        verdict,
    })
}

/// Returns until when one preset closes hours or days now, whichever is longer, with the verdict. `None` if
/// it is open, or the preset names no zone.
fn closed_by(
    plan: &CallingPlan,
    rules: &PresetRules,
    calendars: &Calendars,
    now: Timestamp,
) -> Option<(Timestamp, Verdict)> {
    let zone = rules.zone.filter(|_| !plan.trial)?;
    let closed = [
        calling_window::closed_hours(plan, rules, zone, now),
        calling_days::closed_days(plan, rules, calendars, zone, now),
    ];
    let until = |verdict: Verdict| match verdict.decision {
        Decision::DeferUntil(until) => Some((until, verdict)),
        Decision::Allow | Decision::Forbid => None,
    };
    let closed = closed.into_iter().flatten().filter_map(until);
    let (until, mut verdict) = closed.reduce(|one, other| if other.0 > one.0 { other } else { one })?;
    verdict.facts.insert(PRESET.to_owned(), rules.named());
    Some((until, verdict))
}
