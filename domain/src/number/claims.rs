//! Claims: in a campaign that calls each number once, a phone with two customer ids is called only for the
//! first one.
//!
//! A list import claims the number before it enrols, over all lists of the campaign. A grant checks again,
//! because a person may have further numbers that no list of this campaign named; it claims the number if it
//! is unclaimed.

use super::decide::DecideResult;
use super::event::NumberEvent;
use super::refusal::NumberRefusal;
use super::state::NumberState;
use crate::calling_plan::{CampaignFacts, DuplicatePolicy};
use values::ids::{CampaignId, CustomerId};

/// The most campaigns in which one number is claimed: one a day for ten years, like the enrolments of one
/// person. At the limit a grant adds no claim.
const CLAIMS_MAX: usize = 4_096;

pub(super) fn claim(state: &NumberState, campaign: CampaignId, customer: CustomerId) -> DecideResult {
    match state.claims().get(&campaign) {
        Some(claimed_by) if *claimed_by == customer => Ok(Vec::new()),
        Some(claimed_by) => Err(NumberRefusal::ClaimedBy {
            campaign,
            customer: claimed_by.clone(),
        }),
        None if state.claims().len() >= CLAIMS_MAX => Err(NumberRefusal::TooManyClaims { count: CLAIMS_MAX }),
        None => Ok(vec![NumberEvent::Claimed { campaign, customer }]),
    }
}

pub(super) fn release(state: &NumberState, campaign: CampaignId, customer: CustomerId) -> Vec<NumberEvent> {
    if state.claims().get(&campaign) == Some(&customer) {
        return vec![NumberEvent::ClaimReleased { campaign, customer }];
    }
    Vec::new()
}

/// Returns the customer for which this campaign has claimed the number, if it is another one than
/// `customer`.
pub(super) fn find_other_claimant<'a>(
    state: &'a NumberState,
    campaign: &CampaignId,
    customer: &CustomerId,
) -> Option<&'a CustomerId> {
    let claimed_by = state.claims().get(campaign);
    claimed_by.filter(|claimed_by| *claimed_by != customer)
}

/// Adds a claim of the number for the customer to the events of a grant, if the campaign calls each number
/// once and the number is unclaimed. The grant stays the first event.
pub(super) fn with_claim(
    state: &NumberState,
    mut events: Vec<NumberEvent>,
    facts: &CampaignFacts,
    customer: CustomerId,
) -> Vec<NumberEvent> {
    let is_granted = matches!(events.as_slice(), [NumberEvent::DialGranted { .. }]);
    let is_claimed = state.claims().contains_key(&facts.campaign) || state.claims().len() >= CLAIMS_MAX;
    if is_granted && !is_claimed && facts.plan.duplicates() == DuplicatePolicy::ByNumber {
        events.push(NumberEvent::Claimed {
            campaign: facts.campaign.clone(),
            customer,
        });
    }
    events
}
