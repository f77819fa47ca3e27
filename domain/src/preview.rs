//! Preview dialing: the offer of one customer to one agent before the call, and its acceptance.
//!
//! An offer is the campaign's own fact: one per agent, and one agent per customer. It ends at its time, and
//! when the campaign stops running. An acceptance is for one call, by its id: it is no permit, and no second
//! call follows from it.

use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use values::ids::{CallId, CustomerId, UserId};

/// Milliseconds after an agent's acceptance within which the call must begin: the agent waits for it.
pub const ACCEPTED_MS: u64 = 30_000;

/// The most open offers of one campaign, one per agent; more are refused.
pub const OFFERS_MAX: usize = 1_000;

/// The most bytes of the reason for a skip or a withdrawal of offers; a longer one is refused. It is stored
/// permanently and must not contain personal data.
pub const PREVIEW_REASON_BYTES_MAX: usize = 256;

/// The offer of one customer to one agent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    pub customer: CustomerId,
    pub offered_at: Timestamp,
    /// End of the offer; after an acceptance, the call must begin before it.
    pub until: Timestamp,
    /// The accepted call.
    pub accepted: Option<CallId>,
}

/// A call that an agent accepted, as the campaign's facts carry it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AcceptedPreview {
    pub agent: UserId,
    pub customer: CustomerId,
    pub call: CallId,
    pub until: Timestamp,
}

/// The preview offers of one campaign, by agent. Expired offers stay until the next one is made.
#[derive(Debug, Clone, Default)]
pub struct Offers(BTreeMap<UserId, Offer>);

impl Offers {
    /// Returns the agent's offer; `None` if there is none or it has expired.
    pub fn of(&self, agent: &UserId, now: Timestamp) -> Option<&Offer> {
        self.0.get(agent).filter(|offer| now < offer.until)
    }

    /// Returns the agent who has an unexpired offer of this customer; `None` if there is none.
    pub fn agent_of(&self, customer: &CustomerId, now: Timestamp) -> Option<&UserId> {
        let mut open = self.open(now);
        open.find(|(_, offer)| offer.customer == *customer)
            .map(|(agent, _)| agent)
    }

    pub fn open(&self, now: Timestamp) -> impl Iterator<Item = (&UserId, &Offer)> {
        self.0.iter().filter(move |(_, offer)| now < offer.until)
    }

    /// Returns the accepted offers, expired or not; the caller compares the time.
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
