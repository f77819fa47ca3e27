//! Seeds that found a violation, kept as regression tests. `simulation/seeds.tsv` records what each found and
//! how it was fixed.

use super::{FaultRates, Plan, Scenario, Views};

const SEEDS: &str = include_str!("../seeds.tsv");

/// Number of columns.
const MEMBERS: usize = 8;

/// One line: a small plan and the invariant that did not hold.
#[derive(Debug)]
pub(crate) struct FoundSeed {
    pub(crate) plan: Plan,
    pub(crate) invariant: &'static str,
}

/// Returns all kept seeds. Fails at a line that cannot be read.
pub(crate) fn found_seeds() -> Result<Vec<FoundSeed>, String> {
    let lines = SEEDS
        .lines()
        .filter(|line| !line.starts_with('#') && !line.is_empty());
    lines.map(read).collect()
}

fn read(line: &'static str) -> Result<FoundSeed, String> {
    let members: Vec<&'static str> = line.split('\t').collect();
    let [days, people, agents, seed, faults, scenario, invariant, why] = members.as_slice() else {
        return Err(format!("{line}: {MEMBERS} members are wanted"));
    };
    let number = |text: &str| {
        text.parse()
            .map_err(|_not_a_number| format!("{line}: {text} is no number"))
    };
    if invariant.is_empty() || why.is_empty() {
        return Err(format!("{line}: it does not say what it found"));
    }
    let faults = match *faults {
        "default" => Ok(FaultRates::default()),
        rates => FaultRates::from_yaml(rates).map_err(|fault| format!("{line}: {fault}")),
    };
    let scenario = match *scenario {
        "default" => Ok(Scenario::default()),
        named => Scenario::from_yaml(named).map_err(|fault| format!("{line}: {fault}")),
    };
    Ok(FoundSeed {
        plan: Plan {
            days: number(days)?,
            calls_per_day: number(people)?,
            agents: number(agents)?,
            seed: seed
                .parse()
                .map_err(|_not_a_number| format!("{line}: {seed} is no seed"))?,
            views: Views::Worklist,
            faults: faults?,
            scenario: scenario?,
        },
        invariant,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_proof_keeps_reads_back() {
        let mut plan = Plan {
            days: 2,
            calls_per_day: 150,
            agents: 8,
            seed: 7,
            views: Views::Worklist,
            ..Plan::default()
        };
        for _ in 0..2 {
            let line: &'static str = plan.seed_line("an_invariant").leak();
            let found = read(line).unwrap();
            assert_eq!((found.plan, found.invariant), (plan, "an_invariant"));
            plan.faults.kept = 5;
            plan.scenario.rests_of_ten = 10;
        }
    }

    #[test]
    fn a_line_says_its_scenario_and_one_without_it_is_refused() {
        let line = "2\t150\t8\t7\tdefault\t{working_days_of_ten: 10}\tan_invariant\twhat was wrong";
        let found = read(line).unwrap();
        assert_eq!(found.plan.scenario.working_days_of_ten, 10);
        assert_eq!((found.plan.agents, found.invariant), (8, "an_invariant"));
        let of_defaults = read("2\t150\t8\t7\tdefault\tdefault\tan_invariant\twhy").unwrap();
        assert_eq!(of_defaults.plan.scenario, Scenario::default());
        assert!(read("2\t150\t8\t7\tdefault\tan_invariant\twhy").is_err());
        assert!(read("2\t150\t8\t7\tdefault\t{no_such: 1}\tan_invariant\twhy").is_err());
    }
}
