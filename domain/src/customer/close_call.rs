//! The end of a call: sets when the enrolment is due again, or settles it.
//!
//! Source: the campaign's retry policy and the rules of call progress. An uncharged call counts only for the
//! policy's limit of uncharged dials. An interrupted or silent dial waits for the hold-off. A number that
//! does not exist is replaced by the person's next one. An enrolment that would be due after the campaign's
//! end is settled. A conversation that we cut off is not retried by the rule for interruptions but by the
//! policy's own member for cut-offs.

use super::command::{CallClosing, RedialRule, TagChange};
use super::decider_support::{DecideResult, settle_by_rule};
use super::enrolment::EnrolmentState;
use super::event::CustomerEvent;
use super::profile_origin::ProfileOrigin;
use super::refusal::CustomerRefusal;
use super::state::CustomerState;
use super::{better_hours, callback_closing, callbacks, late_answer, profile_update, recycling, withdrawal};
use crate::attribute::TagLevel;
use crate::best_times::{BetterHour, CallTiming};
use crate::calling_plan::{AfterCutOff, CampaignFacts, RetryRule};
use crate::compliance::next_local_day;
use crate::time::Timestamp;
use values::disposition::{Disposition, Outcome};
use values::ids::NumberId;

/// Milliseconds after its first dial until which a call can be in conversation: three legs within 6 s, 120
/// s to an answer, 180 s of talk, and a margin. If a restart ends the call days later, the conversation
/// still was on the day of the dial.
const TALKING_MS_MAX: u64 = 600_000;

/// When and at which number an enrolment is dialed next.
struct NextDial {
    due_at: Timestamp,
    number: Option<NumberId>,
    /// The better hour to which it was moved, if it was.
    moved: Option<BetterHour>,
}

impl NextDial {
    const fn at(due_at: Timestamp) -> Self {
        Self {
            due_at,
            number: None,
            moved: None,
        }
    }
}

impl NextDial {
    /// Returns this dial, not earlier than the day after the enrolment's late answer, if it has one.
    fn behind(self, enrolment: &EnrolmentState) -> Self {
        Self {
            due_at: late_answer::not_before(enrolment, self.due_at),
            ..self
        }
    }
}

/// Closes a call of an enrolment: the enrolment is due again or settled. No event for a call that was
/// closed or released before. A call that was withdrawn before its dial is released instead: it never rang
/// and is not counted. Refused for a customer who is not enrolled.
pub(super) fn close_call(
    state: &CustomerState,
    closing: &CallClosing,
    facts: &CampaignFacts,
) -> DecideResult {
    let campaign = &closing.campaign;
    let enrolment = state
        .enrolment(campaign)
        .ok_or_else(|| CustomerRefusal::NotEnrolled {
            campaign: campaign.clone(),
        })?;
    if enrolment.open != Some(closing.call) {
        return no_longer_open(enrolment, closing);
    }
    if closing.disposition == Disposition::Withdrawn {
        return Ok(released(enrolment, closing));
    }
    let forbidden = withdrawal::withdrawal_rule(enrolment);
    let is_over = forbidden.is_some() || enrolment.settled.is_some();
    let callback = callback_closing::after_call(state, enrolment, closing, facts, is_over);
    let by_policy = next_dial(state, enrolment, closing, facts).map(|next| next.behind(enrolment));
    let policy_due_at = callback.due_at.and(by_policy.as_ref().map(|next| next.due_at));
    let next = match callback.due_at {
        Some(due_at) => Some(by_callback(state, closing, due_at)),
        None => by_policy,
    };
    let next = next
        .filter(|_| !is_over)
        .filter(|next| enrolment.is_in_time(next.due_at, facts.plan.ends_at));
    let round = match next.is_some() || is_over {
        true => None,
        false => recycling::round(enrolment, closing, facts),
    };
    let round_at = round
        .as_ref()
        .map(|round| late_answer::not_before(enrolment, round.due_at));
    let is_last = next.is_none() && round_at.is_none();
    let timing = better_hours::timing(state, enrolment, closing, facts);
    let timing = timing.map(|timing| CallTiming {
        moved: next.as_ref().and_then(|next| next.moved.clone()),
        ..timing
    });
    let mut events = marked(state, closing, facts, is_over);
    events.extend(callback.named);
    events.push(CustomerEvent::CallClosed {
        campaign: campaign.clone(),
        call: closing.call,
        number: closing.number.clone(),
        disposition: closing.disposition,
        outcome: closing.outcome,
        charged: closing.charged,
        answered: closing.answered,
        dialed_at: closing.dialed_at,
        next_due_at: next.as_ref().map(|next| next.due_at).or(round_at),
        next_number: next.as_ref().and_then(|next| next.number.clone()),
        round: round.map(|round| round.number),
        policy_due_at,
        timing: timing.map(Box::new),
    });
    events.extend(callback.ended);
    if is_last && enrolment.settled.is_none() {
        events.push(CustomerEvent::EnrolmentSettled {
            campaign: campaign.clone(),
            disposition: closing.disposition,
            outcome: closing.outcome,
            calls_count: enrolment.calls_count().saturating_add(1),
            rule: forbidden.map(|forbidden| forbidden.rule),
            facts: std::collections::BTreeMap::new(),
        });
    }
    Ok(events)
}

