//! Baselines that do not react to drops: progressive, free agents ÷ answer rate, a fixed ratio, Erlang B, and
//! safe bursts.

use crate::answer_rate::AnswerRate;
use crate::bursts::{naive_burst, safe_burst};
use crate::erlang::load_within;
use crate::floor::{FloorSnapshot, Pacer, TickEvents, TimeDistributions};
use crate::times::count;
use std::collections::BTreeMap;

/// Progressive dialing: one ringing or waiting call per free agent.
#[derive(Debug, Clone, Default)]
pub struct ProgressivePacer;

impl Pacer for ProgressivePacer {
    fn name(&self) -> &'static str {
        "progressive"
    }

    fn record_events(&mut self, _: &[u32], _: TickEvents) {}

    fn dials(&mut self, floor: &FloorSnapshot) -> u32 {
        floor.progressive()
    }
}

/// Keeps so many calls ringing that one answer per free agent is expected: free agents ÷ answer rate.
#[derive(Debug, Clone, Default)]
pub struct NaivePacer {
    shape: TimeDistributions,
    rate: AnswerRate,
}

impl Pacer for NaivePacer {
    fn name(&self) -> &'static str {
        "naive"
    }

    fn record_events(&mut self, ringing: &[u32], events: TickEvents) {
        self.rate.passed(&self.shape.ring, ringing, events.answers);
    }

    fn dials(&mut self, floor: &FloorSnapshot) -> u32 {
        let free = floor.free.saturating_sub(floor.waiting);
        naive_burst(free, self.rate.rate()).saturating_sub(floor.ringing_count())
    }
}

/// Keeps a fixed number of calls ringing per free agent.
#[derive(Debug, Clone)]
pub struct FixedRatioPacer {
    pub ratio: f64,
}

impl Pacer for FixedRatioPacer {
    fn name(&self) -> &'static str {
        "fixed_ratio"
    }

    fn record_events(&mut self, _: &[u32], _: TickEvents) {}

    fn dials(&mut self, floor: &FloorSnapshot) -> u32 {
        let free = floor.free.saturating_sub(floor.waiting);
        count(self.ratio * f64::from(free)).saturating_sub(floor.ringing_count())
    }
}

/// Dials up to the load at which, by Erlang B, three percent of calls would find all agents busy.
#[derive(Debug, Clone, Default)]
pub struct ErlangPacer {
    shape: TimeDistributions,
    rate: AnswerRate,
    loads: BTreeMap<u32, f64>,
}

impl Pacer for ErlangPacer {
    fn name(&self) -> &'static str {
        "erlang_b"
    }

    fn record_events(&mut self, ringing: &[u32], events: TickEvents) {
        self.rate.passed(&self.shape.ring, ringing, events.answers);
    }

    fn dials(&mut self, floor: &FloorSnapshot) -> u32 {
        let load = self.loads.entry(floor.agents);
        let load = *load.or_insert_with(|| load_within(0.03, floor.agents));
        let rate = self.rate.rate();
        // Ringing calls at this rate of answers per second (Little's law).
        let a_second = load / self.shape.busy.mean();
        let rings = rate * self.shape.ring.mean() + (1.0 - rate) * crate::times::float(crate::times::AHEAD_S);
        count(libm::ceil(a_second / rate * rings)).saturating_sub(floor.ringing_count())
    }
}

/// Keeps the largest burst ringing of which at most three percent of the answers are expected to find no
/// agent.
#[derive(Debug, Clone, Default)]
pub struct SafeBurstPacer {
    shape: TimeDistributions,
    rate: AnswerRate,
    /// Cached bursts by free agents and rate in thousandths.
    bursts: BTreeMap<(u32, u32), u32>,
}

impl Pacer for SafeBurstPacer {
    fn name(&self) -> &'static str {
        "safe_burst"
    }

    fn record_events(&mut self, ringing: &[u32], events: TickEvents) {
        self.rate.passed(&self.shape.ring, ringing, events.answers);
    }

    fn dials(&mut self, floor: &FloorSnapshot) -> u32 {
        let free = floor.free.saturating_sub(floor.waiting);
        // Rounded up: with too high a rate fewer calls are abandoned.
        let thousandths = count(self.rate.rate() * 100.0 + 1.0) * 10;
        let rate = f64::from(thousandths) / 1_000.0;
        let burst = self.bursts.entry((free, thousandths));
        let burst = *burst.or_insert_with(|| safe_burst(free, rate.min(0.98)));
        burst.saturating_sub(floor.ringing_count())
    }
}
