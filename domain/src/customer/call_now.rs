//! One call now: an order to call somebody of a campaign before whoever only stands in a list. It is no
//! permit: the next dial asks every rule and cap.

use super::command::ForbiddenBy;
use super::enrolment::EnrolmentState;
use super::event::CustomerEvent;
use super::refusal::CustomerRefusal;
use crate::time::Timestamp;
use std::collections::BTreeMap;
use values::ids::{CallId, CampaignId, EnrolmentId};

/// The stored rule of an enrolment whose call was asked for and canceled before it was dialed.
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

/// Whoever named a time is called then: a call before it would be judged without it, and would end it.
pub(super) fn no_callback(enrolment: &EnrolmentState, campaign: &CampaignId) -> Result<(), CustomerRefusal> {
    enrolment.callback.as_deref().map_or(Ok(()), |waiting| {
        Err(CustomerRefusal::CallbackWaits {
            campaign: campaign.clone(),
            at: waiting.at,
        })
    })
}

/// Before the grant nothing of the call is on its way: the enrolment may be settled, as that of a call which
/// is canceled while it rings. Behind the grant the call's own stream takes the order.
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

/// Why the enrolment of a canceled call is settled.
pub(super) fn canceled(reason: String, by: Option<String>) -> ForbiddenBy {
    let mut facts = BTreeMap::from([("reason".to_owned(), reason)]);
    facts.extend(by.map(|by| ("by".to_owned(), by)));
    ForbiddenBy {
        rule: CALL_CANCELED.to_owned(),
        facts,
    }
}
