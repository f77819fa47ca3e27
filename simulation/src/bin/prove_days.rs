//! `make prove-days`: thousands of simulated days on all cores, with every kind of fault. A part of the
//! worlds runs twice and must give the same log. It prints progress and the remaining time, and one JSON line
//! at the end. A failing world is shrunk and printed as a command line. With `--resume FILE` an interrupted
//! run continues.

use serde_json::json;
use sha2::{Digest, Sha256};
use simulation::{
    CompletedWorld, FaultRates, Plan, Progress, ProgressFault, Scenario, Views, WorldResult, combine_report,
    shrink, simulate_world,
};
use std::collections::BTreeMap;
use std::io::Write;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

/// The allocator of the product, which takes a seventh of a world's time (decision 0189).
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// One world in this many runs a second time and must give the same log.
const TWICE_OF: u64 = 20;

/// In one world in this many agents take the calls, unless `--agents` sets their number for all worlds.
const PACED_OF: u64 = 3;

/// Number of agents in those worlds.
const AGENTS: u32 = 6;

/// Worlds between two progress messages.
const WORDS_EVERY: u64 = 25;

fn say(line: &str) {
    // If standard output is closed, the error cannot be reported.
    drop(writeln!(std::io::stdout(), "{line}"));
}

/// Prints a message to standard error, apart from the result.
fn warn(line: &str) {
    drop(writeln!(std::io::stderr(), "{line}"));
}

#[expect(clippy::disallowed_methods, reason = "the duration of a proof is wall time")]
fn now() -> Instant {
    Instant::now()
}

fn seconds_since(began: Instant) -> f64 {
    now().duration_since(began).as_secs_f64()
}

/// Reads `--name value` pairs. Unknown names are refused.
fn read_plan() -> Result<RunOptions, String> {
    let (mut paced, mut keep, mut resume) = (false, None, None);
    let mut plan = Plan {
        days: 10_000,
        calls_per_day: 200,
        seed: 7,
        ..Plan::default()
    };
    let mut args = std::env::args().skip(1);
    while let Some(name) = args.next() {
        let value = args.next().ok_or_else(|| format!("{name} has no value"))?;
        let wrong = |error: &dyn std::fmt::Display| format!("{name} {value}: {error}");
        match name.as_str() {
            "--days" => plan.days = value.parse().map_err(|error| wrong(&error))?,
            "--people" => plan.calls_per_day = value.parse().map_err(|error| wrong(&error))?,
            "--agents" => {
                plan.agents = value.parse().map_err(|error| wrong(&error))?;
                paced = true;
            }
            "--keep" => keep = Some(value),
            "--resume" => resume = Some(value),
            "--seed" => plan.seed = value.parse().map_err(|error| wrong(&error))?,
            "--views" if value == "worklist" => plan.views = Views::Worklist,
            "--views" if value == "all" => plan.views = Views::All,
            "--faults" if value == "none" => plan.faults = FaultRates::NONE,
            "--faults" => plan.faults = FaultRates::from_yaml(&value).map_err(|error| wrong(&error))?,
            "--scenario" => plan.scenario = Scenario::from_yaml(&value).map_err(|error| wrong(&error))?,
            _ => return Err(wrong(&"unknown option")),
        }
    }
    Ok(RunOptions {
        plan,
        paced,
        keep,
        resume,
    })
}

/// The options of a run.
struct RunOptions {
    plan: Plan,
    /// `--agents` was given: every world has that many.
    paced: bool,
    keep: Option<String>,
    /// The file that stores the progress.
    resume: Option<String>,
}

impl RunOptions {
    /// Returns the plan of one world: with the agents of `--agents`, without that argument with agents in
    /// one of `PACED_OF` worlds.
    fn plan_of(&self, index: u64) -> Plan {
        let agents = match self.paced {
            true => self.plan.agents,
            false if index % PACED_OF == PACED_OF - 1 => AGENTS,
            false => 0,
        };
        Plan { agents, ..self.plan }
    }

