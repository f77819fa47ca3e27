//! Releases a grant that was not dialed: when the enrolment is due again, what happens to a callback named
//! meanwhile, and if a rule has settled it.

use super::callbacks;
use super::command::{CustomerCommand, ForbiddingRule};
use super::decider_support::{DecideResult, settle_by_rule};
use super::enrolment::EnrolmentState;
use super::event::CustomerEvent;
use super::state::CustomerState;
use super::withdrawal;
use crate::calling_plan::CampaignFacts;
use crate::time::Timestamp;
use std::collections::BTreeMap;
use values::ids::CampaignId;

/// Releases the grant of a call that was not dialed, and settles the enrolment if a rule forbids further
/// dials. No event if the call is not open (closed, released before, never granted).
pub(super) fn release_dial(state: &CustomerState, command: CustomerCommand, now: Timestamp) -> DecideResult {
    let CustomerCommand::ReleaseDial {
        call,
        reason,
        not_before,
        forbidden_by,
        facts,
    } = command
    else {
        return Ok(Vec::new());
    };
    let open = |(_, enrolment): &(&CampaignId, &EnrolmentState)| enrolment.open == Some(call);
    let Some((campaign, enrolment)) = state.enrolments().iter().find(open) else {
        return Ok(Vec::new());
    };
    let not_before = not_before.max(callbacks::named_while_open(enrolment, now));
    let forbidden = forbidden_by.or_else(|| withdrawal::withdrawal_rule(enrolment));
    let missed = facts.filter(|_| forbidden.is_none());
    let missed = missed.and_then(|facts| missed_by(state, enrolment, &facts, &reason, not_before?));
    let mut events = vec![CustomerEvent::DialReleased {
        campaign: campaign.clone(),
        call,
        reason,
        not_before,
    }];
    events.extend(missed.into_iter().flatten());
    let settled = forbidden.map(|forbidden: ForbiddingRule| settle_by_rule(campaign, enrolment, forbidden));
    events.extend(settled.into_iter().flatten());
    Ok(events)
}

/// Returns the events for a callback that is missed because the next dial is not allowed before the
/// callback's end; `None` if it is not missed.
fn missed_by(
    state: &CustomerState,
    enrolment: &EnrolmentState,
    facts: &CampaignFacts,
    rule: &str,
    not_before: Timestamp,
) -> Option<Vec<CustomerEvent>> {
    let pending = enrolment
        .callback
        .as_deref()
        .filter(|one| not_before >= one.until)?;
    let by = (rule.to_owned(), BTreeMap::new());
    Some(callbacks::miss_callback(
        state,
        enrolment,
        facts,
        pending,
        Some(by),
        Some(not_before),
    ))
}
