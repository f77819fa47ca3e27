//! Callbacks: times at which customers want to be called again; requested, kept, canceled or missed.
//!
//! A time that the rules do not allow is refused when it is named, with the next allowed time. The dial
//! checks every rule again at its time; waits and counts of the retry policy do not apply to it.

use super::command::{CallbackOrder, CustomerCommand, ForbiddingRule};
use super::decider_support::{
    DecideResult, callback_ended, check_count, check_not_erased, settle_not_permitted,
};
use super::enrolment::EnrolmentState;
use super::event::CustomerEvent;
use super::grant_dial::{facts_of, too_late};
use super::refusal::CustomerRefusal;
use super::state::CustomerState;
use super::withdrawal::ENROLMENT_WITHDRAWN;
use crate::callback::{
    CALLBACK_AHEAD_MS_MAX, CALLBACK_LATE_MS_MAX, CALLBACK_REASON_BYTES_MAX, CALLBACKS_MAX, Callback,
    CallbackEnd,
};
use crate::calling_plan::{AfterCutOff, CallingPlan, CampaignFacts};
use crate::compliance::{CustomerFacts, Decision, Verdict, judge_customer, strictest, when_permitted};
use crate::time::Timestamp;
use std::collections::BTreeMap;
use values::disposition::Disposition;
use values::ids::{CampaignId, UserId};

/// The id stored as rule when an enrolment ends because its callback was missed and the retry policy has no
/// call left.
pub const CALLBACK_MISSED: &str = "callback_missed";

/// The id stored as rule when an enrolment ends because its callback was canceled.
const CALLBACK_CANCELED: &str = "callback_canceled";

/// The id stored as rule when a dial waits for the callback's own agent, who is not free.
pub const CALLBACK_AGENT: &str = "callback_agent";

/// Milliseconds after which a dial is tried again if the callback's own agent is not free.
const AGENT_AGAIN_MS: u64 = 5_000;

/// Why a callback is not possible at a time: the rule, its facts and the next allowed time.
pub(super) struct BlockedCallback {
    pub(super) rule: String,
    pub(super) facts: BTreeMap<String, String>,
    pub(super) not_before: Option<Timestamp>,
}

pub(super) fn request(state: &CustomerState, order: CallbackOrder, now: Timestamp) -> DecideResult {
    check_not_erased(state)?;
    let campaign = order.facts.campaign.clone();
    let enrolment = unsettled(state, &campaign)?;
    if order
        .reason
        .as_ref()
        .is_some_and(|reason| reason.len() > CALLBACK_REASON_BYTES_MAX)
    {
        return Err(CustomerRefusal::ReasonNeeded {
            bytes_max: CALLBACK_REASON_BYTES_MAX,
        });
    }
    if order.agent.is_some() && !order.facts.plan.dialing_mode().needs_agents() {
        return Err(CustomerRefusal::NoAgents { campaign });
    }
    let furthest = now.plus_ms(CALLBACK_AHEAD_MS_MAX);
    if order.at <= now || order.at > furthest {
        return Err(CustomerRefusal::CallbackTime { until: furthest });
    }
    let pending = enrolment.callback.as_deref();
    if pending.is_some_and(|one| one.at == order.at && one.agent == order.agent) {
        return Ok(Vec::new());
    }
    let count = usize::try_from(enrolment.callbacks.saturating_add(1)).unwrap_or(usize::MAX);
    let count_max = usize::try_from(CALLBACKS_MAX).unwrap_or(usize::MAX);
    check_count(count, count_max, "callbacks in this campaign")?;
    if let Some(barred) = find_blocking_rule(state, enrolment, &order.facts, order.at) {
        return Err(CustomerRefusal::CallbackNotAllowed {
            at: order.at,
            rule: barred.rule,
            facts: barred.facts,
            not_before: barred.not_before,
        });
    }
    let mut events = replace_callback(&campaign, pending);
    events.push(CustomerEvent::CallbackRequested {
        campaign,
        callback_at: order.at,
        until: order.at.plus_ms(CALLBACK_LATE_MS_MAX),
        agent: order.agent,
        call: None,
        reason: order.reason,
        by: order.by,
    });
    Ok(events)
}

