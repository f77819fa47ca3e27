//! The effect of a call's end on callbacks: a time named during the call, and the callback that the call
//! kept.

use super::callbacks::{BlockedCallback, find_blocking_rule, replace_callback};
use super::command::{CallClosing, RedialRule};
use super::decider_support::callback_ended;
use super::enrolment::EnrolmentState;
use super::event::CustomerEvent;
use super::state::CustomerState;
use crate::callback::{
    CALLBACK_AGAIN_MS, CALLBACK_AHEAD_MS_MAX, CALLBACK_LATE_MS_MAX, CALLBACKS_MAX, Callback, CallbackEnd,
};
use crate::calling_plan::CampaignFacts;
use crate::time::Timestamp;
use std::collections::BTreeMap;
use values::disposition::Outcome;

/// The id stored as rule when a callback time is refused: it is past or too far ahead, or there are too
/// many callbacks.
const CALLBACK_TIME: &str = "callback_time";

/// What a call's end changes about the enrolment's callback.
#[derive(Debug, Default)]
pub(super) struct CallbackEffect {
    /// Events before the call is closed: the callback named during the call.
    pub(super) named: Vec<CustomerEvent>,
    /// Event after the call is closed: how a callback ended.
    pub(super) ended: Option<CustomerEvent>,
    /// When the enrolment is due for its callback; this takes precedence over the retry policy.
    pub(super) due_at: Option<Timestamp>,
}

/// Returns what a call's end changes about the enrolment's callback. `is_over`: the enrolment gets no
/// further call, even if a time was named.
pub(super) fn after_call(
    state: &CustomerState,
    enrolment: &EnrolmentState,
    closing: &CallClosing,
    facts: &CampaignFacts,
    is_over: bool,
) -> CallbackEffect {
    let (named, fresh) = named_in(state, enrolment, closing, facts);
    let Some(pending_at) = fresh.or_else(|| enrolment.callback.as_deref().map(|one| one.at)) else {
        return CallbackEffect {
            named,
            ..CallbackEffect::default()
        };
    };
    let uncharged = enrolment.uncharged_dials + u32::from(!closing.charged);
    let stays = uncharged < facts.plan.retry_policy.uncharged_max;
    let (how, due_at) = if is_over || is_final(closing) {
        (Some(CallbackEnd::Canceled), None)
    } else if pending_at > closing.dialed_at {
        (None, Some(pending_at.max(closing.ended_at)))
    } else if closing.charged {
        (Some(CallbackEnd::Kept), None)
    } else if stays {
        (None, Some(closing.ended_at.plus_ms(CALLBACK_AGAIN_MS)))
    } else {
        (Some(CallbackEnd::Missed), None)
    };
    let in_time = due_at.is_none_or(|due_at| enrolment.is_in_time(due_at, facts.plan.ends_at));
    let how = how.or((!in_time).then_some(CallbackEnd::Missed));
    let ended = how.map(|how| {
        let mut event = callback_ended(&closing.campaign, pending_at, how);
        if let CustomerEvent::CallbackEnded { call, .. } = &mut event {
            *call = Some(closing.call);
        }
        event
    });
    CallbackEffect {
        named,
        ended,
        due_at: due_at.filter(|_| in_time),
    }
}

/// Returns true if no callback may follow the call: the callee refused further calls, or a user or program
/// ended the call for good.
fn is_final(closing: &CallClosing) -> bool {
    closing.again == RedialRule::Never || closing.outcome == Some(Outcome::OptedOut)
}

/// Returns the events for a callback time that the callee named in the call, and the time if it was
/// accepted. A refused time is stored with the rule that forbids it.
fn named_in(
    state: &CustomerState,
    enrolment: &EnrolmentState,
    closing: &CallClosing,
    facts: &CampaignFacts,
) -> (Vec<CustomerEvent>, Option<Timestamp>) {
    let pending = enrolment.callback.as_deref();
    let fresh = closing.callback_at;
    let Some(at) = fresh.filter(|at| pending.is_none_or(|pending| pending.at != *at)) else {
        return (Vec::new(), None);
    };
    if is_final(closing) || enrolment.settled.is_some() {
        return (Vec::new(), None);
    }
    let is_in_bounds = at > closing.ended_at && at <= closing.ended_at.plus_ms(CALLBACK_AHEAD_MS_MAX);
    let barred = match is_in_bounds && enrolment.callbacks < CALLBACKS_MAX {
        true => find_blocking_rule(state, enrolment, facts, at),
        false => Some(BlockedCallback {
            rule: CALLBACK_TIME.to_owned(),
            facts: BTreeMap::new(),
            not_before: None,
        }),
    };
    let Some(barred) = barred else {
        let mut events = replace_callback(&closing.campaign, pending);
        events.push(CustomerEvent::CallbackRequested {
            campaign: closing.campaign.clone(),
            callback_at: at,
            until: at.plus_ms(CALLBACK_LATE_MS_MAX),
            agent: None,
            call: Some(closing.call),
            reason: None,
            by: None,
        });
        return (events, Some(at));
    };
    let refused = CustomerEvent::CallbackEnded {
        campaign: closing.campaign.clone(),
        callback_at: at,
        how: CallbackEnd::Refused,
        call: Some(closing.call),
        rule: Some(barred.rule),
        facts: barred.facts,
        not_before: barred.not_before,
        due_at: None,
        reason: None,
        by: None,
    };
    (vec![refused], None)
}

impl CustomerState {
    pub(super) fn note_callback_requested(&mut self, event: &CustomerEvent) {
        let CustomerEvent::CallbackRequested {
            campaign,
            callback_at,
            until,
            agent,
            ..
        } = event
        else {
            return;
        };
        self.with_enrolment(campaign, |enrolment| {
            enrolment.callbacks = enrolment.callbacks.saturating_add(1);
            enrolment.callback = Some(Box::new(Callback {
                at: *callback_at,
                until: *until,
                agent: agent.clone(),
                due_before: enrolment.due_at,
            }));
            if enrolment.open.is_none() {
                enrolment.due_at = *callback_at;
                enrolment.not_dialed = None;
            }
        });
    }

    /// Removes the enrolment's waiting callback, as its end says. A time that was refused during a call
    /// leaves a waiting callback unchanged.
    pub(super) fn note_callback_ended(&mut self, event: &CustomerEvent) {
        let CustomerEvent::CallbackEnded {
            campaign,
            how,
            due_at,
            ..
        } = event
        else {
            return;
        };
        if *how == CallbackEnd::Refused {
            return;
        }
        self.with_enrolment(campaign, |enrolment| {
            let over = enrolment.callback.take();
            // A replacing callback keeps the due time from before the first of them.
            let before = over
                .filter(|_| *how == CallbackEnd::Replaced)
                .map(|over| over.due_before);
            enrolment.due_at = due_at.or(before).unwrap_or(enrolment.due_at);
        });
    }
}
