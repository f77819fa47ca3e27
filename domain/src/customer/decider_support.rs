//! Shared by the customer's decider: checks for erased or unreadable persons, and how a rule settles an
//! enrolment.

use super::command::ForbiddingRule;
use super::enrolment::EnrolmentState;
use super::erasure::Erasure;
use super::event::CustomerEvent;
use super::refusal::CustomerRefusal;
use super::state::CustomerState;
use crate::callback::CallbackEnd;
use crate::time::Timestamp;
use std::collections::BTreeMap;
use values::disposition::Disposition;
use values::ids::CampaignId;

pub(super) type DecideResult = Result<Vec<CustomerEvent>, CustomerRefusal>;

/// Refuses a person with a missing key. Under a second key the values sealed under the first one would be
/// unreadable permanently.
pub(super) const fn check_readable(state: &CustomerState) -> Result<(), CustomerRefusal> {
    if state.is_unreadable() {
        return Err(CustomerRefusal::KeyMissing);
    }
    Ok(())
}

/// Refuses a person who was erased or has requested erasure: no new data about this person is stored.
pub(super) fn check_not_erased(state: &CustomerState) -> Result<(), CustomerRefusal> {
    match state.erasure() {
        Erasure::None => Ok(()),
        Erasure::Requested { .. } | Erasure::Decided { .. } | Erasure::Certified { .. } => {
            Err(CustomerRefusal::Erased)
        }
    }
}

pub(super) const fn check_count(
    count: usize,
    count_max: usize,
    of: &'static str,
) -> Result<(), CustomerRefusal> {
    if count > count_max {
        return Err(CustomerRefusal::TooMany { count: count_max, of });
    }
    Ok(())
}

/// Returns the event that settles an enrolment because a rule forbids further dials. It has the last call's
/// disposition; `not_permitted` if the enrolment was never dialed.
pub(super) fn settle_not_permitted(
    campaign: &CampaignId,
    enrolment: &EnrolmentState,
    forbidden: ForbiddingRule,
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

/// Returns the events that settle an enrolment by a user's order or a rule. A waiting callback is canceled
/// first, with the same rule.
pub(super) fn settle_by_rule(
    campaign: &CampaignId,
    enrolment: &EnrolmentState,
    forbidden: ForbiddingRule,
) -> Vec<CustomerEvent> {
    let waiting = enrolment.callback.as_deref();
    let mut events: Vec<CustomerEvent> = waiting
        .map(|waiting| callback_ended(campaign, waiting.at, CallbackEnd::Canceled))
        .into_iter()
        .collect();
    if let Some(CustomerEvent::CallbackEnded { rule, .. }) = events.first_mut() {
        *rule = Some(forbidden.rule.clone());
    }
    events.push(settle_not_permitted(campaign, enrolment, forbidden));
    events
}

pub(super) fn callback_ended(
    campaign: &CampaignId,
    callback_at: Timestamp,
    how: CallbackEnd,
) -> CustomerEvent {
    CustomerEvent::CallbackEnded {
        campaign: campaign.clone(),
        callback_at,
        how,
        call: None,
        rule: None,
        facts: BTreeMap::new(),
        not_before: None,
        due_at: None,
        reason: None,
        by: None,
    }
}
