//! Decides commands to one number: its side of a permit, opt-outs, suppressions, and the end of its calls.

use super::claims;
use super::command::NumberCommand;
use super::event::{NumberEvent, OptOutSource};
use super::lists;
use super::past_calls;
use super::refusal::NumberRefusal;
use super::state::{NumberState, choose_longer};
use crate::calling_plan::CampaignFacts;
use crate::compliance::{
    Decision, GRANT_VALID_MS, NumberFacts, NumberGrant, Verdict, add_preset_fact, first_permitted,
    judge_number, strictest, waits_for_check,
};
use crate::decider::Context;
use crate::number_check::check_asked_again;
use crate::screening::NumberListName;
use crate::time::Timestamp;
use values::disposition::Disposition;
use values::ids::{CallId, CustomerId, NumberId};

pub(super) type DecideResult = Result<Vec<NumberEvent>, NumberRefusal>;

/// The stored reason when a number is suppressed because its callee marked us as unwanted (SIP 607). A call
/// blocked by an analytics engine (608) says nothing about the callee's wish.
const UNWANTED: &str = "unwanted";

pub(super) fn decide(state: &NumberState, command: NumberCommand, context: Context) -> DecideResult {
    match command {
        NumberCommand::OptOut { reason, source, call } => Ok(opt_out(state, reason, source, call)),
        NumberCommand::Suppress { reason, until } => Ok(suppress(state, reason, until)),
        NumberCommand::List { list, reason } => lists::add_to_list(state, list, reason),
        NumberCommand::Unlist { list, reason } => Ok(lists::remove_from_list(state, list, reason)),
        NumberCommand::ImportHistory { source, calls } => {
            past_calls::import(state, source, calls, context.now)
        }
        NumberCommand::NoteChecked { state } => Ok(vec![NumberEvent::StateChecked { state }]),
        NumberCommand::Claim { campaign, customer } => claims::claim(state, campaign, customer),
        NumberCommand::ReleaseClaim { campaign, customer } => Ok(claims::release(state, campaign, customer)),
        NumberCommand::GrantDial {
            number,
            call,
            customer,
            facts,
            hashed_on,
        } => {
            let judged = facts_of(state, &customer, &facts, &hashed_on);
            let events = grant_dial(state, number, call, judged, context.now)?;
            Ok(claims::with_claim(state, events, &facts, customer))
        }
        NumberCommand::ReleaseDial { call, reason } => Ok(release_dial(state, call, reason)),
        NumberCommand::CloseCall {
            call,
            disposition,
            answered,
            unwanted,
            dialed_at,
        } => {
            let closed = NumberEvent::CallClosed {
                call,
                disposition,
                answered,
                dialed_at,
            };
            Ok(close_call(state, call, disposition, closed, unwanted))
        }
    }
}

fn opt_out(
    state: &NumberState,
    reason: String,
    source: OptOutSource,
    call: Option<CallId>,
) -> Vec<NumberEvent> {
    if state.opted_out() {
        return Vec::new();
    }
    vec![NumberEvent::OptedOut {
        reason,
        source,
        call,
        open_calls: state.open_calls(),
    }]
}

/// Suppresses a number until a time, without one permanently. No event if a suppression that lasts as long
/// exists.
fn suppress(state: &NumberState, reason: String, until: Option<Timestamp>) -> Vec<NumberEvent> {
    if state.suppressed() == Some(choose_longer(state.suppressed(), until)) {
        return Vec::new();
    }
    vec![NumberEvent::Suppressed {
        reason,
        until,
        open_calls: state.open_calls(),
    }]
}

