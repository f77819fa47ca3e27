//! `make prove-planted`: switches on each planted bug in turn and runs seeds until an invariant finds it. A
//! bug that no seed finds must be listed here with the second guard that hides it, and a listed one must not
//! be found, so the list cannot become outdated. Without a bug the same seeds must find nothing.

use domain::calling_plan::Preset;
use serde_json::json;
use simulation::{Bug, FaultRates, Plan, Scenario, Views, simulate_planted, simulate_world};
use std::io::Write;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

/// The allocator of the product, which takes a seventh of a world's time (decision 0189).
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Seeds tried for each bug, unless an argument sets another number.
const SEEDS: u64 = 8;

/// Bugs that no seed finds, each with the second guard that hides it.
const GUARDED: [(Bug, &str); 4] = [
    (
        Bug::LedgerOverdrawn,
        "the pacer asks for at most one call per free agent if no further abandoned call is allowed",
    ),
    (
        Bug::NumberClosesTwice,
        "a repeat is answered by its command id before the decider is asked",
    ),
    (
        Bug::PausedCampaignGrants,
        "the dialer asks only running campaigns, and checks again before a permit",
    ),
    (
        Bug::RobotSellsAlone,
        "a robot's campaign has no record of abandoned calls, without which no call is granted either",
    ),
];

fn say(line: &str) {
    // If standard output is closed, the error cannot be reported.
    drop(writeln!(std::io::stdout(), "{line}"));
}

/// The size of the search for each bug.
#[derive(Clone, Copy)]
struct Effort {
    seeds: u64,
    days: u32,
    people: u32,
}

/// A week with a hundred customers.
const USUAL: Effort = Effort {
    seeds: SEEDS,
    days: 7,
    people: 100,
};

/// Returns the plan with which a bug is looked for: the usual world, or one with more of what the bug
/// needs.
fn plan_for(bug: Option<Bug>, effort: Effort, seed: u64) -> Plan {
    let usual = Plan {
        days: effort.days,
        calls_per_day: effort.people,
        seed,
        views: Views::Worklist,
        faults: faults_for(bug),
        scenario: scenario_for(bug),
        ..Plan::default()
    };
    match bug {
        Some(
            Bug::LedgerOverdrawn | Bug::LedgerAfterBatch | Bug::AbandonedNotCounted | Bug::OldRegistryCounts,
        ) => Plan {
            agents: 4,
            calls_per_day: effort.people * 2,
            ..usual
        },
        Some(Bug::StageLimitIgnored) => Plan {
            days: 1,
            calls_per_day: 600,
            ..usual
        },
        // Its views start from the first event again and again: a log longer than one of their transactions
        // never reaches its end.
        Some(Bug::CheckpointNotStored) => Plan { days: 1, ..usual },
        // Few calls have a second leg with a record that takes longer than its time.
        Some(Bug::LateInviteSent) => Plan {
            calls_per_day: effort.people * 4,
            ..usual
        },
        // Enough customers that calls are dialed through much of the day, whenever a stop or a wrong clock
        // comes.
        Some(Bug::WrongClockIgnored | Bug::DrainDialsOn) => Plan {
            days: 1,
            calls_per_day: effort.people * 10,
            ..usual
        },
        _ => usual,
    }
}

fn faults_for(bug: Option<Bug>) -> FaultRates {
    let usual = FaultRates::default();
    let slow = FaultRates {
        slow_appends_of_ten: 10,
        slow_minutes_max: 600,
        ..usual
    };
    match bug {
        Some(Bug::StageLimitIgnored) => FaultRates::NONE,
        // Customers of an undone list are withdrawn one after the other; a record may outlast what it was
        // made under.
        Some(Bug::ExpiredGrantDialed | Bug::UndoneListDue | Bug::LateInviteSent) => slow,
        Some(Bug::WrongClockIgnored) => FaultRates {
            wrong_clocks_of_ten: 10,
            ..FaultRates::NONE
        },
        Some(Bug::DrainDialsOn) => FaultRates {
            drains_per_day_max: 8,
            ..FaultRates::NONE
        },
        _ => usual,
    }
}

fn scenario_for(bug: Option<Bug>) -> Scenario {
    let usual = Scenario::default();
    match bug {
        Some(Bug::StageLimitIgnored) => Scenario {
            stages_of_ten: 10,
            late_starts_of_ten: 0,
            ..usual
        },
        Some(Bug::WindowsLastSecondOpen | Bug::ZoneAnHourOff) => Scenario {
            late_starts_of_ten: 7,
            ..usual
        },
        Some(Bug::SummerTimeIgnored) => Scenario {
            preset: Some(Preset::EuGdpr),
            starts_on: "2026-03-29".parse().ok(),
            working_days_of_ten: 0,
            ..usual
        },
        Some(Bug::RestIgnored) => Scenario {
            rests_of_ten: 10,
            ..usual
        },
        Some(Bug::HolidayIgnored) => Scenario {
            starts_on: "2026-10-01".parse().ok(),
            working_days_of_ten: 10,
            ..usual
        },
        Some(Bug::WhiteListIgnored) => Scenario {
            white_lists_of_ten: 10,
            ..usual
        },
        Some(Bug::UndoneListDue) => Scenario {
            undone_lists_of_ten: 10,
            ..usual
        },
        Some(Bug::RobotSellsAlone | Bug::OldRegistryCounts) => Scenario {
            preset: Some(Preset::UsTsr),
            ..usual
        },
        Some(Bug::ExpiredConsentCounts) => Scenario {
            preset: Some(Preset::CnMarketing),
            ..usual
        },
        _ => usual,
    }
}

