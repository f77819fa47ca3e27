//! Withdraws people from a campaign that may be running (止呼): no new dial for them in it. An open call may
//! end as usual; a grant that was not dialed is released.

use super::command::ForbiddingRule;
use super::decider_support::{DecideResult, settle_by_rule};
use super::enrolment::EnrolmentState;
use super::event::CustomerEvent;
use super::refusal::CustomerRefusal;
use super::state::CustomerState;
use crate::calling_plan::CampaignFacts;
use std::collections::BTreeMap;
use values::ids::{CampaignId, ListId};

/// The id stored as rule for an enrolment that was withdrawn from its campaign.
pub const ENROLMENT_WITHDRAWN: &str = "enrolment_withdrawn";

/// The most bytes of a withdrawal's reason; a longer one is refused. It is stored permanently, once per
/// person, and must not contain personal data.
pub const WITHDRAWAL_REASON_BYTES_MAX: usize = 256;

/// The stored reason when a customer of an undone list is withdrawn.
const LIST_UNDONE: &str = "the list was undone";

pub(super) fn withdraw(
    state: &CustomerState,
    campaign: CampaignId,
    list: Option<ListId>,
    reason: String,
    by: Option<String>,
) -> DecideResult {
    if reason.trim().is_empty() || reason.len() > WITHDRAWAL_REASON_BYTES_MAX {
        return Err(CustomerRefusal::ReasonNeeded {
            bytes_max: WITHDRAWAL_REASON_BYTES_MAX,
        });
    }
    let Some(enrolment) = state.enrolment(&campaign) else {
        return Err(CustomerRefusal::NotEnrolled { campaign });
    };
    let is_of_another = list.is_some_and(|list| list != enrolment.list);
    if is_of_another || enrolment.settled.is_some() || enrolment.withdrawn {
        return Ok(Vec::new());
    }
    Ok(withdrawn(campaign, enrolment, reason, by))
}

/// Returns the events that withdraw a customer of an undone list who would be dialed; `None` if the list is
/// not undone or the enrolment is not waiting.
pub(super) fn of_undone_list(state: &CustomerState, facts: &CampaignFacts) -> Option<Vec<CustomerEvent>> {
    let enrolment = state.enrolment(&facts.campaign)?;
    let is_due = enrolment.is_waiting() && facts.undone_lists.contains(&enrolment.list);
    is_due.then(|| withdrawn(facts.campaign.clone(), enrolment, LIST_UNDONE.to_owned(), None))
}

/// Returns the rule that settles a withdrawn enrolment once no call is open; `None` if it was not withdrawn
/// or is settled.
pub(super) fn withdrawal_rule(enrolment: &EnrolmentState) -> Option<ForbiddingRule> {
    let is_left = enrolment.withdrawn && enrolment.settled.is_none();
    is_left.then(|| ForbiddingRule {
        rule: ENROLMENT_WITHDRAWN.to_owned(),
        facts: BTreeMap::new(),
    })
}

fn withdrawn(
    campaign: CampaignId,
    enrolment: &EnrolmentState,
    reason: String,
    by: Option<String>,
) -> Vec<CustomerEvent> {
    let settled = ForbiddingRule {
        rule: ENROLMENT_WITHDRAWN.to_owned(),
        facts: BTreeMap::new(),
    };
    let settled = settle_by_rule(&campaign, enrolment, settled);
    let mut events = vec![CustomerEvent::EnrolmentWithdrawn {
        campaign,
        list: enrolment.list,
        reason,
        by,
        open_calls: enrolment.open.into_iter().collect(),
    }];
    // While a call is open its end settles: the campaign's count waits for it.
    let settles = enrolment.open.is_none();
    events.extend(Some(settled).filter(|_| settles).into_iter().flatten());
    events
}
