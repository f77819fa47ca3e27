//! `ledgerline simulate`: whole days on virtual time, from a seed, with crashes, held to the invariants.

use crate::kit::failure::Failure;
use crate::kit::output;
use domain::ports::clock::Clock;
use host::clock::SystemClock;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;
use simulation::{Found, Plan, Report, SimulationError, Views, put_together, simulate_world};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

/// Longest run: ten years.
const DAYS_MAX: i64 = 3_650;

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
fn side_by_side(plan: Plan, heard: &(dyn Fn(u32) + Sync)) -> Result<Report, SimulationError> {
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
    let worlds: Result<Vec<Found>, SimulationError> = found.into_values().collect();
    Ok(put_together(plan, worlds?))
}

/// Runs outside the runtime: each world has a single-threaded one of its own.
pub(crate) fn run(args: &Args) -> Result<(), Failure> {
    let clock = SystemClock::default();
    let began = clock.now();
    // Silent when standard error is not a terminal.
    let bar = ProgressBar::new(u64::from(args.days)).with_style(ProgressStyle::default_bar());
    let plan = Plan {
        days: args.days,
        calls_per_day: args.calls_per_day,
        seed: args.seed,
        views: match args.views {
            Chosen::All => Views::All,
            Chosen::Worklist => Views::Worklist,
        },
        agents: args.agents,
    };
    let report = side_by_side(plan, &|days| bar.inc(u64::from(days)))
        .map_err(|error| Failure::fault(error.to_string()))?;
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
    Err(Failure::found("an invariant was violated"))
}