/// The result of the search for one bug.
struct BugSearch {
    bug: Option<Bug>,
    seed: Option<u64>,
    by: Vec<String>,
}

fn look_for(bug: Option<Bug>, effort: Effort) -> BugSearch {
    let none = BugSearch {
        bug,
        seed: None,
        by: Vec::new(),
    };
    for seed in 1..=effort.seeds {
        let mut by = violated(plan_for(bug, effort, seed), bug);
        if bug.is_some() && !by.is_empty() {
            // Violations of the same world without the bug do not count.
            let without = violated(plan_for(bug, effort, seed), None);
            by.retain(|name| !without.contains(name));
        }
        if !by.is_empty() {
            return BugSearch {
                seed: Some(seed),
                by,
                ..none
            };
        }
    }
    none
}

/// Returns the names of the invariants that do not hold in a plan's world; the error text if its machine no
/// longer starts, which counts as found, too.
fn violated(plan: Plan, bug: Option<Bug>) -> Vec<String> {
    let found = match bug {
        Some(bug) => simulate_planted(plan, 0, bug),
        None => simulate_world(plan, 0),
    };
    match found {
        Ok(found) => found.violated().into_iter().map(str::to_owned).collect(),
        Err(error) => vec![error.to_string()],
    }
}

/// Why the proof fails.
#[derive(Debug, thiserror::Error)]
enum PlantedProofFailure {
    #[error("usage: prove_planted [SEEDS [DAYS [PEOPLE [BUG…]]]]")]
    Usage,
    #[error("the bugs found differ from the list")]
    NotAsSaid,
}

fn main() -> Result<(), PlantedProofFailure> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let number = |nth: usize, usual: u64| args.get(nth).map_or(Some(usual), |text| text.parse().ok());
    let narrow =
        |nth: usize, usual: u32| number(nth, usual.into()).and_then(|count| u32::try_from(count).ok());
    let (Some(seeds), Some(days), Some(people)) =
        (number(0, SEEDS), narrow(1, USUAL.days), narrow(2, USUAL.people))
    else {
        return Err(PlantedProofFailure::Usage);
    };
    let effort = Effort { seeds, days, people };
    let named = args.get(3..).unwrap_or_default();
    let is_wanted = |bug: &Bug| named.is_empty() || named.contains(&format!("{bug:?}"));
    let wanted = Bug::ALL.into_iter().filter(is_wanted).map(Some);
    let bugs: Vec<Option<Bug>> = std::iter::once(None).chain(wanted).collect();
    let (next, looked) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    std::thread::scope(|scope| {
        for _ in 0..cores {
            scope.spawn(|| {
                while let Some(bug) = bugs.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let found = look_for(*bug, effort);
                    say(&words(&found));
                    looked.lock().unwrap_or_else(PoisonError::into_inner).push(found);
                }
            });
        }
    });
    tell(
        &looked.into_inner().unwrap_or_else(PoisonError::into_inner),
        seeds,
    )
}

fn words(looked: &BugSearch) -> String {
    let name = looked
        .bug
        .map_or("nothing planted".to_owned(), |bug| format!("{bug:?}"));
    match (looked.seed, guard(looked.bug)) {
        (Some(seed), _) => format!("{name}: seed {seed}, {}", looked.by.join(", ")),
        (None, Some(guard)) => format!("{name}: not found; {guard}"),
        (None, None) => format!("{name}: not found"),
    }
}

fn guard(bug: Option<Bug>) -> Option<&'static str> {
    let mut guarded = GUARDED.iter();
    guarded
        .find(|(one, _)| Some(*one) == bug)
        .map(|(_, guard)| *guard)
}

fn tell(looked: &[BugSearch], seeds: u64) -> Result<(), PlantedProofFailure> {
    let as_said = |one: &&BugSearch| {
        let is_to_be_found = one.bug.is_some() && guard(one.bug).is_none();
        one.seed.is_some() == is_to_be_found
    };
    let wrong: Vec<String> = looked.iter().filter(|one| !as_said(one)).map(words).collect();
    let mut found: Vec<u64> = looked.iter().filter_map(|one| one.bug.and(one.seed)).collect();
    found.sort_unstable();
    let median = found.get(found.len() / 2).copied();
    let by = |one: &&BugSearch| {
        let name = format!("{:?}", one.bug?);
        Some((name, json!({"seed": one.seed?, "invariants": one.by})))
    };
    let found_by: serde_json::Map<String, serde_json::Value> =
        looked.iter().filter_map(|one| by(&one)).collect();
    let line = json!({
        "proof": "planted", "found_by": found_by,
        "bugs": looked.iter().filter(|one| one.bug.is_some()).count(),
        "found": found.len(), "guarded": GUARDED.len(),
        "seeds_max": seeds, "seeds_median": median, "not_as_said": wrong, "holds": wrong.is_empty(),
    });
    say(&line.to_string());
    wrong
        .is_empty()
        .then_some(())
        .ok_or(PlantedProofFailure::NotAsSaid)
}
