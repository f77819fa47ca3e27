//! Merging two ids of one person (合并): only the kept id is called, and the restrictions of both apply. A
//! merge can be undone; enrolments that it settled stay settled.
//!
//! The other id gives up its dials first and then counts with the kept one, so that a request that stopped
//! between the two steps causes no additional call. The other id's restrictions are read when a dial is
//! requested, so that a later withdrawal under it applies as well.

use super::command::{ForbiddingRule, MergeOrder, UnmergeOrder};
use super::decider_support::{DecideResult, check_count, check_not_erased, settle_by_rule};
use super::event::CustomerEvent;
use super::merge_side::MergeSide;
use super::refusal::CustomerRefusal;
use super::state::CustomerState;
use crate::compliance::{ContactHistory, CustomerFacts, JoinedFacts, MERGED_PERSON};
use std::collections::BTreeMap;
use values::call_caps::CallCap;
use values::disposition::Disposition;
use values::ids::{CampaignId, CustomerId};

/// The most ids merged into one person; a further one is refused. A person has few accounts; more suggest a
/// faulty file.
pub const MERGED_MAX: usize = 16;

/// The most bytes of the reason of a merge or its undoing; a longer one is refused. It is stored
/// permanently and must not contain personal data.
pub const MERGE_REASON_BYTES_MAX: usize = 256;

/// The most enrolments that one merge command settles: an append takes 256 events, and a callback may end
/// before each.
const SETTLED_AT_ONCE_MAX: usize = 120;

pub(super) fn merge(state: &CustomerState, order: MergeOrder) -> DecideResult {
    check_not_erased(state)?;
    if !state.is_registered() {
        return Err(CustomerRefusal::NotRegistered);
    }
    with_reason(&order.reason)?;
    if order.customer == order.with {
        return Err(CustomerRefusal::MergedWithItself);
    }
    match order.side {
        MergeSide::Kept => keep(state, order),
        MergeSide::Other => join(state, order),
    }
}

fn keep(state: &CustomerState, order: MergeOrder) -> DecideResult {
    state.may_keep(&order.with)?;
    if state.joined().contains(&order.with) {
        return Ok(Vec::new());
    }
    Ok(vec![merged(order)])
}

/// Decides the merge for the id that is given up, and settles its enrolments. A repeat settles those that
/// were left. Refused while a call is open, because its end would settle in between.
fn join(state: &CustomerState, order: MergeOrder) -> DecideResult {
    if !state.joined().is_empty() {
        return Err(CustomerRefusal::HasMerged {
            count: state.joined().len(),
        });
    }
    let begun = match state.merged_into() {
        None => vec![merged(order.clone())],
        Some(into) if *into == order.with => Vec::new(),
        Some(into) => {
            return Err(CustomerRefusal::MergedInto {
                customer: into.clone(),
            });
        }
    };
    if let Some(call) = state.open_calls().first() {
        return Err(CustomerRefusal::MergeInCall { call: *call });
    }
    let waiting = state.enrolments().iter();
    let waiting = waiting.filter(|(_, enrolment)| enrolment.settled.is_none());
    let settled = waiting
        .take(SETTLED_AT_ONCE_MAX)
        .flat_map(|(campaign, enrolment)| settle_by_rule(campaign, enrolment, by_merge(&order.with)));
    Ok(begun.into_iter().chain(settled).collect())
}

fn merged(order: MergeOrder) -> CustomerEvent {
    CustomerEvent::Merged {
        with: order.with,
        side: order.side,
        reason: order.reason,
        by: order.by,
    }
}

/// Undoes a merge of two ids. No event if they are not merged; refused without a reason. Enrolments that
/// the merge settled stay settled.
pub(super) fn unmerge(state: &CustomerState, order: UnmergeOrder) -> DecideResult {
    with_reason(&order.reason)?;
    let is_merged = state.joined().contains(&order.with) || state.merged_into() == Some(&order.with);
    if !is_merged {
        return Ok(Vec::new());
    }
    Ok(vec![CustomerEvent::Unmerged {
        with: order.with,
        reason: order.reason,
        by: order.by,
    }])
}

fn with_reason(reason: &str) -> Result<(), CustomerRefusal> {
    if reason.trim().is_empty() || reason.len() > MERGE_REASON_BYTES_MAX {
        return Err(CustomerRefusal::ReasonNeeded {
            bytes_max: MERGE_REASON_BYTES_MAX,
        });
    }
    Ok(())
}

fn by_merge(into: &CustomerId) -> ForbiddingRule {
    ForbiddingRule {
        rule: MERGED_PERSON.to_owned(),
        facts: BTreeMap::from([("merged_with".to_owned(), into.to_string())]),
    }
}

