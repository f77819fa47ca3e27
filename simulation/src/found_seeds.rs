//! Seeds that found something, kept for ever: what was mended stays mended. `simulation/seeds.tsv` says what
//! each found and what ended it.

use super::{FaultRates, Plan, Scenario, Views};

const SEEDS: &str = include_str!("../seeds.tsv");

/// Members of a line.
const MEMBERS: usize = 7;

/// One line: a small plan, the invariant that did not hold, and what was wrong.
#[derive(Debug)]
pub(crate) struct FoundSeed {
    pub(crate) plan: Plan,
    pub(crate) invariant: &'static str,
}

/// Every seed that is kept; what cannot be read says so.
pub(crate) fn found_seeds() -> Result<Vec<FoundSeed>, String> {
    let lines = SEEDS
        .lines()
        .filter(|line| !line.starts_with('#') && !line.is_empty());
    lines.map(read).collect()
}

fn read(line: &'static str) -> Result<FoundSeed, String> {
    let members: Vec<&'static str> = line.split('\t').collect();
    let [days, people, agents, seed, faults, invariant, why] = members.as_slice() else {
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
            scenario: Scenario::default(),
        },
        invariant,
    })
}
