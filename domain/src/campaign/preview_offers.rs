//! Offers of preview dialing: made to one agent for one person, accepted, skipped, withdrawn.
//!
//! The person's own stream judges if the person may be called, before the offer and again at the dial. The
//! campaign only ensures that an agent has one offer and a person one agent.

use super::command::PreviewCommand;
use super::decide::check_running;
use super::event::CampaignEvent;
use super::refusal::CampaignRefusal;
use super::state::CampaignState;
use super::status::CampaignStatus;
use crate::compliance::closed_for_all;
use crate::dialing_plan::DialingPlan;
use crate::preview::{ACCEPTED_MS, OFFERS_MAX, Offer, PREVIEW_REASON_BYTES_MAX};
use crate::time::Timestamp;
use crate::working_calendar::Calendars;
use values::ids::{CallId, CustomerId, UserId};

type DecideResult = Result<Vec<CampaignEvent>, CampaignRefusal>;

/// Decides a command about preview offers. Offers are made and accepted only while the campaign runs;
/// skipping and withdrawing is always possible.
pub(super) fn decide(
    state: &CampaignState,
    status: CampaignStatus,
    command: PreviewCommand,
    now: Timestamp,
) -> DecideResult {
    match command {
        PreviewCommand::Offer {
            agent,
            customer,
            calendars,
        } => {
            check_running(state, status, now)?;
            offer(state, agent, customer, &calendars, now)
        }
        PreviewCommand::Accept {
            agent,
            customer,
            call,
        } => {
            check_running(state, status, now)?;
            accept(state, agent, customer, call, now)
        }
        PreviewCommand::Skip {
            agent,
            customer,
            reason,
        } => skip(state, agent, customer, reason, now),
        PreviewCommand::Withdraw { reason } => withdraw(state, reason, now),
    }
}

/// Returns the campaign's dialing plan; refused with `NoPreviews` if its mode is not preview.
fn of_previews(state: &CampaignState) -> Result<DialingPlan, CampaignRefusal> {
    let dialing = state.plan().and_then(|plan| plan.dialing).unwrap_or_default();
    match dialing.mode.only_accepted() {
        true => Ok(dialing),
        false => Err(CampaignRefusal::NoPreviews { mode: dialing.mode }),
    }
}

/// Returns the earlier of `until` and the campaign's end, so that no offer outlasts the campaign.
fn within(state: &CampaignState, until: Timestamp) -> Timestamp {
    let ends_at = state.plan().and_then(|plan| plan.ends_at);
    ends_at.map_or(until, |ends_at| until.min(ends_at))
}

pub(super) fn offer(
    state: &CampaignState,
    agent: UserId,
    customer: CustomerId,
    calendars: &Calendars,
    now: Timestamp,
) -> DecideResult {
    let dialing = of_previews(state)?;
    let offers = state.offers();
    if let Some(open) = offers.of(&agent, now) {
        let is_same = open.customer == customer && open.accepted.is_none();
        return match is_same {
            true => Ok(Vec::new()),
            false => Err(CampaignRefusal::OfferOpen { until: open.until }),
        };
    }
    if offers.agent_of(&customer, now).is_some() {
        return Err(CampaignRefusal::OfferedToAnother);
    }
    if offers.open(now).count() >= OFFERS_MAX {
        return Err(CampaignRefusal::TooManyOffers {
            offers_max: OFFERS_MAX,
        });
    }
    if let Some(closed) = state.plan().and_then(|plan| closed_for_all(plan, calendars, now)) {
        return Err(CampaignRefusal::WindowClosed { until: closed.until });
    }
    let until = within(state, now.plus_ms(dialing.offer_ms()));
    Ok(vec![CampaignEvent::PreviewOffered {
        agent,
        customer,
        until,
    }])
}

/// Returns the agent's open offer of this customer; refused with `NoOffer` if there is none.
fn open<'a>(
    state: &'a CampaignState,
    agent: &UserId,
    customer: &CustomerId,
    now: Timestamp,
) -> Result<&'a Offer, CampaignRefusal> {
    of_previews(state)?;
    let open = state.offers().of(agent, now);
    open.filter(|open| open.customer == *customer)
        .ok_or(CampaignRefusal::NoOffer)
}

pub(super) fn accept(
    state: &CampaignState,
    agent: UserId,
    customer: CustomerId,
    call: CallId,
    now: Timestamp,
) -> DecideResult {
    match open(state, &agent, &customer, now)?.accepted {
        Some(accepted) if accepted == call => return Ok(Vec::new()),
        Some(_) => return Err(CampaignRefusal::OfferAccepted),
        None => {}
    }
    let until = within(state, now.plus_ms(ACCEPTED_MS));
    Ok(vec![CampaignEvent::PreviewAccepted {
        agent,
        customer,
        call,
        until,
    }])
}

pub(super) fn skip(
    state: &CampaignState,
    agent: UserId,
    customer: CustomerId,
    reason: String,
    now: Timestamp,
) -> DecideResult {
    has_reason(&reason)?;
    if open(state, &agent, &customer, now)?.accepted.is_some() {
        return Err(CampaignRefusal::OfferAccepted);
    }
    Ok(vec![CampaignEvent::PreviewSkipped {
        agent,
        customer,
        reason,
    }])
}

/// Withdraws all open offers, accepted or not. No event if none is open; refused without a reason.
pub(super) fn withdraw(state: &CampaignState, reason: String, now: Timestamp) -> DecideResult {
    has_reason(&reason)?;
    if state.offers().open(now).next().is_none() {
        return Ok(Vec::new());
    }
    Ok(vec![CampaignEvent::PreviewsWithdrawn { reason }])
}

fn has_reason(reason: &str) -> Result<(), CampaignRefusal> {
    let bytes_max = PREVIEW_REASON_BYTES_MAX;
    match reason.trim().is_empty() || reason.len() > bytes_max {
        true => Err(CampaignRefusal::NoReason { bytes_max }),
        false => Ok(()),
    }
}
