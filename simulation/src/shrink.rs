//! Shrinks a failing plan for as long as it fails: one world, fewer customers and days, fewer kinds of
//! faults, then single faults removed. The result is one command line.

use super::{Plan, SimulationError, Views, WorldResult, simulate_world};

/// The distance between the seeds of two worlds. Its inverse modulo 2^64 makes a later world of a plan the
/// first of another.
pub(crate) const STRIDE: u64 = 0x9e37_79b9_7f4a_7c15;

/// Most worlds that one search runs; the last ones are small.
const TRIES_MAX: u32 = 200;

/// Most faults that can be removed one by one.
const FAULTS_MAX: u32 = 64;

impl WorldResult {
    /// Returns the first text about a violated invariant; `None` if all hold.
    pub fn violation(&self) -> Option<&str> {
        let is_violated = self.0.findings.tallies.values().any(|tally| tally.violations > 0);
        let words = self.0.findings.words.first().map(String::as_str);
        is_violated.then_some(words.unwrap_or("a violation without words"))
    }

    /// SHA-256 over its log.
    pub const fn hash(&self) -> [u8; 32] {
        self.0.log_hash
    }

    /// Returns the names of the invariants that did not hold.
    pub fn violated(&self) -> Vec<&str> {
        let tallies = self.0.findings.tallies.iter();
        tallies
            .filter(|(_, tally)| tally.violations > 0)
            .map(|(name, _)| name.as_ref())
            .collect()
    }
}

impl Plan {
    /// Returns a plan with one world only: the one with this number in `self`.
    pub fn world(self, index: u64) -> Self {
        Self {
            days: self.days_of(index),
            seed: self.seed.wrapping_add(index.wrapping_mul(inverse(STRIDE))),
            ..self
        }
    }

    /// The command line that runs the plan.
    pub fn command_line(&self) -> String {
        let (mut line, standard) = (
            format!(
                "ledgerline simulate --days {} --calls-per-day {} --seed {}",
                self.days, self.calls_per_day, self.seed
            ),
            Self {
                days: 1,
                calls_per_day: 1,
                seed: 0,
                ..Self::default()
            },
        );
        if self.agents > 0 {
            line.push_str(&format!(" --agents {}", self.agents));
        }
        if self.views == Views::Worklist {
            line.push_str(" --views worklist");
        }
        if self.faults != standard.faults {
            line.push_str(&format!(" --faults '{}'", inline(&self.faults)));
        }
        if self.scenario != standard.scenario {
            line.push_str(&format!(" --scenario '{}'", inline(&self.scenario)));
        }
        line
    }
}

impl Plan {
    /// Returns the plan as a line of `simulation/seeds.tsv`; the developer who fixes it adds what was
    /// wrong.
    pub fn seed_line(&self, invariant: &str) -> String {
        let standard = Self::default();
        let or_default = |is_default: bool, text: String| match is_default {
            true => "default".to_owned(),
            false => text,
        };
        let faults = or_default(self.faults == standard.faults, inline(&self.faults));
        let scenario = or_default(self.scenario == standard.scenario, inline(&self.scenario));
        let Self {
            days,
            calls_per_day,
            agents,
            seed,
            ..
        } = self;
        format!(
            "{days}\t{calls_per_day}\t{agents}\t{seed}\t{faults}\t{scenario}\t{invariant}\tnot mended yet"
        )
    }
}