/// Returns the events for a call that was withdrawn before its dial: the grant is released, and a withdrawn
/// enrolment is settled.
fn released(enrolment: &EnrolmentState, closing: &CallClosing) -> Vec<CustomerEvent> {
    let released = CustomerEvent::DialReleased {
        campaign: closing.campaign.clone(),
        call: closing.call,
        reason: Disposition::Withdrawn.code().to_owned(),
        not_before: callbacks::named_while_open(enrolment, closing.ended_at),
    };
    let forbidden = withdrawal::withdrawal_rule(enrolment);
    let settled = forbidden.map(|forbidden| settle_by_rule(&closing.campaign, enrolment, forbidden));
    [released]
        .into_iter()
        .chain(settled.into_iter().flatten())
        .collect()
}

/// Refuses a call if the enrolment never had a grant; otherwise no event: the call was closed or released
/// before.
const fn no_longer_open(enrolment: &EnrolmentState, closing: &CallClosing) -> DecideResult {
    if enrolment.attempts == 0 {
        return Err(CustomerRefusal::UnknownCall { call: closing.call });
    }
    Ok(Vec::new())
}

/// Returns the event that adds the campaign's tag for this disposition. Empty if there is no tag for it or
/// the tag cannot be stored (too many tags); the call is closed all the same.
fn marked(
    state: &CustomerState,
    closing: &CallClosing,
    facts: &CampaignFacts,
    is_over: bool,
) -> Vec<CustomerEvent> {
    let Some(tag) = facts.plan.mark_of(closing.disposition).filter(|_| !is_over) else {
        return Vec::new();
    };
    let order = TagChange {
        level: TagLevel::Behavior,
        added: vec![tag.to_owned()],
        removed: Vec::new(),
        origin: ProfileOrigin::Call { call: closing.call },
    };
    profile_update::tag(state, order).unwrap_or_default()
}

/// Returns the dial for a callback: at the named time, at the earliest after the hold-off. A number that
/// does not exist is replaced by the person's next one.
fn by_callback(state: &CustomerState, closing: &CallClosing, due_at: Timestamp) -> NextDial {
    let is_invalid = closing.disposition == Disposition::InvalidNumber;
    NextDial {
        number: state.next_number(&closing.number).filter(|_| is_invalid),
        ..NextDial::at(due_at.max(held_off_until(closing)))
    }
}

