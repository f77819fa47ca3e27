//! The simulated agents of a world, through the `Agents` port: who is free, talking or wrapping up.
//!
//! How long each talks and wraps up is derived from the seed and the call. After a restart all agents are
//! free, because a power loss ends what they did.

use super::agent_breaks::AgentBreaks;
use super::clock::drawn_of;
use async_trait::async_trait;
use domain::ids::{CallId, CampaignId, UserId};
use domain::ports::agents::{AgentFloor, Agents};
use domain::ports::clock::Clock;
use domain::time::Timestamp;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;

/// Shortest conversation of an agent, in milliseconds.
const TALK_MIN_MS: u64 = 10_000;
/// Upper bound of each of three random additions to the shortest conversation, in milliseconds: 120 s on
/// average, seldom more than 200 s.
const TALK_PART_MS: u64 = 73_000;
/// Shortest wrap-up, in milliseconds; 20 s on average with its random addition.
const WRAP_MIN_MS: u64 = 4_000;
/// Upper bound of the random addition to the shortest wrap-up, in milliseconds.
const WRAP_MORE_MS: u64 = 32_000;

#[derive(Clone, Copy)]
enum AgentActivity {
    Free {
        since: Timestamp,
    },
    /// Reserved for one call that is being dialed.
    Kept {
        call: CallId,
    },
    Talking {
        call: CallId,
        since: Timestamp,
    },
    WrappingUp {
        until: Timestamp,
    },
}

struct Agent {
    name: UserId,
    doing: AgentActivity,
}

/// The agents of all campaigns of a world.
pub(crate) struct SimulatedAgents {
    seed: u64,
    clock: Arc<dyn Clock>,
    breaks: Option<AgentBreaks>,
    floor: Mutex<Vec<Agent>>,
    freed: Notify,
}

impl SimulatedAgents {
    /// `count` free agents; `None` for 0.
    pub(crate) fn new(
        count: u32,
        seed: u64,
        clock: Arc<dyn Clock>,
        breaks: Option<AgentBreaks>,
    ) -> Option<Self> {
        let since = clock.now();
        let agent = |index| {
            let name = format!("agent-{index}").parse().ok()?;
            let doing = AgentActivity::Free { since };
            Some(Agent { name, doing })
        };
        let floor: Vec<Agent> = (1..=count).filter_map(agent).collect();
        (!floor.is_empty()).then(|| Self {
            seed,
            clock,
            breaks,
            floor: Mutex::new(floor),
            freed: Notify::new(),
        })
    }

    /// Returns all agents as of `now`, locked: those who have finished wrapping up by then are free.
    fn at(&self, now: Timestamp) -> MutexGuard<'_, Vec<Agent>> {
        let mut floor = self.floor.lock().unwrap_or_else(PoisonError::into_inner);
        for agent in floor.iter_mut() {
            if let AgentActivity::WrappingUp { until } = agent.doing
                && until <= now
            {
                agent.doing = AgentActivity::Free { since: until };
            }
        }
        floor
    }

    /// Gives the call to the agent who has been free longest and returns the agent; `None` if no agent is
    /// free or all are on a break. Ties are broken by the order of names, so that one seed gives one log.
    fn give(&self, call: CallId, now: Timestamp) -> Option<UserId> {
        if self.away_until(now).is_some() {
            return None;
        }
        let mut floor = self.at(now);
        let free = floor.iter_mut().filter_map(|agent| match agent.doing {
            AgentActivity::Free { since } => Some((since, agent)),
            AgentActivity::Kept { .. } | AgentActivity::Talking { .. } | AgentActivity::WrappingUp { .. } => {
                None
            }
        });
        let (_, agent) = free.min_by_key(|(since, _)| *since)?;
        agent.doing = AgentActivity::Talking { call, since: now };
        Some(agent.name.clone())
    }

    /// Returns when the agents' break ends; `None` if there is no break at `now`.
    fn away_until(&self, now: Timestamp) -> Option<Timestamp> {
        self.breaks.and_then(|breaks| breaks.until(now))
    }

    /// Returns when the next agent finishes wrapping up; `None` if no agent wraps up.
    fn next_free_at(&self, now: Timestamp) -> Option<Timestamp> {
        let wrapping = |agent: &Agent| match agent.doing {
            AgentActivity::WrappingUp { until } => Some(until),
            AgentActivity::Free { .. } | AgentActivity::Kept { .. } | AgentActivity::Talking { .. } => None,
        };
        self.at(now).iter().filter_map(wrapping).min()
    }

    /// Returns four numbers derived from the seed and the call alone.
    fn draws(&self, call: CallId) -> [u64; 4] {
        drawn_of(&format!("agents:{}:{call}", self.seed))
    }

    fn talks_ms(&self, call: CallId) -> u64 {
        let [a, b, c, _] = self.draws(call);
        TALK_MIN_MS + a % TALK_PART_MS + b % TALK_PART_MS + c % TALK_PART_MS
    }

    fn wraps_up_ms(&self, call: CallId) -> u64 {
        let [_, _, _, wrap] = self.draws(call);
        WRAP_MIN_MS + wrap % WRAP_MORE_MS
    }

    fn taken_at(&self, call: CallId, now: Timestamp) -> Timestamp {
        let talks = |agent: &Agent| match agent.doing {
            AgentActivity::Talking { call: with, since } if with == call => Some(since),
            AgentActivity::Talking { .. }
            | AgentActivity::Kept { .. }
            | AgentActivity::Free { .. }
            | AgentActivity::WrappingUp { .. } => None,
        };
        self.at(now).iter().find_map(talks).unwrap_or(now)
    }
}

