//! Agents who take calls at once while one is free, and end them when a test says so.

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
    /// They say that they are free, and take nobody.
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

    /// Who is talking now.
    pub(crate) fn talking(&self) -> Vec<CallId> {
        self.floor
            .lock()
            .expect("no test panics in it")
            .values()
            .flatten()
            .copied()
            .collect()
    }

    /// The agent who talks with this callee hangs up.
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

    fn over(&self, agent: &UserId, _call: CallId, _now: Timestamp) {
        self.floor
            .lock()
            .expect("no test panics in it")
            .insert(agent.clone(), None);
    }
}
