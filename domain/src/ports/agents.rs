//! The Agents port: which agents of a campaign are free, and which agent takes an answered call.
//!
//! The dialer reads the number of free agents and hands over answered calls. The product's agent desks
//! implement the port, or simulated agents do. If the agents of a campaign are unknown, the dialer does not
//! dial for them.

use crate::time::Timestamp;
use async_trait::async_trait;
use values::ids::{CallId, CampaignId, UserId};

/// The agents of one campaign at one instant.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AgentFloor {
    /// Agents who are free and not reserved for a call.
    pub free: u32,
    /// For each agent in a call, how long that agent has talked, in milliseconds.
    pub talking_ms: Vec<u64>,
    /// Agents in wrap-up.
    pub wrapping: u32,
}

impl AgentFloor {
    /// Returns the number of agents at work, busy or free.
    pub fn agents(&self) -> u32 {
        let talking = u32::try_from(self.talking_ms.len()).unwrap_or(u32::MAX);
        self.free.saturating_add(talking).saturating_add(self.wrapping)
    }
}

/// The agents who take the answered calls of campaigns.
#[async_trait]
pub trait Agents: Send + Sync {
    /// Returns the campaign's free, talking and wrapping-up agents; `None` if they are unknown, and no call
    /// is then dialed for them.
    fn floor(&self, campaign: &CampaignId, now: Timestamp) -> Option<AgentFloor>;

    /// Assigns an answered call to the agent of the campaign who has been free longest; waits for a free
    /// agent until `until`. `None` if no agent became free. Cancel-safe: a dropped future reserves no
    /// agent.
    async fn take(&self, campaign: &CampaignId, call: CallId, until: Timestamp) -> Option<UserId>;

    /// Reserves a free agent for one call that is dialed for this agent only, until `take_reserved` or
    /// `over`. Returns false, and reserves nothing, if the agent is not free or the implementation cannot
    /// reserve agents.
    fn reserve(&self, _campaign: &CampaignId, _agent: &UserId, _call: CallId, _now: Timestamp) -> bool {
        false
    }

    /// Returns the ids of the campaign's free agents, for calls that must be taken by one specific agent.
    /// Empty if the implementation cannot reserve agents.
    fn free_agents(&self, _campaign: &CampaignId, _now: Timestamp) -> Vec<UserId> {
        Vec::new()
    }

    /// Assigns an answered call to the agent that `reserve` reserved for it; `None` if no agent was
    /// reserved.
    async fn take_reserved(&self, _campaign: &CampaignId, _call: CallId) -> Option<UserId> {
        None
    }

    /// Waits until the agent ends the call. Cancel-safe.
    async fn hung_up(&self, agent: &UserId, call: CallId);

    /// Reports the end of a call to its agent, who begins wrap-up. Also called if the call never reached
    /// the agent; it then ends the reservation.
    fn over(&self, agent: &UserId, call: CallId, now: Timestamp);
}