/// Returns the value as JSON on one line, which is valid YAML.
fn inline(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

/// Returns the inverse of an odd number modulo 2^64, by Newton's method: each step doubles the correct
/// bits.
const fn inverse(odd: u64) -> u64 {
    let mut found = odd;
    let mut step = 0;
    while step < 6 {
        found = found.wrapping_mul(2_u64.wrapping_sub(odd.wrapping_mul(found)));
        step += 1;
    }
    found
}

/// Returns the smallest plan found in which one of the invariants that fail in `plan` also fails; `plan`
/// itself if none is smaller. `plan` must have one world.
pub fn shrink(plan: Plan) -> Result<Plan, SimulationError> {
    let first = simulate_world(plan, 0)?;
    let violated = first.violated();
    let fails = |plan: Plan| {
        let found = simulate_world(plan, 0)?;
        Ok(found.violated().iter().any(|name| violated.contains(name)))
    };
    smallest(plan, fails)
}

/// Shrinks the plan while `fails` returns true.
fn smallest(
    plan: Plan,
    fails: impl Fn(Plan) -> Result<bool, SimulationError>,
) -> Result<Plan, SimulationError> {
    let (mut best, mut tries) = (plan, 0);
    loop {
        let mut found = None;
        for smaller in smaller_than(best) {
            tries += 1;
            if tries > TRIES_MAX {
                return Ok(best);
            }
            if fails(smaller)? {
                found = Some(smaller);
                break;
            }
        }
        match found {
            Some(smaller) => best = smaller,
            None => return Ok(best),
        }
    }
}

/// Returns plans that are a little smaller than this one, the smallest first.
fn smaller_than(plan: Plan) -> Vec<Plan> {
    let mut smaller = Vec::new();
    for days in [1, plan.days / 2, plan.days.saturating_sub(1)] {
        smaller.extend((days > 0 && days < plan.days).then_some(Plan { days, ..plan }));
    }
    for calls_per_day in [
        plan.calls_per_day / 2,
        plan.calls_per_day - plan.calls_per_day / 4,
    ] {
        let is_fewer = calls_per_day > 1 && calls_per_day < plan.calls_per_day;
        smaller.extend(is_fewer.then_some(Plan {
            calls_per_day,
            ..plan
        }));
    }
    smaller.extend(
        plan.faults
            .without_each()
            .into_iter()
            .map(|faults| Plan { faults, ..plan }),
    );
    let single = (0..FAULTS_MAX.min(plan.faults_count())).filter(|nth| plan.faults.kept >> nth & 1 == 1);
    smaller.extend(single.map(|nth| {
        let mut fewer = plan;
        fewer.faults.kept &= !(1 << nth);
        fewer
    }));
    smaller
}

impl Plan {
    /// Returns an upper estimate of the number of faults in a world; bits beyond it have no effect.
    fn faults_count(&self) -> u32 {
        let crashes = self
            .faults
            .crashes_per_day_max
            .max(self.faults.sync_crashes_per_day_max);
        let of_a_day = 2 * crashes + self.faults.drains_per_day_max;
        of_a_day.saturating_mul(self.days).saturating_add(5)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan() -> Plan {
        Plan {
            days: 14,
            calls_per_day: 100,
            seed: 7,
            ..Plan::default()
        }
    }

    #[test]
    fn a_later_world_is_the_first_of_a_plan_of_its_own() {
        assert_eq!(STRIDE.wrapping_mul(inverse(STRIDE)), 1);
        let small = Plan {
            days: 8,
            calls_per_day: 4,
            ..plan()
        };
        let (later, alone) = (
            simulate_world(small, 1).unwrap(),
            simulate_world(small.world(1), 0).unwrap(),
        );
        assert_eq!(later.0.log_hash, alone.0.log_hash);
        assert_eq!(small.world(1).days, 1);
    }

    #[test]
    fn what_fails_is_made_as_small_as_it_still_fails() {
        // It fails with 3 days, 20 people and the sixth fault; halves and quarters lead to 25.
        let needs = |plan: Plan| {
            let faults = plan.faults.drains_per_day_max > 0 && plan.faults.kept >> 5 & 1 == 1;
            Ok(plan.days >= 3 && plan.calls_per_day >= 20 && faults)
        };
        let found = smallest(plan().world(0), needs).unwrap();
        assert_eq!((found.days, found.calls_per_day), (3, 25));
        assert_eq!(found.faults.crashes_per_day_max, 0);
        assert_eq!(found.faults.kept >> 5 & 1, 1);
        assert_eq!(found.faults.kept & 0b1_1111, 0, "{:b}", found.faults.kept);
    }

    #[test]
    fn a_plan_is_one_command_line_that_reads_back() {
        let line = plan().command_line();
        assert_eq!(line, "ledgerline simulate --days 14 --calls-per-day 100 --seed 7");
        let mut other = plan();
        (other.faults.kept, other.agents) = (5, 3);
        let line = other.command_line();
        let yaml = line.split('\'').nth(1).unwrap();
        assert_eq!(crate::FaultRates::from_yaml(yaml), Ok(other.faults));
    }
}
