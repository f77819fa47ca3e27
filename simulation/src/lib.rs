//! A whole system on virtual time, from a seed: the product's deciders, actors, drivers and views.
//!
//! Only the ports are simulated: clock, chance, disk, line and callees. A run is a row of worlds of seven
//! days, each from an empty log, so that memory stays bounded; crashes come from the seed. The same seed
//! gives the same log, byte for byte. What real disks, sockets and SQLite files do is proved elsewhere,
//! by the kill loops.

mod clock;
mod disk;
mod faults;
mod invariants;
mod operator;
mod people;
mod power;
mod shape;
mod tasks;
mod witness;
mod world;

use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

pub use invariants::Tally;
pub use world::SimulationError;

/// Days in one world; a longer run is several worlds.
pub const WORLD_DAYS: u32 = 7;

/// What to simulate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Plan {
    pub days: u32,
    pub calls_per_day: u32,
    pub seed: u64,
}

/// What a run found. The same plan gives the same report.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Report {
    pub days: u32,
    pub calls: u64,
    pub crashes: u64,
    pub events: u64,
    /// By name: how often each invariant was checked, and how often it did not hold.
    pub invariants: BTreeMap<&'static str, Tally>,
    /// SHA-256, lower hex, over the worlds' own hashes in order.
    pub log_hash: String,
    /// The first violations, in words; empty when all holds.
    pub violations: Vec<String>,
}

/// Most violations kept in words.
const VIOLATIONS_MAX: usize = 20;

impl Report {
    pub fn holds(&self) -> bool {
        self.invariants.values().all(|tally| tally.violations == 0)
    }
}

/// Runs the plan world by world; `progress` hears the days done so far.
pub fn simulate(plan: Plan, progress: &mut dyn FnMut(u32)) -> Result<Report, SimulationError> {
    let mut report = Report {
        days: plan.days,
        calls: 0,
        crashes: 0,
        events: 0,
        invariants: BTreeMap::new(),
        log_hash: String::new(),
        violations: Vec::new(),
    };
    let mut hash = Sha256::new();
    let mut done = 0;
    let mut index = 0;
    while done < plan.days {
        let days = WORLD_DAYS.min(plan.days - done);
        let world = world::run(world::WorldPlan {
            days,
            calls_per_day: plan.calls_per_day,
            seed: plan.seed,
            index,
        })?;
        hash.update(world.log_hash);
        report.calls += world.calls;
        report.crashes += world.crashes;
        report.events += world.events;
        for (name, tally) in world.findings.tallies {
            report.invariants.entry(name).or_default().add(tally);
        }
        report.violations.extend(world.findings.words);
        report.violations.truncate(VIOLATIONS_MAX);
        done += days;
        index += 1;
        progress(done);
    }
    report.log_hash = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(report)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(seed: u64) -> Report {
        let plan = Plan {
            days: 2,
            calls_per_day: 40,
            seed,
        };
        simulate(plan, &mut |_| {}).unwrap()
    }

    #[test]
    fn one_seed_gives_one_log_and_every_invariant_holds() {
        let mut hashes = std::collections::BTreeSet::new();
        for seed in [7, 8, 9] {
            let (first, second) = (run(seed), run(seed));
            assert_eq!(first.violations, Vec::<String>::new());
            assert!(first.holds());
            assert!(first.calls > 0);
            assert_eq!(first, second);
            hashes.insert(first.log_hash);
        }
        assert_eq!(hashes.len(), 3);
    }
}
