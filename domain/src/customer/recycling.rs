//! List recycling: an enrolment that would be settled starts a new round some days later, if its campaign
//! says so for the last call's disposition. Caps, consent and the campaign's end continue to apply.

use super::command::{CallClosing, RedialRule};
use super::enrolment::EnrolmentState;
use crate::calling_plan::CampaignFacts;
use crate::time::Timestamp;
use values::disposition::Outcome;

/// One day in milliseconds.
const DAY_MS: u64 = 86_400_000;

/// A further recycling round of an enrolment: its number and when it begins.
pub(super) struct Round {
    pub(super) number: u32,
    pub(super) due_at: Timestamp,
}

/// Returns the enrolment's next recycling round; `None` if the plan recycles no calls with this
/// disposition, all rounds are used, it would begin too late, or the callee refused further calls.
pub(super) fn round(
    enrolment: &EnrolmentState,
    closing: &CallClosing,
    facts: &CampaignFacts,
) -> Option<Round> {
    let recycle = facts.plan.running.as_deref()?.recycle.as_ref()?;
    let is_last = closing.again == RedialRule::Never || closing.outcome == Some(Outcome::OptedOut);
    let is_last = is_last || facts.plan.ends_after(closing.disposition);
    if is_last || !recycle.dispositions.contains(&closing.disposition) {
        return None;
    }
    let number = enrolment.rounds.checked_add(1)?;
    let due_at = closing.ended_at.plus_ms(u64::from(recycle.after_days) * DAY_MS);
    let in_time = enrolment.is_in_time(due_at, facts.plan.ends_at);
    (number <= recycle.rounds_max && in_time).then_some(Round { number, due_at })
}
