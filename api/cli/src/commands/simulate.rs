//! `ledgerline simulate`: runs whole days on virtual time from a seed, with crashes, and checks the
//! invariants.

use crate::kit::failure::Failure;
use crate::kit::output;
use crate::kit::progress::Progress;
use application::format_localized;
use application::language::localized;
use domain::ports::clock::Clock;
use host::clock::SystemClock;
use serde_json::json;
use simulation::{
    FaultRates, Plan, Scenario, ScenarioFault, SimulationError, Views, WorldResult, combine_report, shrink,
    simulate_world,
};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

/// Longest run, in days: that of `make prove-days`, 27 years.
const DAYS_MAX: i64 = 10_000;

/// Simulate campaign days on virtual time: the real deciders, actors, drivers and views with simulated
/// people, disks and crashes
///
/// The same seed gives the same log hash.
#[derive(Debug, clap::Args)]
#[command(after_help = crate::kit::failure::EXIT_CODES)]
pub(crate) struct Args {
    /// Virtual days, in worlds of seven
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=DAYS_MAX))]
    days: u32,
    /// Customers called on each day
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    calls_per_day: u32,
    /// Seed that decides everything
    #[arg(long, value_name = "S")]
    seed: u64,
    /// Views that are maintained and compared with their replay: all, or only the one that drivers read
    #[arg(long, value_enum, default_value_t = ViewSelection::All)]
    views: ViewSelection,
    /// Agents who take the calls, with predictive pacing by the abandon rate; default: robots only
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = clap::value_parser!(u32).range(0..=1_000))]
    agents: u32,
    /// Faults and their rates: none, default, a YAML file of rates, or the rates in braces
    #[arg(long, value_name = "none|default|FILE", default_value = "default")]
    faults: String,
    /// Behavior of campaigns and people: a YAML file, or its members in braces
    #[arg(long, value_name = "FILE")]
    scenario: Option<String>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum ViewSelection {
    /// All views
    All,
    /// Only the view that drivers read
    Worklist,
}

/// Simulates every world, in as many threads as there are cores. The result does not depend on that number.
fn side_by_side(plan: Plan, heard: &(dyn Fn(u32) + Sync)) -> Result<Vec<WorldResult>, SimulationError> {
    let hands = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let next = AtomicU64::new(0);
    let found: Mutex<BTreeMap<u64, Result<WorldResult, SimulationError>>> = Mutex::default();
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

/// Returns the content of a file, or the argument itself if it begins with a brace.
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
            ViewSelection::All => Views::All,
            ViewSelection::Worklist => Views::Worklist,
        },
        agents: args.agents,
        faults,
        scenario,
    })
}

/// Runs the simulation outside the runtimes: each world has a single-threaded one of its own.
pub(crate) fn run(args: &Args) -> Result<(), Failure> {
    let clock = SystemClock::default();
    let began = clock.now();
    let progress = Progress::counted(localized("模拟天数", "days simulated"));
    let all = u64::from(args.days);
    let done = AtomicU64::new(0);
    let days_done = |days: u32| {
        let before = done.fetch_add(u64::from(days), Ordering::Relaxed);
        progress.set(before + u64::from(days), all);
    };
    let plan = plan_of(args)?;
    let found = side_by_side(plan, &days_done).map_err(|error| Failure::fault(error.to_string()))?;
    let failed = found.iter().position(|found| found.violation().is_some());
    let report = combine_report(plan, found);
    drop(progress);
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
        output::line(&format_localized!(
            "{} 天，{} 通呼叫，{} 个事件，{} 次崩溃，用时 {seconds} 秒；日志哈希 {}",
            "{} days, {} calls, {} events, {} crashes in {seconds} s; log hash {}",
            report.days,
            report.calls,
            report.events,
            report.crashes,
            report.log_hash
        ))?;
        for (name, tally) in &report.invariants {
            output::line(&format_localized!(
                "  {name:<32} 检查 {:>9}  违反 {}",
                "  {name:<32} checked {:>9}  violations {}",
                tally.checked,
                tally.violations
            ))?;
        }
    }
    if report.holds() {
        return Ok(());
    }
    if let Some(index) = failed {
        let alone = plan.world(index as u64);
        let small = shrink(alone).map_err(|error| Failure::fault(error.to_string()))?;
        output::notice(&format_localized!(
            "可重现问题的最小运行：{}",
            "the smallest run that shows it: {}",
            small.command_line()
        ));
    }
    Err(Failure::found(localized(
        "有不变量被违反",
        "an invariant was violated",
    )))
}