#[async_trait]
impl Agents for SimulatedAgents {
    fn floor(&self, _campaign: &CampaignId, now: Timestamp) -> Option<AgentFloor> {
        let mut seen = AgentFloor::default();
        let is_away = self.away_until(now).is_some();
        for agent in self.at(now).iter() {
            match agent.doing {
                // Agents on a break are not reported: they are absent.
                AgentActivity::Free { .. } if is_away => {}
                AgentActivity::Free { .. } => seen.free += 1,
                // Busy from now on: they talk as soon as the callee answers.
                AgentActivity::Kept { .. } => seen.talking_ms.push(0),
                AgentActivity::Talking { since, .. } => seen.talking_ms.push(now.ms_since(since)),
                AgentActivity::WrappingUp { .. } => seen.wrapping += 1,
            }
        }
        Some(seen)
    }

    async fn take(&self, _campaign: &CampaignId, call: CallId, until: Timestamp) -> Option<UserId> {
        loop {
            let now = self.clock.now();
            if let Some(agent) = self.give(call, now) {
                return Some(agent);
            }
            if now >= until {
                return None;
            }
            let back_at = self.away_until(now).or_else(|| self.next_free_at(now));
            let look_at = back_at.map_or(until, |back_at| back_at.min(until));
            tokio::select! {
                biased;
                () = self.freed.notified() => {}
                () = self.clock.wait_until(look_at) => {}
            }
        }
    }

    fn reserve(&self, _campaign: &CampaignId, agent: &UserId, call: CallId, now: Timestamp) -> bool {
        if self.away_until(now).is_some() {
            return false;
        }
        let mut floor = self.at(now);
        let is_free =
            |one: &&mut Agent| one.name == *agent && matches!(one.doing, AgentActivity::Free { .. });
        let found = floor.iter_mut().find(is_free);
        found
            .map(|one| one.doing = AgentActivity::Kept { call })
            .is_some()
    }

    fn free_agents(&self, _campaign: &CampaignId, now: Timestamp) -> Vec<UserId> {
        if self.away_until(now).is_some() {
            return Vec::new();
        }
        let floor = self.at(now);
        let free = floor
            .iter()
            .filter(|one| matches!(one.doing, AgentActivity::Free { .. }));
        free.map(|one| one.name.clone()).collect()
    }

    async fn take_reserved(&self, _campaign: &CampaignId, call: CallId) -> Option<UserId> {
        let now = self.clock.now();
        let mut floor = self.at(now);
        let keeps =
            |one: &&mut Agent| matches!(one.doing, AgentActivity::Kept { call: kept } if kept == call);
        let one = floor.iter_mut().find(keeps)?;
        one.doing = AgentActivity::Talking { call, since: now };
        Some(one.name.clone())
    }

    async fn hung_up(&self, _agent: &UserId, call: CallId) {
        let taken_at = self.taken_at(call, self.clock.now());
        self.clock.wait_until(taken_at.plus_ms(self.talks_ms(call))).await;
    }

    fn over(&self, agent: &UserId, call: CallId, now: Timestamp) {
        let until = now.plus_ms(self.wraps_up_ms(call));
        for one in self.at(now).iter_mut().filter(|one| one.name == *agent) {
            one.doing = match one.doing {
                // The call was not answered: there is nothing to wrap up.
                AgentActivity::Kept { .. } => AgentActivity::Free { since: now },
                AgentActivity::Free { .. }
                | AgentActivity::Talking { .. }
                | AgentActivity::WrappingUp { .. } => AgentActivity::WrappingUp { until },
            };
        }
        self.freed.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::ids::EnrolmentId;

    struct FixedClock;

    #[async_trait]
    impl Clock for FixedClock {
        fn now(&self) -> Timestamp {
            Timestamp::from_millis(1_000)
        }

        async fn wait_until(&self, _at: Timestamp) {}
    }

    fn call(attempt: u32) -> CallId {
        let enrolment = EnrolmentId {
            campaign: "C".parse().expect("a word"),
            customer: "00112233445566778899aabbccddeeff".parse().expect("an id"),
        };
        CallId::derive(&enrolment, attempt)
    }

    #[test]
    fn an_agent_who_is_kept_for_a_call_takes_that_one_alone_and_is_free_again_if_unanswered() {
        let agents = SimulatedAgents::new(1, 7, Arc::new(FixedClock), None).expect("one agent");
        let campaign: CampaignId = "C".parse().expect("a word");
        let now = Timestamp::from_millis(1_000);
        let one = agents.free_agents(&campaign, now).remove(0);
        assert!(agents.reserve(&campaign, &one, call(1), now));
        assert!(
            !agents.reserve(&campaign, &one, call(2), now),
            "they are kept already"
        );
        assert_eq!(agents.give(call(2), now), None);
        let floor = agents.floor(&campaign, now).expect("a floor");
        assert_eq!((floor.free, floor.agents()), (0, 1));
        agents.over(&one, call(1), now);
        assert_eq!(agents.free_agents(&campaign, now), std::slice::from_ref(&one));
        assert!(agents.reserve(&campaign, &one, call(3), now));
        let taken = at_once(agents.take_reserved(&campaign, call(3)));
        assert_eq!(taken, Some(one.clone()));
        agents.over(&one, call(3), now);
        assert!(agents.free_agents(&campaign, now).is_empty(), "they wrap it up");
    }

    /// Returns the result of a future that is ready at once, without a runtime.
    fn at_once<T>(future: impl Future<Output = T>) -> T {
        let mut future = std::pin::pin!(future);
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        match future.as_mut().poll(&mut context) {
            std::task::Poll::Ready(value) => value,
            std::task::Poll::Pending => panic!("it waits for nothing"),
        }
    }
}
