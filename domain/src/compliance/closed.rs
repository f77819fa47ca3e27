//! Hours or days that are closed whoever is called: judged once for a campaign, without any person.

use super::preset::{PresetRules, rules_of};
use super::verdict::{Decision, PRESET, Verdict};
use super::{calling_days, calling_window};
use crate::calling_plan::CallingPlan;
use crate::time::Timestamp;
use crate::working_calendar::Calendars;

/// A calling window or day that is closed for everybody a campaign may call, judged without any person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClosedWindow {
    pub judged_at: Timestamp,
    /// Nobody may be dialed before; later for those whose own facts say so.
    pub until: Timestamp,
    pub verdict: Verdict,
}

impl ClosedWindow {
    /// Whether it is what keeps somebody waiting who would be due then.
    pub fn binds(&self, due_at: Timestamp) -> bool {
        due_at < self.until
    }
}

/// Whether hours or day are closed whoever is called: in the zone that the preset itself names. Of both the
/// one that is closed longer. `None` where somebody may be dialed, where only each person's zone can tell,
/// and where nothing opens before the campaign's end: then each is asked, and settles.
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

/// Until when one preset closes hours or days, whichever is longer.
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
