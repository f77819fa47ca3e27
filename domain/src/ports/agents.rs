//! The Agents port: who takes answered calls, and who of them is free.
//!
//! The dialer asks how the floor stands and hands answered calls over; agents' desks, or agents that a
//! simulation makes, answer. A floor that nobody knows is not an empty one: nothing is dialed for it.

use crate::time::Timestamp;
use async_trait::async_trait;
use values::ids::{CallId, CampaignId, UserId};

/// The agents of one campaign at one instant.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AgentFloor {
    /// Free, and reserved for nobody.
    pub free: u32,
    /// For how long each agent who talks has talked, in milliseconds.
    pub talking_ms: Vec<u64>,
    /// Agents who wrap a call up.
    pub wrapping: u32,
}

impl AgentFloor {
    /// Agents at work, busy or not.
    pub fn agents(&self) -> u32 {
        let talking = u32::try_from(self.talking_ms.len()).unwrap_or(u32::MAX);
        self.free.saturating_add(talking).saturating_add(self.wrapping)
    }
}

/// Who takes the calls of campaigns.
#[async_trait]
pub trait Agents: Send + Sync {
    /// The floor of a campaign; `None` where nobody knows it.
    fn floor(&self, campaign: &CampaignId, now: Timestamp) -> Option<AgentFloor>;

    /// Gives an answered call to a free agent, who waits for it longest, and waits for one until `until`.
    /// Cancel-safe: a call that is dropped while it waits keeps nobody.
    async fn take(&self, campaign: &CampaignId, call: CallId, until: Timestamp) -> Option<UserId>;

    /// Keeps a free agent for one call that is about to be dialed for them alone, until `take_reserved` or
    /// `over`. False where they are not free, or nobody can be kept.
    fn reserve(&self, _campaign: &CampaignId, _agent: &UserId, _call: CallId, _now: Timestamp) -> bool {
        false
    }

    /// Who of a campaign's agents is free by name, for calls that wait for one of them; none where nobody
    /// can be kept.
    fn free_agents(&self, _campaign: &CampaignId, _now: Timestamp) -> Vec<UserId> {
        Vec::new()
    }

    /// Gives an answered call to the agent who was kept for it; `None` where nobody was.
    async fn take_reserved(&self, _campaign: &CampaignId, _call: CallId) -> Option<UserId> {
        None
    }

    /// Returns when the agent who took the call ends it. Cancel-safe.
    async fn hung_up(&self, agent: &UserId, call: CallId);

    /// The call is over: the agent wraps it up. Also for a call that never reached them after all.
    fn over(&self, agent: &UserId, call: CallId, now: Timestamp);
}
