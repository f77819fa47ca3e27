//! Best call times: records the hour of a call that ended, and moves the next dial to a better hour within
//! the calling windows.
//!
//! A customer with preferred times is not moved: a stated preference goes before what is learned from many.
//! Calls that say nothing about the person (a failure of ours, a congested line) are neither counted nor
//! moved.

use super::command::CallClosing;
use super::enrolment::EnrolmentState;
use super::grant_dial::facts_of;
use super::state::CustomerState;
use crate::best_times::{BetterHour, CallHour, CallTiming, HourOfDay, Retry, better_hour};
use crate::calling_plan::CampaignFacts;
use crate::compliance::judge_customer;
use crate::local_hour::hour_of_person;
use crate::time::Timestamp;

/// The ids of the compliance rules that limit hours and days.
const HOURS: [&str; 2] = ["calling_window", "calling_days"];

/// Returns the hour of day in which the ended call was dialed, for the learned best times; `None` if the
/// campaign does not learn them or the hour is unknown.
pub(super) fn timing(
    state: &CustomerState,
    enrolment: &EnrolmentState,
    closing: &CallClosing,
    facts: &CampaignFacts,
) -> Option<CallTiming> {
    facts.plan.best_times.as_deref()?;
    let HourOfDay { hour, day } = hour_at(state, closing, facts, closing.dialed_at)?;
    let group = enrolment.standing().times_group;
    Some(CallTiming {
        dialed: CallHour { hour, day, group },
        moved: None,
    })
}

/// Returns a better hour for a retry that the policy sets to `due_at`, with what was learned; `None` if the
/// retry stays at `due_at`: nothing learned, own preferred times, an uncharged call, or no better open
/// hour.
pub(super) fn find_better_hour(
    state: &CustomerState,
    enrolment: &EnrolmentState,
    closing: &CallClosing,
    facts: &CampaignFacts,
    due_at: Timestamp,
) -> Option<(Timestamp, BetterHour)> {
    let plan = facts.plan.best_times.as_deref()?;
    let learnt = facts.learnt.as_deref()?;
    let has_own_times = !facts.plan.ignores_preferred_times && !state.preferred_times().is_empty();
    if has_own_times || !closing.charged {
        return None;
    }
    let judged = facts_of(state, enrolment, facts, &closing.number);
    let is_open = |at: Timestamp| {
        let verdicts = judge_customer(&judged, at);
        let mut of_hours = verdicts.iter().filter(|one| HOURS.contains(&one.rule.as_str()));
        enrolment.is_in_time(at, facts.plan.ends_at) && of_hours.all(|verdict| verdict.allows())
    };
    let retry = Retry {
        due_at,
        later_ms_max: plan.later_ms_max,
        group: enrolment.standing().times_group,
    };
    better_hour(learnt, retry, |at| hour_at(state, closing, facts, at), is_open)
}

fn hour_at(
    state: &CustomerState,
    closing: &CallClosing,
    facts: &CampaignFacts,
    at: Timestamp,
) -> Option<HourOfDay> {
    let phone = state.phone(&closing.number).and_then(|phone| phone.value());
    let phone = phone.map(String::as_str);
    hour_of_person(&facts.plan, &facts.calendars, phone, state.time_zone(), at)
}