/// Returns the event that settles a list row with a merged id: it counts in the list and is never called.
/// `None` if the id is not merged into another.
pub(super) fn settle_merged_row(state: &CustomerState, campaign: &CampaignId) -> Option<CustomerEvent> {
    let forbidden = by_merge(state.merged_into()?);
    Some(CustomerEvent::EnrolmentSettled {
        campaign: campaign.clone(),
        disposition: Disposition::NotPermitted,
        outcome: None,
        calls_count: 0,
        rule: Some(forbidden.rule),
        facts: forbidden.facts,
    })
}

/// Refuses a dial that was requested without the facts of every merged id: unknown restrictions count as
/// forbidding.
pub(super) fn check_joined_facts(
    state: &CustomerState,
    joined: &[JoinedFacts],
) -> Result<(), CustomerRefusal> {
    let has_facts = |id: &CustomerId| joined.iter().any(|facts| facts.customer == *id);
    if state.joined().iter().all(has_facts) {
        return Ok(());
    }
    Err(CustomerRefusal::JoinedNeeded {
        customers: state.joined().to_vec(),
    })
}

/// The call history and the caps of all merged ids of one person.
pub(super) struct CombinedRecord {
    history: ContactHistory,
    caps: Vec<CallCap>,
}

impl CombinedRecord {
    /// Returns the combined history and caps of all ids; `None` without merged ids, so that a dial copies
    /// nothing.
    pub(super) fn of(state: &CustomerState, joined: &[JoinedFacts]) -> Option<Self> {
        if joined.is_empty() {
            return None;
        }
        let others = joined.iter().map(|other| &other.history);
        let caps = joined.iter().flat_map(|other| other.caps.iter().copied());
        Some(Self {
            history: state.history().with_those_of(others),
            caps: state.own_caps().iter().copied().chain(caps).collect(),
        })
    }

    pub(super) fn facts<'a>(
        &'a self,
        own: CustomerFacts<'a>,
        joined: &'a [JoinedFacts],
    ) -> CustomerFacts<'a> {
        CustomerFacts {
            history: &self.history,
            own_caps: &self.caps,
            joined,
            ..own
        }
    }
}

impl CustomerState {
    /// Checks if this id can be the kept one in a merge with `other`, before the other gives anything up.
    /// `Ok` if they are merged already. Refused while a dial is granted or a call is open, because it was
    /// granted without the other's facts.
    pub fn may_keep(&self, other: &CustomerId) -> Result<(), CustomerRefusal> {
        check_not_erased(self)?;
        if !self.is_registered() {
            return Err(CustomerRefusal::NotRegistered);
        }
        if let Some(into) = self.merged_into() {
            return Err(CustomerRefusal::MergedInto {
                customer: into.clone(),
            });
        }
        if self.joined().contains(other) {
            return Ok(());
        }
        if let Some(call) = self.open_calls().first() {
            return Err(CustomerRefusal::MergeInCall { call: *call });
        }
        check_count(self.joined().len() + 1, MERGED_MAX, "merged ids")
    }

    /// Returns the id by which the person is called instead of this one; `None` if this id is not merged
    /// into another.
    pub fn merged_into(&self) -> Option<&CustomerId> {
        self.merged.as_deref().and_then(|merged| merged.into.as_ref())
    }

    /// Returns the campaigns in which this id's enrolment was settled because of the merge into `kept`.
    pub fn given_up_for(&self, kept: &CustomerId) -> Vec<CampaignId> {
        let by_merge = by_merge(kept);
        let enrolments = self.enrolments().iter();
        let given_up = enrolments.filter(|(_, enrolment)| {
            let why = enrolment
                .not_dialed
                .as_ref()
                .filter(|_| enrolment.settled.is_some());
            why.is_some_and(|why| why.rule == by_merge.rule && why.facts == by_merge.facts)
        });
        given_up.map(|(campaign, _)| campaign.clone()).collect()
    }

    /// Returns the other ids of the person that were merged into this one.
    pub fn joined(&self) -> &[CustomerId] {
        self.merged.as_deref().map_or(&[], |merged| &merged.joined)
    }

    /// Returns the restrictions of this id, `customer`, for the id that it was merged into. The caller adds
    /// the restrictions of its numbers.
    pub fn as_joined(&self, customer: CustomerId) -> JoinedFacts {
        JoinedFacts {
            customer,
            consents: self.consents().clone(),
            history: self.history().clone(),
            caps: self.own_caps().to_vec(),
            preferred: self.preferred_times().to_vec(),
            erasing: self.erasure() != super::erasure::Erasure::None,
            held: self.held().is_some(),
            silenced: None,
        }
    }
}
