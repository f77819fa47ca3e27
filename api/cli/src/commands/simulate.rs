//! `ledgerline simulate`: whole days on virtual time, from a seed, with crashes, held to the invariants.

use crate::kit::failure::Failure;
use crate::kit::output;
use domain::ports::clock::Clock;
use host::clock::SystemClock;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;
use simulation::{
    FaultRates, Found, Plan, Scenario, ScenarioFault, SimulationError, Views, put_together, shrink,
    simulate_world,
};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

/// Longest run: what `make prove-days` takes, 27 years.
const DAYS_MAX: i64 = 10_000;

/// Simulate campaign-days on virtual time: the product's deciders, actors, drivers and views, simulated
/// people, disks and crashes. The same seed gives the same log hash.
#[derive(Debug, clap::Args)]
#[command(after_help = crate::kit::failure::EXIT_CODES)]
pub(crate) struct Args {
    /// Virtual days, in worlds of seven
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=DAYS_MAX))]
    days: u32,
    /// Customers called on each day
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    calls_per_day: u32,
    /// Decides everything
    #[arg(long, value_name = "S")]
    seed: u64,
    /// Which views are kept and compared with their replay: all, or the one that drivers read
    #[arg(long, value_enum, default_value_t = Chosen::All)]
    views: Chosen,
    /// Agents who take the calls, paced by the account of abandoned calls; without: robots
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = clap::value_parser!(u32).range(0..=1_000))]
    agents: u32,
    /// What goes wrong, and how often: none, default, a YAML file of rates, or the rates themselves in braces
    #[arg(long, value_name = "none|default|FILE", default_value = "default")]
    faults: String,
    /// What campaigns and people are like: a YAML file, or its members in braces
    #[arg(long, value_name = "FILE")]
    scenario: Option<String>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Chosen {
    All,
    Worklist,
}

/// Every world on one thread, as many at once as there are cores. The report is the same for any number.
fn side_by_side(plan: Plan, heard: &(dyn Fn(u32) + Sync)) -> Result<Vec<Found>, SimulationError> {
    let hands = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let next = AtomicU64::new(0);
    let found: Mutex<BTreeMap<u64, Result<Found, SimulationError>>> = Mutex::default();
    let work = || {
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            if index >= plan.worlds_count() {
                return;
            }
            let world = simulate_world(plan, index);
            let mut found = found.lock().unwrap_or_else(PoisonError::into_inner);
            found.insert(index, world);
            heard(plan.days_of(index));
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..hands {
            scope.spawn(work);
        }
    });
    let found = found.into_inner().unwrap_or_else(PoisonError::into_inner);
    found.into_values().collect()
}

/// The text of a file, or what stands in braces itself.
fn text_of(given: &str) -> Result<String, Failure> {
    if given.trim_start().starts_with('{') {
        return Ok(given.to_owned());
    }
    std::fs::read_to_string(given).map_err(|error| Failure::usage(format!("{given}: {error}")))
}

fn plan_of(args: &Args) -> Result<Plan, Failure> {
    let wrong = |given: &str| {
        let given = given.to_owned();
        move |fault: ScenarioFault| Failure::usage(format!("{given}: {fault}"))
    };
    let faults = match args.faults.as_str() {
        "none" => FaultRates::NONE,
        "default" => FaultRates::default(),
        given => FaultRates::from_yaml(&text_of(given)?).map_err(wrong(given))?,
    };
    let scenario = match args.scenario.as_deref() {
        None => Scenario::default(),
        Some(given) => Scenario::from_yaml(&text_of(given)?).map_err(wrong(given))?,
    };
    Ok(Plan {
        days: args.days,
        calls_per_day: args.calls_per_day,
        seed: args.seed,
        views: match args.views {
            Chosen::All => Views::All,
            Chosen::Worklist => Views::Worklist,
        },
        agents: args.agents,
        faults,
        scenario,
    })
}

/// Runs outside the runtime: each world has a single-threaded one of its own.
pub(crate) fn run(args: &Args) -> Result<(), Failure> {
    let clock = SystemClock::default();
    let began = clock.now();
    // Silent when standard error is not a terminal.
    let bar = ProgressBar::new(u64::from(args.days)).with_style(ProgressStyle::default_bar());
    let plan = plan_of(args)?;
    let found = side_by_side(plan, &|days| bar.inc(u64::from(days)))
        .map_err(|error| Failure::fault(error.to_string()))?;
    let failed = found.iter().position(|found| found.violation().is_some());
    let report = put_together(plan, found);
    bar.finish_and_clear();
    let seconds = clock.now().ms_since(began) / 1_000;
    for violation in &report.violations {
        output::notice(violation);
    }
    if args.json {
        output::json(&json!({
            "days": report.days,
            "calls": report.calls,
            "crashes": report.crashes,
            "events": report.events,
            "permits": report.permits,
            "refusals": report.refusals,
            "abandon_ratio_max": report.abandoned_per_mille_max as f64 / 1_000.0,
            "abandon_ratio_30_days_max": report.abandoned_30_days_per_mille_max as f64 / 1_000.0,
            "sellers_named": report.sellers_named,
            "invariants": report.invariants,
            "log_hash": report.log_hash,
            "seconds": seconds,
        }))?;
    } else {
        output::line(&format!(
            "{} days, {} calls, {} events, {} crashes in {seconds} s; log hash {}",
            report.days, report.calls, report.events, report.crashes, report.log_hash
        ))?;
        for (name, tally) in &report.invariants {
            output::line(&format!(
                "  {name:<32} checked {:>9}  violations {}",
                tally.checked, tally.violations
            ))?;
        }
    }
    if report.holds() {
        return Ok(());
    }
    if let Some(index) = failed {
        let alone = plan.world(index as u64);
        let small = shrink(alone).map_err(|error| Failure::fault(error.to_string()))?;
        output::notice(&format!(
            "the smallest run that shows it: {}",
            small.command_line()
        ));
    }
    Err(Failure::found("an invariant was violated"))
}
