//! An order to call one customer of a campaign now, before customers who are only in a list. It is no permit:
//! the dial still checks every rule and cap.

use super::command::ForbiddingRule;
use super::enrolment::EnrolmentState;
use super::event::CustomerEvent;
use super::refusal::CustomerRefusal;
use crate::time::Timestamp;
use std::collections::BTreeMap;
use values::ids::{CallId, CampaignId, EnrolmentId};

/// The id stored as rule when an enrolment ends because its requested call was canceled before it was
/// dialed.
pub const CALL_CANCELED: &str = "call_canceled";

pub(super) fn call_now(
    enrolment: Option<&EnrolmentState>,
    campaign: CampaignId,
    deadline: Option<Timestamp>,
    now: Timestamp,
) -> Result<Vec<CustomerEvent>, CustomerRefusal> {
    let Some(enrolment) = enrolment else {
        return Err(CustomerRefusal::NotEnrolled { campaign });
    };
    if let Some(settled) = enrolment.settled {
        return Err(CustomerRefusal::Settled {
            campaign,
            disposition: settled.disposition,
        });
    }
    if let Some(call) = enrolment.open {
        return Err(CustomerRefusal::AlreadyGranted { call });
    }
    no_callback(enrolment, &campaign)?;
    if let Some(deadline) = deadline.filter(|deadline| *deadline <= now) {
        return Err(CustomerRefusal::DeadlineOver { deadline });
    }
    Ok(vec![CustomerEvent::CallAsked {
        campaign,
        due_at: now,
        deadline,
    }])
}

/// Refuses an order to call now if a callback waits: a call before its time would be judged without the
/// callback, and would end it.
pub(super) fn no_callback(enrolment: &EnrolmentState, campaign: &CampaignId) -> Result<(), CustomerRefusal> {
    enrolment.callback.as_deref().map_or(Ok(()), |waiting| {
        Err(CustomerRefusal::CallbackWaits {
            campaign: campaign.clone(),
            at: waiting.at,
        })
    })
}

/// Refuses to cancel `call` unless it is the requested call of the enrolment and is not granted yet. Then
/// the enrolment can be settled at once. After the grant the call's own stream takes the order.
pub(super) fn may_cancel(
    enrolment: &EnrolmentState,
    id: EnrolmentId,
    call: CallId,
) -> Result<(), CustomerRefusal> {
    if let Some(settled) = enrolment.settled {
        return Err(CustomerRefusal::Settled {
            campaign: id.campaign,
            disposition: settled.disposition,
        });
    }
    if let Some(call) = enrolment.open {
        return Err(CustomerRefusal::AlreadyGranted { call });
    }
    let next = CallId::derive(&id, enrolment.attempts.saturating_add(1));
    if !enrolment.asked || next != call {
        return Err(CustomerRefusal::NotAsked { call });
    }
    Ok(())
}

/// Returns the rule and facts with which an enrolment is settled after its requested call was canceled.
pub(super) fn canceled(reason: String, by: Option<String>) -> ForbiddingRule {
    let mut facts = BTreeMap::from([("reason".to_owned(), reason)]);
    facts.extend(by.map(|by| ("by".to_owned(), by)));
    ForbiddingRule {
        rule: CALL_CANCELED.to_owned(),
        facts,
    }
}
