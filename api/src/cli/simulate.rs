//! `ledgerline simulate`: whole days on virtual time, from a seed, with crashes, held to the invariants.

use super::failure::Failure;
use super::output;
use crate::clock::SystemClock;
use domain::ports::clock::Clock;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;
use simulation::{Plan, simulate};

/// Longest run: ten years.
const DAYS_MAX: i64 = 3_650;

/// Simulate campaign-days on virtual time: the product's deciders, actors, drivers and views, simulated
/// people, disks and crashes. The same seed gives the same log hash.
#[derive(Debug, clap::Args)]
#[command(after_help = super::failure::EXIT_CODES)]
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
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// Runs outside the runtime: the simulation has a single-threaded one of its own.
pub(crate) fn run(args: &Args) -> Result<(), Failure> {
    let clock = SystemClock::default();
    let began = clock.now();
    // Silent when standard error is not a terminal.
    let bar = ProgressBar::new(u64::from(args.days)).with_style(ProgressStyle::default_bar());
    let plan = Plan {
        days: args.days,
        calls_per_day: args.calls_per_day,
        seed: args.seed,
    };
    let report = simulate(plan, &mut |day| bar.set_position(u64::from(day)))
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