    /// Opens the progress file and returns the worlds that it contains. The file belongs to this program and
    /// this plan.
    fn resumed(&self) -> Result<RunResults, ProofFailure> {
        let Some(file) = &self.resume else {
            return Ok(RunResults::default());
        };
        let program = std::env::current_exe()
            .and_then(std::fs::read)
            .map_err(ProgressFault::Io);
        let program = program.map_err(|fault| ProofFailure::Resume(file.clone(), fault))?;
        let program = domain::hex::encode(&Sha256::digest(program));
        let of = format!("{program}, {:?}, agents in each: {}", self.plan, self.paced);
        let opened = Progress::resume(std::path::Path::new(file), &of);
        let (progress, worlds) = opened.map_err(|fault| ProofFailure::Resume(file.clone(), fault))?;
        let mut ran = RunResults::default();
        for world in worlds {
            ran.take(world);
        }
        ran.resumed = ran.worlds.len() as u64;
        ran.progress = Some(progress);
        Ok(ran)
    }
}

/// The worlds that were run, and the results of second runs.
#[derive(Default)]
struct RunResults {
    worlds: BTreeMap<u64, WorldResult>,
    /// Days that this process ran, some of them twice.
    days: u64,
    twice: u64,
    differing: Vec<u64>,
    failed: Vec<String>,
    /// Number of worlds that an earlier process ran.
    resumed: u64,
    progress: Option<Progress>,
}

impl RunResults {
    fn take(&mut self, world: CompletedWorld) {
        // Printed at once, so that it is known if the run is interrupted.
        if let Some(words) = world.found.violation() {
            warn(&format!("world {}: {words}", world.index));
        }
        self.twice += u64::from(world.same_again.is_some());
        if world.same_again == Some(false) {
            self.differing.push(world.index);
        }
        self.worlds.insert(world.index, world.found);
    }

    /// Stores a world's result in the progress file, then counts it.
    fn keep(&mut self, world: CompletedWorld) {
        let kept = self.progress.as_mut().map(|progress| progress.keep(&world));
        if let Some(Err(fault)) = kept {
            self.failed.push(format!("world {}: {fault}", world.index));
        }
        self.take(world);
    }
}

/// Why the proof fails.
#[derive(thiserror::Error)]
enum ProofFailure {
    #[error("{0}; usage: {USAGE}")]
    Usage(String),
    #[error("{0}: {1}")]
    Resume(String, ProgressFault),
    #[error("not everything holds")]
    Violated,
}

/// Prints the message: the program prints the debug form of the error that `main` returns.
impl std::fmt::Debug for ProofFailure {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Display::fmt(self, to)
    }
}

/// The command line's options.
const USAGE: &str = "prove_days [--days N] [--people N] [--agents N] [--seed S] [--views all|worklist] \
                     [--faults none|YAML] [--scenario YAML] [--keep simulation/seeds.tsv] [--resume FILE]";

fn main() -> Result<(), ProofFailure> {
    let asked = read_plan().map_err(ProofFailure::Usage)?;
    let plan = asked.plan;
    if plan.days == 0 || plan.calls_per_day == 0 {
        return Err(ProofFailure::Usage("there is nothing to run".to_owned()));
    }
    let began = now();
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let (next, ran) = (AtomicU64::new(0), Mutex::new(asked.resumed()?));
    std::thread::scope(|scope| {
        for _ in 0..cores {
            scope.spawn(|| work(&asked, &next, &ran, began));
        }
    });
    let ran = ran.into_inner().unwrap_or_else(PoisonError::into_inner);
    let seconds = seconds_since(began);
    let small = smallest_of(&asked, &ran);
    let report = combine_report(plan, ran.worlds.into_values().collect());
    let violations: u64 = report.invariants.values().map(|tally| tally.violations).sum();
    let checked: u64 = report.invariants.values().map(|tally| tally.checked).sum();
    let days_a_minute = ran.days as f64 * 60.0 / seconds / cores as f64;
    for words in report.violations.iter().chain(&ran.failed) {
        say(words);
    }
    let holds = report.holds() && ran.differing.is_empty() && ran.failed.is_empty();
    say(&json!({
        "proof": "days", "days": report.days, "people": plan.calls_per_day,
        "agents": asked.plan_of(PACED_OF - 1).agents,
        "calls": report.calls, "crashes": report.crashes, "events": report.events, "permits": report.permits,
        "refusals": report.refusals,
        "abandon_ratio_max": report.abandoned_per_mille_max as f64 / 1_000.0,
        "abandon_ratio_30_days_max": report.abandoned_30_days_per_mille_max as f64 / 1_000.0,
        "sellers_named": report.sellers_named,
        "checks": checked, "violations": violations, "log_hash": report.log_hash,
        "worlds_resumed": ran.resumed, "worlds_twice": ran.twice, "worlds_differing": ran.differing, "seconds": seconds.round(),
        "invariants": report.invariants,
        "days_a_minute_and_core": days_a_minute.round(), "cores": cores, "smallest": small, "holds": holds,
    })
    .to_string());
    holds.then_some(()).ok_or(ProofFailure::Violated)
}