pub(super) fn cancel(state: &CustomerState, command: CustomerCommand, now: Timestamp) -> DecideResult {
    let CustomerCommand::CancelCallback { facts, reason, by } = command else {
        return Ok(Vec::new());
    };
    if reason.trim().is_empty() || reason.len() > CALLBACK_REASON_BYTES_MAX {
        return Err(CustomerRefusal::ReasonNeeded {
            bytes_max: CALLBACK_REASON_BYTES_MAX,
        });
    }
    let enrolment = unsettled(state, &facts.campaign)?;
    let Some(pending) = enrolment.callback.as_deref() else {
        return Ok(Vec::new());
    };
    let due_at = pending.due_before.max(now);
    let is_left = is_left(state, enrolment, &facts.plan) && enrolment.is_in_time(due_at, facts.plan.ends_at);
    let goes_on = enrolment.open.is_some() || is_left;
    let waits = enrolment.open.is_none() && goes_on;
    let mut events = vec![CustomerEvent::CallbackEnded {
        campaign: facts.campaign.clone(),
        callback_at: pending.at,
        how: CallbackEnd::Canceled,
        call: None,
        rule: None,
        facts: BTreeMap::new(),
        not_before: None,
        due_at: waits.then_some(due_at),
        reason: Some(reason),
        by,
    }];
    if !goes_on {
        events.push(settled(&facts.campaign, enrolment, CALLBACK_CANCELED));
    }
    Ok(events)
}

/// Returns the customer's enrolment in the campaign; refused if there is none or it is settled.
fn unsettled<'a>(
    state: &'a CustomerState,
    campaign: &CampaignId,
) -> Result<&'a EnrolmentState, CustomerRefusal> {
    let campaign = || campaign.clone();
    let enrolment = state
        .enrolment(&campaign())
        .ok_or_else(|| CustomerRefusal::NotEnrolled { campaign: campaign() })?;
    if let Some(settled) = enrolment.settled {
        return Err(CustomerRefusal::Settled {
            campaign: campaign(),
            disposition: settled.disposition,
        });
    }
    Ok(enrolment)
}

/// Returns the first rule that forbids a call to the person at `at`, as far as known now. Assumes that the
/// campaign runs then and a hold is released. Rules of the number are checked only at the dial.
pub(super) fn find_blocking_rule(
    state: &CustomerState,
    enrolment: &EnrolmentState,
    campaign: &CampaignFacts,
    at: Timestamp,
) -> Option<BlockedCallback> {
    if enrolment.withdrawn {
        return Some(BlockedCallback {
            rule: ENROLMENT_WITHDRAWN.to_owned(),
            facts: BTreeMap::new(),
            not_before: None,
        });
    }
    let running = CampaignFacts {
        running: true,
        ..campaign.clone()
    };
    let number = state.number_to_dial(enrolment);
    let facts = CustomerFacts {
        held: false,
        callback: Some(at),
        ..facts_of(state, enrolment, &running, &number)
    };
    let in_time = |at| enrolment.is_in_time(at, campaign.plan.ends_at);
    let verdicts = judge_customer(&facts, at);
    let late = enrolment.deadline.filter(|_| !in_time(at)).map(too_late);
    let verdict = strictest(&verdicts).cloned().or(late)?;
    let later = when_permitted(at, |at| judge_customer(&facts, at));
    Some(BlockedCallback {
        rule: verdict.rule,
        facts: verdict.facts,
        not_before: later.filter(|later| in_time(*later)),
    })
}

/// Returns the event that ends a waiting callback because another one replaces it; empty if none waits.
pub(super) fn replace_callback(campaign: &CampaignId, pending: Option<&Callback>) -> Vec<CustomerEvent> {
    let ended = pending.map(|pending| callback_ended(campaign, pending.at, CallbackEnd::Replaced));
    ended.into_iter().collect()
}

fn settled(campaign: &CampaignId, enrolment: &EnrolmentState, rule: &str) -> CustomerEvent {
    let forbidden = ForbiddingRule {
        rule: rule.to_owned(),
        facts: BTreeMap::new(),
    };
    settle_not_permitted(campaign, enrolment, forbidden)
}

/// Returns the time of a callback that was named while a grant was open, or that is before the policy's due
/// time. A released grant leaves the enrolment due at this time.
pub(super) fn named_while_open(enrolment: &EnrolmentState, now: Timestamp) -> Option<Timestamp> {
    let named_at = enrolment.callback.as_deref().map(|waiting| waiting.at);
    named_at.filter(|at| *at > enrolment.due_at || *at > now && *at < enrolment.due_at)
}

