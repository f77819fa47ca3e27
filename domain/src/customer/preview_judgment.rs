//! Preview dialing: judges a person before an agent sees them, and records skips.

use super::command::CustomerCommand;
use super::decider_support::DecideResult;
use super::event::CustomerEvent;
use super::grant_dial::{GrantDecision, GrantRequest, judge_dial};
use super::refusal::CustomerRefusal;
use super::state::CustomerState;
use crate::calling_plan::CampaignFacts;
use crate::preview::{AcceptedPreview, PREVIEW_REASON_BYTES_MAX};
use crate::time::Timestamp;
use values::ids::{CampaignId, CustomerId, UserId};

/// Judges a person as for a dial before an agent sees the preview. Returns the events of a refusal; none if
/// the dial would be allowed.
pub(super) fn judge(state: &CustomerState, command: CustomerCommand, now: Timestamp) -> DecideResult {
    let CustomerCommand::JudgePreview {
        customer,
        facts,
        joined,
        of_number,
    } = command
    else {
        return Ok(Vec::new());
    };
    let asking = GrantRequest {
        customer,
        campaign: &facts,
        joined: &joined,
        free_agents: &facts.free_agents,
        of_number: of_number.as_deref(),
    };
    match judge_dial(state, asking, now)? {
        GrantDecision::Refused(events) => Ok(events),
        GrantDecision::Permitted(_) => Ok(Vec::new()),
    }
}

/// Returns the acceptance of the person's next call by an agent who is free for it. Refused with
/// `NotAccepted` if there is none.
pub(super) fn find_accepted_preview<'a>(
    state: &CustomerState,
    customer: &CustomerId,
    facts: &'a CampaignFacts,
    now: Timestamp,
) -> Result<&'a AcceptedPreview, CustomerRefusal> {
    let call = state.next_call(customer, &facts.campaign);
    let is_this = |one: &&AcceptedPreview| {
        one.customer == *customer
            && Some(one.call) == call
            && now < one.until
            && facts.free_agents.contains(&one.agent)
    };
    let campaign = || facts.campaign.clone();
    let found = facts.accepted.iter().find(is_this);
    found.ok_or_else(|| CustomerRefusal::NotAccepted { campaign: campaign() })
}

pub(super) fn skip(
    state: &CustomerState,
    campaign: CampaignId,
    agent: UserId,
    reason: String,
    due_at: Timestamp,
) -> DecideResult {
    let Some(enrolment) = state.enrolment(&campaign) else {
        return Err(CustomerRefusal::NotEnrolled { campaign });
    };
    if let Some(settled) = enrolment.settled {
        let disposition = settled.disposition;
        return Err(CustomerRefusal::Settled {
            campaign,
            disposition,
        });
    }
    if let Some(call) = enrolment.open {
        return Err(CustomerRefusal::AlreadyGranted { call });
    }
    let bytes_max = PREVIEW_REASON_BYTES_MAX;
    if reason.trim().is_empty() || reason.len() > bytes_max {
        return Err(CustomerRefusal::ReasonNeeded { bytes_max });
    }
    // A skip never makes a customer due earlier: a later callback may have been named meanwhile.
    let due_at = due_at.max(enrolment.due_at);
    Ok(vec![CustomerEvent::PreviewSkipped {
        campaign,
        agent,
        reason,
        due_at,
    }])
}
