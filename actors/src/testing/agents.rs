//! Fake agents who take a call at once while one is free, and end it when a test says so.

use async_trait::async_trait;
use domain::ids::{CallId, CampaignId, UserId};
use domain::ports::agents::{AgentFloor, Agents};
use domain::time::Timestamp;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use tokio::sync::watch;

pub(crate) struct FakeAgents {
    floor: Mutex<BTreeMap<UserId, Option<CallId>>>,
    ended: watch::Sender<BTreeSet<CallId>>,
    /// If true, the agents report to be free and take no call.
    never_take: bool,
}

impl FakeAgents {
    pub(crate) fn new(count: usize) -> Self {
        let agent = |index| format!("agent-{index}").parse().expect("a name");
        Self {
            floor: Mutex::new((0..count).map(|index| (agent(index), None)).collect()),
            ended: watch::Sender::default(),
            never_take: false,
        }
    }

    pub(crate) fn who_never_take(count: usize) -> Self {
        Self {
            never_take: true,
            ..Self::new(count)
        }
    }

    /// Returns the calls in which an agent talks now.
    pub(crate) fn talking(&self) -> Vec<CallId> {
        self.floor
            .lock()
            .expect("no test panics in it")
            .values()
            .flatten()
            .copied()
            .collect()
    }

    /// Returns the call of an agent, if there is one.
    pub(crate) fn call_of(&self, agent: &str) -> Option<CallId> {
        let agent: UserId = agent.parse().expect("a name");
        let floor = self.floor.lock().expect("no test panics in it");
        floor.get(&agent).copied().flatten()
    }

    /// Makes the agent of this call hang up.
    pub(crate) fn hang_up(&self, call: CallId) {
        self.ended.send_modify(|ended| {
            ended.insert(call);
        });
    }
}

#[async_trait]
impl Agents for FakeAgents {
    fn floor(&self, _campaign: &CampaignId, _now: Timestamp) -> Option<AgentFloor> {
        let floor = self.floor.lock().expect("no test panics in it");
        let free = floor.values().filter(|call| call.is_none()).count();
        Some(AgentFloor {
            free: u32::try_from(free).expect("few agents"),
            talking_ms: vec![0; floor.len() - free],
            wrapping: 0,
        })
    }

    fn reserve(&self, _campaign: &CampaignId, agent: &UserId, call: CallId, _now: Timestamp) -> bool {
        let mut floor = self.floor.lock().expect("no test panics in it");
        match floor.get_mut(agent) {
            Some(taken) if taken.is_none() => {
                *taken = Some(call);
                true
            }
            Some(_) | None => false,
        }
    }

    fn free_agents(&self, _campaign: &CampaignId, _now: Timestamp) -> Vec<UserId> {
        let floor = self.floor.lock().expect("no test panics in it");
        let free = floor.iter().filter(|(_, call)| call.is_none());
        free.map(|(agent, _)| agent.clone()).collect()
    }

    async fn take_reserved(&self, _campaign: &CampaignId, call: CallId) -> Option<UserId> {
        let floor = self.floor.lock().expect("no test panics in it");
        let kept = floor.iter().find(|(_, taken)| **taken == Some(call));
        kept.map(|(agent, _)| agent.clone())
    }

    async fn take(&self, _campaign: &CampaignId, call: CallId, _until: Timestamp) -> Option<UserId> {
        if self.never_take {
            std::future::pending::<()>().await;
        }
        let free = {
            let mut floor = self.floor.lock().expect("no test panics in it");
            floor
                .iter_mut()
                .find(|(_, call)| call.is_none())
                .map(|(agent, taken)| {
                    *taken = Some(call);
                    agent.clone()
                })
        };
        match free {
            Some(agent) => Some(agent),
            None => std::future::pending().await,
        }
    }

    async fn hung_up(&self, _agent: &UserId, call: CallId) {
        let mut ended = self.ended.subscribe();
        drop(ended.wait_for(|ended| ended.contains(&call)).await);
    }

    fn over(&self, agent: &UserId, call: CallId, _now: Timestamp) {
        let mut floor = self.floor.lock().expect("no test panics in it");
        let taken = floor.get_mut(agent).filter(|taken| **taken == Some(call));
        taken.into_iter().for_each(|taken| *taken = None);
    }
}