/// Returns true if the retry policy permits a further call of the enrolment besides its callback.
fn is_left(state: &CustomerState, enrolment: &EnrolmentState, plan: &CallingPlan) -> bool {
    let policy = &plan.retry_policy;
    if !policy.permits_another(enrolment.charged_dials, enrolment.uncharged_dials) {
        return false;
    }
    // No call in this round yet: the disposition of the previous round's last call does not count.
    let is_begun = enrolment.charged_dials.saturating_add(enrolment.uncharged_dials) > 0;
    let Some(last) = enrolment.last.filter(|_| is_begun) else {
        return true;
    };
    if plan.ends_after(last.disposition) {
        return false;
    }
    if last.is_cut_off() {
        return policy.after_cut_off() != AfterCutOff::Final;
    }
    let closed = enrolment.closed.get(&last.disposition).copied();
    let charged = closed.unwrap_or_default().charged;
    let rule = plan.retry_rule(last.disposition);
    let retried = rule.is_some_and(|rule| rule.retries_max > 0 && charged <= rule.retries_max);
    // An invalid number is not dialed again, but another number of the person is.
    retried || last.disposition == Disposition::InvalidNumber && has_a_number(state)
}

fn has_a_number(state: &CustomerState) -> bool {
    state.numbers().iter().any(|known| !known.invalid)
}

/// Returns the events if a dial is requested after the callback's time is over: the callback is missed, and
/// the enrolment continues without it or is settled if no call is left. `None` if it is not over.
pub(super) fn overdue(
    state: &CustomerState,
    enrolment: &EnrolmentState,
    facts: &CampaignFacts,
    now: Timestamp,
) -> Option<Vec<CustomerEvent>> {
    let pending = enrolment.callback.as_deref().filter(|one| now >= one.until)?;
    let by = enrolment.not_dialed.as_ref();
    let by = by.map(|one| (one.rule.clone(), one.facts.clone()));
    Some(miss_callback(state, enrolment, facts, pending, by, Some(now)))
}

/// Returns the events if a verdict delays the dial to the callback's end or beyond: the callback is missed.
/// Empty if it is not, or no callback waits.
pub(super) fn deferred_beyond(
    state: &CustomerState,
    enrolment: &EnrolmentState,
    facts: &CampaignFacts,
    verdict: &Verdict,
    not_before: Option<Timestamp>,
) -> Vec<CustomerEvent> {
    let Some(pending) = enrolment.callback.as_deref() else {
        return Vec::new();
    };
    let by = (verdict.rule.clone(), verdict.facts.clone());
    match not_before {
        Some(later) if later < pending.until => Vec::new(),
        Some(later) => miss_callback(state, enrolment, facts, pending, Some(by), Some(later)),
        // The rule's own refusal settles the enrolment.
        None => miss_callback(state, enrolment, facts, pending, Some(by), None)
            .into_iter()
            .take(1)
            .collect(),
    }
}

pub(super) fn miss_callback(
    state: &CustomerState,
    enrolment: &EnrolmentState,
    facts: &CampaignFacts,
    pending: &Callback,
    by: Option<(String, BTreeMap<String, String>)>,
    due_at: Option<Timestamp>,
) -> Vec<CustomerEvent> {
    let due_at = due_at.map(|due_at| due_at.max(pending.due_before));
    let in_time = due_at.is_none_or(|due_at| enrolment.is_in_time(due_at, facts.plan.ends_at));
    let left = in_time && is_left(state, enrolment, &facts.plan);
    let (rule, seen) = by.unzip();
    let mut events = vec![CustomerEvent::CallbackEnded {
        campaign: facts.campaign.clone(),
        callback_at: pending.at,
        how: CallbackEnd::Missed,
        call: None,
        rule,
        facts: seen.unwrap_or_default(),
        not_before: None,
        due_at: due_at.filter(|_| left),
        reason: None,
        by: None,
    }];
    if !left {
        events.push(settled(&facts.campaign, enrolment, CALLBACK_MISSED));
    }
    events
}

/// Returns the verdict that defers a dial because the callback's own agent is not free and other agents may
/// not make the call yet; `None` if the dial need not wait.
pub(super) fn waits_for_agent(
    enrolment: &EnrolmentState,
    free_agents: &[UserId],
    now: Timestamp,
) -> Option<Verdict> {
    let pending = enrolment.callback.as_deref()?;
    let agent = pending
        .only_by(now)
        .filter(|agent| !free_agents.contains(agent))?;
    let again = now.plus_ms(AGENT_AGAIN_MS).min(pending.any_from());
    Some(Verdict {
        rule: CALLBACK_AGENT.to_owned(),
        version: 1,
        effective_from: "2026-11-23".to_owned(),
        decision: Decision::DeferUntil(again),
        facts: BTreeMap::from([
            ("agent".to_owned(), agent.to_string()),
            ("any_agent_from".to_owned(), pending.any_from().to_string()),
        ]),
    })
}
