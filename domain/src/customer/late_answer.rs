//! A late answer: the callee picked up after the call was given up or interrupted, and was hung up at once.
//! The enrolment is not due again before the callee's next local day, also if the retry policy would call
//! sooner.

use super::command::CustomerCommand;
use super::decider_support::DecideResult;
use super::enrolment::EnrolmentState;
use super::event::CustomerEvent;
use super::late_answer_fact::LateAnswerFact;
use super::refusal::CustomerRefusal;
use super::state::CustomerState;
use crate::compliance::next_local_day;
use crate::time::Timestamp;
use std::collections::BTreeMap;
use values::disposition::Disposition;

/// Milliseconds to wait if the end of the callee's local day cannot be computed (a date beyond the
/// calendar).
const DAY_MS: u64 = 86_400_000;

/// Records a late answer and moves the enrolment's due time to the callee's next local day. If that is
/// after the campaign's end, the enrolment is settled at once, or by the end of a call that is open. No
/// event if it is recorded already.
pub(super) fn note(state: &CustomerState, command: CustomerCommand) -> DecideResult {
    let CustomerCommand::NoteLateAnswer {
        call,
        answered_at,
        facts,
    } = command
    else {
        return Ok(Vec::new());
    };
    let campaign = &facts.campaign;
    let enrolment = state
        .enrolment(campaign)
        .ok_or_else(|| CustomerRefusal::NotEnrolled {
            campaign: campaign.clone(),
        })?;
    if enrolment.attempts == 0 {
        return Err(CustomerRefusal::UnknownCall { call });
    }
    let is_stored = enrolment
        .late_answer
        .as_ref()
        .is_some_and(|late| late.call == call);
    // The callee requested a call at this time.
    let has_callback = enrolment
        .callback
        .as_ref()
        .is_some_and(|callback| callback.at > answered_at);
    if is_stored || has_callback || enrolment.settled.is_some() {
        return Ok(Vec::new());
    }
    let phone = state.phone(&enrolment.number).and_then(|phone| phone.value());
    let next_day = next_local_day(
        facts.plan.preset,
        phone.map(String::as_str),
        state.time_zone(),
        answered_at,
    );
    let due_at = next_day.unwrap_or_else(|| answered_at.plus_ms(DAY_MS));
    let mut events = vec![CustomerEvent::LateAnswered(LateAnswerFact {
        campaign: campaign.clone(),
        call,
        due_at,
    })];
    let next_dial_at = due_at.max(enrolment.due_at);
    if enrolment.open.is_none() && !enrolment.is_in_time(next_dial_at, facts.plan.ends_at) {
        let last = enrolment.last;
        events.push(CustomerEvent::EnrolmentSettled {
            campaign: campaign.clone(),
            disposition: last.map_or(Disposition::Interrupted, |last| last.disposition),
            outcome: last.and_then(|last| last.outcome),
            calls_count: enrolment.calls_count(),
            rule: None,
            facts: BTreeMap::new(),
        });
    }
    Ok(events)
}

/// Returns `due_at`, but not before the day after the enrolment's late answer, if it has one.
pub(super) fn not_before(enrolment: &EnrolmentState, due_at: Timestamp) -> Timestamp {
    let late = enrolment.late_answer.as_ref();
    late.map_or(due_at, |late| due_at.max(late.due_at))
}