fn next_dial(
    state: &CustomerState,
    enrolment: &EnrolmentState,
    closing: &CallClosing,
    facts: &CampaignFacts,
) -> Option<NextDial> {
    let policy = &facts.plan.retry_policy;
    let charged = enrolment.charged_dials + u32::from(closing.charged);
    let uncharged = enrolment.uncharged_dials + u32::from(!closing.charged);
    let is_last = closing.again == RedialRule::Never || closing.outcome == Some(Outcome::OptedOut);
    let is_last = is_last || facts.plan.ends_after(closing.disposition);
    if is_last || !policy.permits_another(charged, uncharged) {
        return None;
    }
    if closing.disposition == Disposition::InvalidNumber {
        return state.next_number(&closing.number).map(|number| NextDial {
            number: Some(number),
            ..NextDial::at(closing.ended_at)
        });
    }
    if closing.was_cut_off() {
        return after_cut_off(state, closing, facts).map(NextDial::at);
    }
    let rule = facts.plan.retry_rule(closing.disposition)?;
    let before = enrolment
        .closed
        .get(&closing.disposition)
        .copied()
        .unwrap_or_default();
    // An uncharged call counts only against the limit of uncharged dials, but a rule without retries is
    // final.
    let retries = if closing.charged { before.charged } else { 0 };
    if retries >= rule.retries_max {
        return None;
    }
    let due_at = closing.ended_at.plus_ms(wait_ms(&rule, before.all));
    let due_at = due_at.max(held_off_until(closing));
    let moved = better_hours::find_better_hour(state, enrolment, closing, facts, due_at);
    Some(moved.map_or_else(
        || NextDial::at(due_at),
        |(due_at, better)| NextDial {
            moved: Some(better),
            ..NextDial::at(due_at)
        },
    ))
}

/// Returns when an enrolment is due again after we cut off a conversation; `None` if the policy calls no
/// more.
fn after_cut_off(state: &CustomerState, closing: &CallClosing, facts: &CampaignFacts) -> Option<Timestamp> {
    let talked_at = closing.ended_at.min(closing.dialed_at.plus_ms(TALKING_MS_MAX));
    let due_at = match facts.plan.retry_policy.after_cut_off() {
        AfterCutOff::Final => return None,
        AfterCutOff::AfterMs(wait_ms) => closing.ended_at.plus_ms(wait_ms.into()),
        AfterCutOff::NextDay => {
            let phone = state.phone(&closing.number).and_then(|phone| phone.value());
            next_local_day(
                facts.plan.preset,
                phone.map(String::as_str),
                state.time_zone(),
                talked_at,
            )?
        }
    };
    Some(due_at.max(closing.ended_at).max(held_off_until(closing)))
}

/// Returns how many milliseconds a retry waits after `before` earlier calls of this disposition; the rule's
/// last wait repeats.
fn wait_ms(rule: &RetryRule, before: u32) -> u64 {
    let index = usize::try_from(before).unwrap_or(usize::MAX);
    let wait = rule.waits_ms.get(index).or(rule.waits_ms.last());
    wait.copied().unwrap_or(0)
}

/// Returns the earliest time of the next dial. After an interruption or silence the phone may still ring
/// (RFC 3261 timer C), so the trunk's hold-off must pass from the dial on; otherwise the end of the call.
fn held_off_until(closing: &CallClosing) -> Timestamp {
    match closing.disposition {
        Disposition::Interrupted | Disposition::TrunkTimeout => {
            closing.dialed_at.plus_ms(closing.hold_off_ms)
        }
        Disposition::Answered
        | Disposition::Machine
        | Disposition::Screened
        | Disposition::AnsweredShort
        | Disposition::NoAnswer
        | Disposition::Busy
        | Disposition::Rejected
        | Disposition::Blocked
        | Disposition::Unreachable
        | Disposition::UnreachableRoute
        | Disposition::InvalidNumber
        | Disposition::Congestion
        | Disposition::TrunkAuth
        | Disposition::TrunkDenied
        | Disposition::TrunkUnreachable
        | Disposition::MediaIncompatible
        | Disposition::RedirectRefused
        | Disposition::Loop
        | Disposition::Abandoned
        | Disposition::Withdrawn
        | Disposition::NotPermitted => closing.dialed_at,
    }
}
