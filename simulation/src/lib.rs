//! A simulation of the whole system on virtual time, from a seed: the product's deciders, actors, drivers and
//! views.
//!
//! Only the ports are simulated: clock, randomness, disk, line and callees. A run is a sequence of worlds of
//! seven days, each from an empty log, so that memory stays bounded; crashes are drawn from the seed. The
//! same seed gives the same log, byte for byte. Real disks, sockets and SQLite files are tested elsewhere, by
//! the kill loops.

mod agent_breaks;
mod agents;
mod campaign_profile;
mod chunked_bytes;
mod clock;
mod disk;
mod faults;
#[cfg(test)]
mod found_seeds;
mod home;
mod invariants;
mod life;
mod operator;
mod operator_acts;
mod people;
#[cfg(any(test, feature = "planted"))]
mod planted_bugs;
mod port_wrappers;
mod power;
mod progress;
mod scenario;
mod shape;
mod shrink;
mod slow_store;
mod tasks;
mod telemarketing;
mod wall_clock;
mod witness;
mod world;

use sha2::{Digest, Sha256};
use std::borrow::Cow;
use std::collections::BTreeMap;

pub use invariants::Tally;
#[cfg(any(test, feature = "planted"))]
pub use planted_bugs::{Bug, simulate_planted};
use port_wrappers::PortWrappers;
pub use progress::{CompletedWorld, Progress, ProgressFault};
pub use scenario::{FaultRates, Scenario, ScenarioFault};
pub use shrink::shrink;
pub use world::SimulationError;
use world::WorldReport;

/// Days in one world; a longer run has several worlds.
pub const WORLD_DAYS: u32 = 7;

/// A simulation run: its days, calls, seed, agents, faults and scenario.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Plan {
    pub days: u32,
    pub calls_per_day: u32,
    pub seed: u64,
    pub views: Views,
    /// Number of agents who take the calls, with predictive pacing. 0: robots take them, in batches.
    pub agents: u32,
    pub faults: FaultRates,
    pub scenario: Scenario,
}

/// The views that run in a world and are compared with their replay.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Views {
    #[default]
    All,
    /// The only view that drivers read.
    Worklist,
}

impl Plan {
    /// The number of worlds in the run; they are independent of each other.
    pub fn worlds_count(&self) -> u64 {
        u64::from(self.days.div_ceil(WORLD_DAYS))
    }

    /// Days of one world, counted from 0.
    pub fn days_of(&self, index: u64) -> u32 {
        let before = u32::try_from(index)
            .unwrap_or(u32::MAX)
            .saturating_mul(WORLD_DAYS);
        self.days.saturating_sub(before).min(WORLD_DAYS)
    }
}

/// The result of one world of a run.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct WorldResult(WorldReport);

/// The result of a run. The same plan gives the same report.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Report {
    pub days: u32,
    pub calls: u64,
    pub crashes: u64,
    pub events: u64,
    /// Dials permitted, and dials refused by a rule.
    pub permits: u64,
    pub refusals: u64,
    /// The largest abandon rate of a campaign for agents, in thousandths of its answers.
    pub abandoned_per_mille_max: u64,
    /// The largest abandon rate of all campaigns together over thirty consecutive days, in thousandths, by
    /// their records.
    pub abandoned_30_days_per_mille_max: u64,
    /// Calls in which no agent was free and the seller's message was played.
    pub sellers_named: u64,
    /// Checks and violations of each invariant, by name.
    pub invariants: BTreeMap<Cow<'static, str>, Tally>,
    /// SHA-256, lower hex, over the worlds' own hashes in order.
    pub log_hash: String,
    /// The first violations, as text; empty if all invariants hold.
    pub violations: Vec<String>,
}

/// Most violations kept as text.
const VIOLATIONS_MAX: usize = 20;

impl Report {
    pub fn holds(&self) -> bool {
        self.invariants.values().all(|tally| tally.violations == 0)
    }
}

/// Runs one world of the plan on the calling thread.
pub fn simulate_world(plan: Plan, index: u64) -> Result<WorldResult, SimulationError> {
    simulate_wrapped(plan, index, PortWrappers::default())
}

/// Runs one world with these functions around its ports.
fn simulate_wrapped(plan: Plan, index: u64, wrappers: PortWrappers) -> Result<WorldResult, SimulationError> {
    let world = world::WorldPlan {
        days: plan.days_of(index),
        calls_per_day: plan.calls_per_day,
        seed: plan.seed,
        index,
        views: plan.views,
        agents: plan.agents,
        faults: plan.faults,
        scenario: plan.scenario,
    };
    world::run(world, wrappers).map(WorldResult)
}

