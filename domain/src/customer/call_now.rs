//! One call now: an order to call somebody of a campaign before whoever only stands in a list. It is no
//! permit: the next dial asks every rule and cap.

use super::enrolment::EnrolmentState;
use super::event::CustomerEvent;
use super::refusal::CustomerRefusal;
use crate::ids::CampaignId;
use crate::time::Timestamp;

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
    if let Some(deadline) = deadline.filter(|deadline| *deadline <= now) {
        return Err(CustomerRefusal::DeadlineOver { deadline });
    }
    Ok(vec![CustomerEvent::CallAsked {
        campaign,
        due_at: now,
        deadline,
    }])
}
