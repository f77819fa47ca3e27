//! What the answers of a person's decider share: who may still be known, how a rule settles an enrolment.

use super::command::ForbiddenBy;
use super::enrolment::EnrolmentState;
use super::erasure::Erasure;
use super::event::CustomerEvent;
use super::refusal::CustomerRefusal;
use super::state::CustomerState;
use crate::disposition::Disposition;
use crate::ids::CampaignId;

pub(super) type Decided = Result<Vec<CustomerEvent>, CustomerRefusal>;

/// What is sealed of this person can be read: a second key would make the rest of it noise for ever.
pub(super) const fn readable(state: &CustomerState) -> Result<(), CustomerRefusal> {
    if state.is_unreadable() {
        return Err(CustomerRefusal::KeyMissing);
    }
    Ok(())
}

/// Nothing new is kept of a person who was erased or asked to be.
pub(super) fn not_erased(state: &CustomerState) -> Result<(), CustomerRefusal> {
    match state.erasure() {
        Erasure::None => Ok(()),
        Erasure::Requested { .. } | Erasure::Decided { .. } | Erasure::Certified { .. } => {
            Err(CustomerRefusal::Erased)
        }
    }
}

pub(super) const fn at_most(count: usize, count_max: usize, of: &'static str) -> Result<(), CustomerRefusal> {
    if count > count_max {
        return Err(CustomerRefusal::TooMany { count: count_max, of });
    }
    Ok(())
}

/// A rule ends the enrolment: with the last call's disposition, or `not_permitted` if it was never dialed.
pub(super) fn not_permitted(
    campaign: &CampaignId,
    enrolment: &EnrolmentState,
    forbidden: ForbiddenBy,
) -> CustomerEvent {
    CustomerEvent::EnrolmentSettled {
        campaign: campaign.clone(),
        disposition: enrolment
            .last
            .map_or(Disposition::NotPermitted, |last| last.disposition),
        outcome: enrolment.last.and_then(|last| last.outcome),
        calls_count: enrolment.calls_count(),
        rule: Some(forbidden.rule),
        facts: forbidden.facts,
    }
}