/// Runs worlds that were not run before, one after another, until none is left: the work of one core.
fn work(asked: &RunOptions, next: &AtomicU64, ran: &Mutex<RunResults>, began: Instant) {
    loop {
        let index = next.fetch_add(1, Ordering::Relaxed);
        let plan = asked.plan_of(index);
        if index >= plan.worlds_count() {
            return;
        }
        let ran_before = ran.lock().unwrap_or_else(PoisonError::into_inner);
        if ran_before.worlds.contains_key(&index) {
            continue;
        }
        drop(ran_before);
        let found = simulate_world(plan, index);
        let again = index
            .is_multiple_of(TWICE_OF)
            .then(|| simulate_world(plan, index));
        let mut ran = ran.lock().unwrap_or_else(PoisonError::into_inner);
        ran.days += u64::from(plan.days_of(index));
        let same_again = again.map(|again| {
            ran.days += u64::from(plan.days_of(index));
            matches!((&found, &again), (Ok(one), Ok(other)) if one.hash() == other.hash())
        });
        match found {
            Ok(found) => ran.keep(CompletedWorld {
                index,
                found,
                same_again,
            }),
            Err(error) => ran
                .failed
                .push(format!("world {index} could not be run: {error}")),
        }
        let done = ran.worlds.len() as u64;
        if done.is_multiple_of(WORDS_EVERY) {
            let left = plan.worlds_count().saturating_sub(done) as f64;
            let here = done.saturating_sub(ran.resumed).max(1) as f64;
            let minutes = seconds_since(began) / here * left / 60.0;
            let whole = plan.worlds_count();
            warn(&format!(
                "{done} of {whole} worlds, about {minutes:.0} minutes left"
            ));
        }
    }
}

/// Shrinks the first world that failed and returns it as a command line, or why it cannot be shrunk; `None`
/// if none failed. Appends it to the file of `--keep`, if given, as a line that a unit test runs from then
/// on.
fn smallest_of(asked: &RunOptions, ran: &RunResults) -> Option<String> {
    let (index, found) = ran.worlds.iter().find(|(_, found)| found.violation().is_some())?;
    say(&format!("world {index}: {}", found.violation().unwrap_or("")));
    let small = match shrink(asked.plan_of(*index).world(*index)) {
        Ok(small) => small,
        Err(error) => return Some(format!("it cannot be shrunk: {error}")),
    };
    if let Some(file) = &asked.keep {
        let line = small.seed_line(found.violated().first().copied().unwrap_or("unnamed"));
        let opened = std::fs::OpenOptions::new().append(true).open(file);
        let kept = opened.and_then(|mut seeds| writeln!(seeds, "{line}"));
        say(&match kept {
            Ok(()) => format!("stored in {file}: the unit tests fail until it is fixed"),
            Err(error) => format!("it could not be stored in {file}: {error}"),
        });
    }
    Some(small.command_line())
}
