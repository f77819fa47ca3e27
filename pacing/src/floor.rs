//! The interface of a pacer: its view of the agents and calls at a tick, the events since the last tick, and
//! its answer.

use crate::times::{AHEAD_S, BusyTimes, Releases, RingTimes, STEPS_A_SECOND};

/// Number of different ages of ringing calls, in half seconds: `AHEAD_S` seconds.
pub const RING_AGES: usize = AHEAD_S * STEPS_A_SECOND;

/// The distributions of ring times and of agents' busy times that a pacer plans with.
#[derive(Debug, Clone, Default)]
pub struct TimeDistributions {
    pub ring: RingTimes,
    pub busy: BusyTimes,
}

/// The agents and calls of a campaign at one tick.
#[derive(Debug, Clone)]
pub struct FloorSnapshot {
    /// Agents who work, busy or not.
    pub agents: u32,
    pub free: u32,
    /// Answered callees who wait for an agent.
    pub waiting: u32,
    /// Talk time of each talking agent, in half seconds.
    pub talking: Vec<u32>,
    /// Agents in wrap-up.
    pub wrapping: u32,
    /// Ringing calls by age in half seconds; `RING_AGES` entries.
    pub ringing: Vec<u32>,
    /// Drops that the abandonment budget still allows; negative if it is exceeded.
    pub budget: i64,
    /// Live answers and drops that the budget counts.
    pub answers: u64,
    pub drops: u64,
}

impl FloorSnapshot {
    pub fn ringing_count(&self) -> u32 {
        self.ringing.iter().sum()
    }

    /// Returns how many calls progressive dialing starts: free agents less ringing and waiting calls, at
    /// least 0. They cause no drop.
    pub fn progressive(&self) -> u32 {
        self.free.saturating_sub(self.ringing_count() + self.waiting)
    }

    /// Returns the expected number of busy agents who become free within each of the next seconds, and the
    /// variance of that number.
    pub fn releases(&self, shape: &TimeDistributions) -> (Releases, Releases) {
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

/// What happened between two ticks of a pacer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TickEvents {
    /// Live answers.
    pub answers: u32,
    /// Answers, of these and earlier ones, that reached an agent in time.
    pub served: u32,
    /// Answers that waited in vain (drops).
    pub drops: u32,
}

/// A pacer: decides how many calls to start at a tick.
pub trait Pacer {
    /// Returns the pacer's name in figures and files.
    fn name(&self) -> &'static str;

    /// Reports the events since the last tick. `ringing`: number of ringing calls by age in half seconds
    /// after the last tick, with the calls started at it.
    fn record_events(&mut self, ringing: &[u32], events: TickEvents);

    /// Returns the number of calls to start now.
    fn dials(&mut self, floor: &FloorSnapshot) -> u32;
}
