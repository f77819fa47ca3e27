//! Two ids of one person (合并): who was merged into another is called by that other alone, and what either's
//! record forbids binds. It can be undone; what was settled by it stays settled.
//!
//! The other id gives its dials up first and then is counted with the one that is kept, so that a request
//! that stopped between the two has called nobody more than before. What binds of the other is read when a
//! dial is asked for, so that a withdrawal that comes under it later binds as well.

use super::answering::{Decided, at_most, not_erased, settled_by};
use super::command::{ForbiddenBy, MergeOrder, UnmergeOrder};
use super::event::CustomerEvent;
use super::merge_side::MergeSide;
use super::refusal::CustomerRefusal;
use super::state::CustomerState;
use crate::compliance::{ContactHistory, CustomerFacts, JoinedFacts, MERGED_PERSON};
use std::collections::BTreeMap;
use values::call_caps::CallCap;
use values::disposition::Disposition;
use values::ids::{CampaignId, CustomerId};

/// Most ids that are merged into one person: a person has a handful of accounts; more is a file gone wrong.
pub const MERGED_MAX: usize = 16;

/// Longest reason kept: it is stored for ever and must hold nothing personal.
pub const MERGE_REASON_BYTES_MAX: usize = 256;

/// Most enrolments that one append settles: it takes 256 events, and a callback may end before each.
const SETTLED_AT_ONCE_MAX: usize = 120;

pub(super) fn merge(state: &CustomerState, order: MergeOrder) -> Decided {
    not_erased(state)?;
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

fn keep(state: &CustomerState, order: MergeOrder) -> Decided {
    state.may_keep(&order.with)?;
    if state.joined().contains(&order.with) {
        return Ok(Vec::new());
    }
    Ok(vec![merged(order)])
}

/// Whoever is called just now is not merged: the call's end would settle in between.
fn join(state: &CustomerState, order: MergeOrder) -> Decided {
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
        .flat_map(|(campaign, enrolment)| settled_by(campaign, enrolment, by_merge(&order.with)));
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

/// Not merged with them: no event.
pub(super) fn unmerge(state: &CustomerState, order: UnmergeOrder) -> Decided {
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

fn by_merge(into: &CustomerId) -> ForbiddenBy {
    ForbiddenBy {
        rule: MERGED_PERSON.to_owned(),
        facts: BTreeMap::from([("merged_with".to_owned(), into.to_string())]),
    }
}

/// A list brings an id that was merged: it counts in the list, and is never called.
pub(super) fn left_out(state: &CustomerState, campaign: &CampaignId) -> Option<CustomerEvent> {
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

/// Ids of whom a dial must be told and was not: unknown means no.
pub(super) fn untold(state: &CustomerState, joined: &[JoinedFacts]) -> Result<(), CustomerRefusal> {
    let is_told = |id: &CustomerId| joined.iter().any(|told| told.customer == *id);
    if state.joined().iter().all(is_told) {
        return Ok(());
    }
    Err(CustomerRefusal::JoinedNeeded {
        customers: state.joined().to_vec(),
    })
}

/// One person under several ids: calls and caps of all of them.
pub(super) struct Together {
    history: ContactHistory,
    caps: Vec<CallCap>,
}

impl Together {
    /// `None` where nobody is merged: nothing is copied for a dial then.
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
    /// Whether it may be the id by which another's person is called: all that the kept side refuses, to be
    /// asked before the other gives anything up. Merged already: nothing stands against it. A dial that is
    /// granted or a call that is open was granted without what the other says, and ends first.
    pub fn may_keep(&self, other: &CustomerId) -> Result<(), CustomerRefusal> {
        not_erased(self)?;
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
        at_most(self.joined().len() + 1, MERGED_MAX, "merged ids")
    }

    /// The id by which the person is called instead, while this one is merged.
    pub fn merged_into(&self) -> Option<&CustomerId> {
        self.merged.as_deref().and_then(|merged| merged.into.as_ref())
    }

    /// Campaigns in which this id is not called because it was merged into that one.
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

    /// Ids of the same person that are called by this one.
    pub fn joined(&self) -> &[CustomerId] {
        self.merged.as_deref().map_or(&[], |merged| &merged.joined)
    }

    /// What of this id binds the one it was merged into. What its numbers say is still to be added.
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