/// Grants or refuses the number's side of a dial, by its rules. A refusal has no `not_before` if a rule
/// forbids permanently, or if the next permitted instant is not before the campaign's end:
/// `ReleaseDial{forbidden_by}` then settles the enrolment. A missing number check settles no enrolment.
fn grant_dial(
    state: &NumberState,
    number: NumberId,
    call: CallId,
    judged: NumberFacts<'_>,
    now: Timestamp,
) -> DecideResult {
    let facts = judged.campaign;
    match state.history().find(call).map(|dial| dial.answered) {
        Some(None) => return Err(NumberRefusal::AlreadyGranted { call }),
        Some(Some(_)) => return Err(NumberRefusal::CallOver { call }),
        None => {}
    }
    let verdicts = add_preset_fact(judge_number(&judged, now), judged.rules(now));
    let campaign = facts.campaign.clone();
    let Some(verdict) = strictest(&verdicts) else {
        let grant = NumberGrant {
            call,
            campaign,
            number,
            valid_until: now.plus_ms(GRANT_VALID_MS),
            verdicts,
        };
        return Ok(vec![NumberEvent::DialGranted { grant }]);
    };
    Ok(vec![NumberEvent::DialRefused {
        campaign,
        call,
        verdict: verdict.clone(),
        not_before: not_before(&judged, verdict, now),
    }])
}

/// Returns when a refused dial may be requested again; `None` if never in this campaign. A missing number
/// check is checked again at its own time; for other verdicts the number is assumed to be checked by then.
fn not_before(judged: &NumberFacts<'_>, verdict: &Verdict, now: Timestamp) -> Option<Timestamp> {
    let ends_at = judged.campaign.plan.ends_at;
    let in_time = |at: &Timestamp| ends_at.is_none_or(|ends_at| *at < ends_at);
    match verdict.decision {
        Decision::DeferUntil(at) if waits_for_check(verdict) => Some(check_asked_again(at, ends_at, now)),
        Decision::DeferUntil(at) => {
            let campaign = judged.campaign.assuming_checked();
            let checked = NumberFacts {
                campaign: &campaign,
                ..*judged
            };
            Some(first_permitted(at, |at| judge_number(&checked, at))).filter(in_time)
        }
        Decision::Forbid | Decision::Allow => None,
    }
}

/// Returns the facts about a number that the rules judge, for a dial to this customer. `hashed_on`: the
/// lists of digests that contain the number.
pub fn facts_of<'a>(
    state: &'a NumberState,
    customer: &CustomerId,
    campaign: &'a CampaignFacts,
    hashed_on: &'a [NumberListName],
) -> NumberFacts<'a> {
    NumberFacts {
        campaign,
        opted_out: state.opted_out(),
        suppressed: state.suppressed(),
        invalid: state.invalid(),
        claimed_by: claims::find_other_claimant(state, &campaign.campaign, customer),
        listed_on: state.listed_on(),
        hashed_on,
        checked: state.checked(),
        history: state.history(),
        coming: None,
    }
}

fn release_dial(state: &NumberState, call: CallId, reason: String) -> Vec<NumberEvent> {
    if state.history().is_open(call) {
        return vec![NumberEvent::DialReleased { call, reason }];
    }
    Vec::new()
}

/// Closes a call of the number. No event if the call is not open. A call that was withdrawn before its dial
/// is released instead: it never rang and is not counted. `unwanted`: the number is also suppressed.
fn close_call(
    state: &NumberState,
    call: CallId,
    disposition: Disposition,
    closed: NumberEvent,
    unwanted: bool,
) -> Vec<NumberEvent> {
    if !state.history().is_open(call) {
        return Vec::new();
    }
    if disposition == Disposition::Withdrawn {
        return release_dial(state, call, disposition.code().to_owned());
    }
    let mut events = vec![closed];
    if unwanted && state.suppressed() != Some(choose_longer(state.suppressed(), None)) {
        let open_calls = state.open_calls();
        events.push(NumberEvent::Suppressed {
            reason: UNWANTED.to_owned(),
            until: None,
            open_calls: open_calls.into_iter().filter(|open| *open != call).collect(),
        });
    }
    events
}
