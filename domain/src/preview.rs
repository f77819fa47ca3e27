//! A person whom an agent is shown before they are called (preview dialing): the offer, and its acceptance.
//!
//! An offer is the campaign's own fact: one for an agent, one agent for a person. It ends by itself at its
//! time, and with whatever ends the campaign's running. An acceptance is of one call, by its id: it is no
//! permit, and no second call comes of it.

use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use values::ids::{CallId, CustomerId, UserId};

/// How long after the acceptance its call may begin: whoever accepted waits for it.
pub const ACCEPTED_MS: u64 = 30_000;

/// Most offers of one campaign that are open at once: each is an agent who reads.
pub const OFFERS_MAX: usize = 1_000;

/// Longest reason of a skip or a withdrawal: it is stored for ever and must hold nothing personal.
pub const PREVIEW_REASON_BYTES_MAX: usize = 256;

/// One agent's offer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    pub customer: CustomerId,
    pub offered_at: Timestamp,
    /// From then on it is no offer, and where it was accepted, its call does not begin any more.
    pub until: Timestamp,
    /// The call that was accepted.
    pub accepted: Option<CallId>,
}

/// A call that an agent accepted, as it travels with the campaign's facts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AcceptedPreview {
    pub agent: UserId,
    pub customer: CustomerId,
    pub call: CallId,
    pub until: Timestamp,
}

/// The offers of one campaign, by agent. Those whose time is over stay until the next is made.
#[derive(Debug, Clone, Default)]
pub struct Offers(BTreeMap<UserId, Offer>);

impl Offers {
    /// The agent's offer, while its time lasts.
    pub fn of(&self, agent: &UserId, now: Timestamp) -> Option<&Offer> {
        self.0.get(agent).filter(|offer| now < offer.until)
    }

    /// Whoever has an offer of the person.
    pub fn agent_of(&self, customer: &CustomerId, now: Timestamp) -> Option<&UserId> {
        let mut open = self.open(now);
        open.find(|(_, offer)| offer.customer == *customer)
            .map(|(agent, _)| agent)
    }

    pub fn open(&self, now: Timestamp) -> impl Iterator<Item = (&UserId, &Offer)> {
        self.0.iter().filter(move |(_, offer)| now < offer.until)
    }

    /// What was accepted, over or not: whoever reads it compares the time.
    pub fn accepted(&self) -> Vec<AcceptedPreview> {
        let accepted = self.0.iter().filter_map(|(agent, offer)| {
            Some(AcceptedPreview {
                agent: agent.clone(),
                customer: offer.customer.clone(),
                call: offer.accepted?,
                until: offer.until,
            })
        });
        accepted.collect()
    }

    pub(crate) fn offer(&mut self, agent: &UserId, customer: &CustomerId, until: Timestamp, at: Timestamp) {
        self.0.retain(|_, offer| at < offer.until);
        let offer = Offer {
            customer: customer.clone(),
            offered_at: at,
            until,
            accepted: None,
        };
        self.0.insert(agent.clone(), offer);
    }

    pub(crate) fn accept(&mut self, agent: &UserId, call: CallId, until: Timestamp) {
        if let Some(offer) = self.0.get_mut(agent) {
            (offer.accepted, offer.until) = (Some(call), until);
        }
    }

    pub(crate) fn end(&mut self, agent: &UserId) {
        self.0.remove(agent);
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }
}
