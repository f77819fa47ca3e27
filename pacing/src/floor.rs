//! What a pacer sees at a tick, what it is told of between two, and what it answers.

use crate::times::{AHEAD_S, BusyTimes, Releases, RingTimes, STEPS_A_SECOND};

/// Most ages of ringing calls, in half seconds.
pub const RING_AGES: usize = AHEAD_S * STEPS_A_SECOND;

/// What is known of the shape of times: learned, or as a campaign was set up.
#[derive(Debug, Clone, Default)]
pub struct Shape {
    pub ring: RingTimes,
    pub busy: BusyTimes,
}

/// A floor of agents at one instant.
#[derive(Debug, Clone)]
pub struct Floor {
    /// Agents at work, busy or not.
    pub agents: u32,
    pub free: u32,
    /// Who answered and waits for an agent.
    pub waiting: u32,
    /// Half seconds for which each talking agent has talked.
    pub talking: Vec<u32>,
    /// Agents who wrap a call up.
    pub wrapping: u32,
    /// Ringing calls by age in half seconds: `RING_AGES` of them.
    pub ringing: Vec<u32>,
    /// Answers that may still find nobody before the account is used up; negative where it is overdrawn.
    pub budget: i64,
    /// Live answers and drops that the account counts.
    pub answers: u64,
    pub drops: u64,
}

impl Floor {
    pub fn ringing_count(&self) -> u32 {
        self.ringing.iter().sum()
    }

    /// One call for each agent who has nobody ringing: what costs no drop.
    pub fn progressive(&self) -> u32 {
        self.free.saturating_sub(self.ringing_count() + self.waiting)
    }

    /// Agents expected to be free within so many seconds, and the variance of that.
    pub fn releases(&self, shape: &Shape) -> (Releases, Releases) {
        let (mut expected, mut variance) = ([0.0; AHEAD_S + 2], [0.0; AHEAD_S + 2]);
        let mut add = |releases: &Releases, agents: f64| {
            let sums = expected.iter_mut().zip(&mut variance);
            for (released, (expected, variance)) in releases.iter().zip(sums) {
                *expected += agents * released;
                *variance += agents * released * (1.0 - released);
            }
        };
        for talked in &self.talking {
            add(shape.busy.talking(*talked as usize), 1.0);
        }
        add(shape.busy.wrapping(), f64::from(self.wrapping));
        (expected, variance)
    }
}

/// What happened between two ticks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Told {
    /// Live answers.
    pub answers: u32,
    /// Of those before, who found an agent in time.
    pub served: u32,
    /// Who waited for nothing.
    pub drops: u32,
}

/// How many calls to start at a tick.
pub trait Pacer {
    /// As figures and files name it.
    fn name(&self) -> &'static str;

    /// Since the last tick, at whose end `ringing` were ringing by age (with what was started then).
    fn told(&mut self, ringing: &[u32], told: Told);

    /// Calls to start now.
    fn dials(&mut self, floor: &Floor) -> u32;
}