/// The report over all worlds of a plan, in their order; they may have run anywhere.
pub fn combine_report(plan: Plan, worlds: Vec<WorldResult>) -> Report {
    let mut report = Report {
        days: plan.days,
        calls: 0,
        crashes: 0,
        events: 0,
        permits: 0,
        refusals: 0,
        abandoned_per_mille_max: 0,
        abandoned_30_days_per_mille_max: 0,
        sellers_named: 0,
        invariants: BTreeMap::new(),
        log_hash: String::new(),
        violations: Vec::new(),
    };
    let (mut hash, mut counts) = (Sha256::new(), invariants::Counts::default());
    for WorldResult(world) in worlds {
        hash.update(world.log_hash);
        report.calls += world.calls;
        report.crashes += world.crashes;
        report.events += world.events;
        counts.add(world.findings.counts);
        for (name, tally) in world.findings.tallies {
            report.invariants.entry(name).or_default().add(tally);
        }
        report.violations.extend(world.findings.words);
        report.violations.truncate(VIOLATIONS_MAX);
    }
    let (windows, most) = invariants::windows(&counts.accounted_days);
    report.abandoned_30_days_per_mille_max = most;
    if windows.checked > 0 {
        let name = "three_of_a_hundred_in_every_thirty_days";
        report
            .invariants
            .entry(Cow::Borrowed(name))
            .or_default()
            .add(windows);
    }
    report.permits = counts.permits;
    report.refusals = counts.refusals;
    report.sellers_named = counts.sellers_named;
    report.abandoned_per_mille_max = counts.abandoned_per_mille_max;
    report.log_hash = domain::hex::encode(&hash.finalize());
    report
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(seed: u64) -> Plan {
        Plan {
            days: 1,
            calls_per_day: 40,
            seed,
            views: Views::All,
            agents: 0,
            faults: FaultRates::default(),
            scenario: Scenario::default(),
        }
    }

    fn run(plan: Plan) -> Report {
        let worlds = (0..plan.worlds_count()).map(|index| simulate_world(plan, index).unwrap());
        combine_report(plan, worlds.collect())
    }

    #[test]
    fn one_seed_gives_one_log_and_every_invariant_holds() {
        let [first, second, other] = [7, 7, 8].map(|seed| run(plan(seed)));
        for report in [&first, &other] {
            assert_eq!(report.violations, Vec::<String>::new());
            assert!(report.holds());
            assert!(report.calls > 0);
        }
        assert_eq!(first, second);
        assert_ne!(first.log_hash, other.log_hash);
    }

    #[test]
    fn with_agents_the_account_binds_each_batch_over_every_crash() {
        let paced = Plan { agents: 4, ..plan(7) };
        let report = run(paced);
        assert_eq!(report.violations, Vec::<String>::new());
        let checked = |name| {
            report
                .invariants
                .get(name)
                .map_or(0, |tally: &Tally| tally.checked)
        };
        assert!(checked("a_batch_stands_on_the_account") > 20);
        assert!(report.permits > 0);
        assert_eq!(report.log_hash, run(paced).log_hash);
    }

    #[test]
    fn a_world_of_callbacks_dials_each_at_its_time() {
        let report = run(Plan {
            faults: FaultRates::NONE,
            scenario: Scenario {
                // With this rule set, only the mode prevents calls.
                preset: Some(domain::calling_plan::Preset::CnService),
                callbacks_of_ten: 10,
                stages_of_ten: 0,
                late_starts_of_ten: 0,
                white_lists_of_ten: 0,
                working_days_of_ten: 0,
                undone_lists_of_ten: 0,
                ..Scenario::default()
            },
            ..plan(7)
        });
        assert_eq!(report.violations, Vec::<String>::new());
        let checked = report.invariants.get("a_callback_is_dialed_at_its_time");
        assert!(
            checked.is_some_and(|tally| tally.checked >= 3),
            "{:?}",
            report.invariants
        );
    }

    /// Agents step away while phones ring for them.
    #[test]
    fn an_abandoned_callee_in_new_york_hears_the_seller() {
        let preset = Some(domain::calling_plan::Preset::UsTsr);
        let sold = Plan {
            days: 2,
            calls_per_day: 120,
            agents: 6,
            faults: FaultRates {
                agent_breaks_of_ten: 10,
                ..FaultRates::NONE
            },
            scenario: Scenario {
                preset,
                ..Scenario::default()
            },
            ..plan(7)
        };
        let report = run(sold);
        assert_eq!(report.violations, Vec::<String>::new());
        assert!(report.sellers_named > 0, "{report:?}");
    }

    /// All violations found by seeds stay fixed, and each line of the seed file can be read.
    #[test]
    fn seeds_that_found_something_find_nothing_any_more() {
        for found in found_seeds::found_seeds().unwrap() {
            let report = run(found.plan);
            assert_eq!(
                report.violations,
                Vec::<String>::new(),
                "{}",
                found.plan.command_line()
            );
            let checked = report.invariants.get(found.invariant);
            assert!(
                checked.is_some_and(|tally| tally.checked > 0),
                "{}",
                found.invariant
            );
        }
    }

    #[test]
    fn a_run_of_many_days_is_worlds_of_seven_and_a_rest() {
        let days = |days| {
            let plan = Plan { days, ..plan(7) };
            let of = (0..plan.worlds_count()).map(|index| plan.days_of(index));
            of.collect::<Vec<u32>>()
        };
        assert_eq!(days(1), [1]);
        assert_eq!(days(14), [7, 7]);
        assert_eq!(days(200).iter().sum::<u32>(), 200);
        assert_eq!(days(200).last(), Some(&4));
    }

    #[test]
    fn with_the_worklist_alone_every_invariant_holds_and_one_view_is_compared() {
        let alone = Plan {
            views: Views::Worklist,
            ..plan(7)
        };
        let report = run(alone);
        assert_eq!(report.violations, Vec::<String>::new());
        let compared = |report: &Report| report.invariants["views_equal_their_replay"].checked;
        assert_eq!(compared(&report), 1);
        let few = Plan {
            calls_per_day: 5,
            ..plan(7)
        };
        assert!(compared(&run(few)) > 1);
    }
}
