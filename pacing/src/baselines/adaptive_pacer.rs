//! Dialing levels that follow the abandon rate, like the public description of VICIdial's adaptive methods.
//! Based on its manual, not on its code.

use crate::floor::{FloorSnapshot, Pacer, TickEvents};
use crate::times::count;
use crate::{ABANDONED_PERCENT_MAX, TICK_S};

/// Highest level, in lines per agent.
const LEVEL_MAX: f64 = 40.0;
/// Number of answers below which the level does not react to the abandon rate.
const ANSWERS_MIN: u64 = 20;

/// A pacer that dials a level of lines per working agent. At each step the level rises while the abandon
/// rate is low and falls while it is high.
#[derive(Debug, Clone)]
pub struct AdaptivePacer {
    name: &'static str,
    level: f64,
    /// Size of a step, and number of ticks between steps.
    step: f64,
    every: u32,
    ticks: u32,
}

impl AdaptivePacer {
    /// Creates the fast variant: a step of one tenth every 15 seconds.
    pub fn fast() -> Self {
        Self::of("adaptive_fast", 0.1, 15.0)
    }

    /// Creates the slow variant: a step of one twentieth every minute.
    pub fn slow() -> Self {
        Self::of("adaptive_slow", 0.05, 60.0)
    }

    fn of(name: &'static str, step: f64, every_s: f64) -> Self {
        Self {
            name,
            level: 1.0,
            step,
            every: count(every_s / TICK_S),
            ticks: 0,
        }
    }
}

impl Pacer for AdaptivePacer {
    fn name(&self) -> &'static str {
        self.name
    }

    fn record_events(&mut self, _: &[u32], _: TickEvents) {}

    fn dials(&mut self, floor: &FloorSnapshot) -> u32 {
        self.ticks += 1;
        if self.ticks >= self.every {
            self.ticks = 0;
            let too_many = floor.drops * 100 > u64::from(ABANDONED_PERCENT_MAX) * floor.answers;
            if too_many {
                self.level = (self.level - self.step).max(1.0);
            } else if floor.answers >= ANSWERS_MIN {
                self.level = (self.level + self.step).min(LEVEL_MAX);
            }
        }
        let talking = floor.agents.saturating_sub(floor.free);
        let lines = count(self.level * f64::from(floor.agents));
        lines.saturating_sub(floor.ringing_count() + talking + floor.waiting)
    }
}
