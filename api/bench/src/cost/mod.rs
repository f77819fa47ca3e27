//! `ledgerline-bench cost`: what one call costs the server, and what people cost who wait for a closed
//! window.
//!
//! Server and carrier are separate processes, so that the figures contain only the server; they are used over
//! HTTP and SIP as in production. How many calls have ended is read from the carrier's own record.

pub(crate) mod bench_processes;
pub(crate) mod server_usage;

use crate::figures::{Report, Target};
use crate::stopwatch::float;
use bench_processes::{BenchCampaign, BenchProcesses};
use domain::problem::Problem;
use server_usage::ServerUsage;
use std::path::PathBuf;

/// The id of the campaign that is called.
const CALLED: &str = "BENCH-COST";
const CLOSED: &str = "BENCH-CLOSED";

/// The most people of a run: their phone numbers have eight digits after a prefix.
const PEOPLE_MAX: i64 = 1_000_000;

/// The most new legs per second: what one carrier process answered beside a server on two processors.
const RATE_MAX: i64 = 500;

/// The longest measurement of a closed window.
const SECONDS_MAX: i64 = 3_600;

/// Between two readings.
const STEP_MS: u64 = 1_000;

/// The time in milliseconds that rows, index and proofs get to catch up.
const QUIET_MS: u64 = 3_000;

/// How much longer than the rate allows the calls may take, in milliseconds.
const PATIENCE_MS: u64 = 60_000;

/// From this rate on the targets are those of a server under load.
const BUSY_RATE: u32 = 100;

/// Run a campaign with a carrier in its own process, and print what one call costs the server.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// People to call, each once
    #[arg(long, value_name = "N", default_value_t = 300,
          value_parser = clap::value_parser!(u32).range(1..=PEOPLE_MAX))]
    customers: u32,
    /// Calls begun per second
    #[arg(long, value_name = "N", default_value_t = 6, value_parser = clap::value_parser!(u32).range(1..=RATE_MAX))]
    rate: u32,
    /// People who wait in a campaign with a closed window; 0 leaves this out
    #[arg(long, value_name = "N", default_value_t = 1_000,
          value_parser = clap::value_parser!(u32).range(0..=PEOPLE_MAX))]
    waiting: u32,
    /// For how many seconds they are measured
    #[arg(long, value_name = "S", default_value_t = 60, value_parser = clap::value_parser!(u32).range(1..=SECONDS_MAX))]
    seconds: u32,
    /// Another build of this program to measure; default: this one
    #[arg(long, value_name = "FILE")]
    program: Option<PathBuf>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

pub(crate) async fn run(args: Args) -> Result<(), Problem> {
    let program = crate::server_program(args.program.as_deref())?;
    let directory = tempfile::tempdir()?;
    let world = BenchProcesses::start(&program, directory.path(), args.rate).await?;
    let mut report = Report::default();
    report.fact("customers", args.customers);
    report.fact("rate", args.rate);
    report.fact("load", read_load_average());
    report.fact(
        "written",
        "pages towards the disk (/proc/PID/io write_bytes) without the bytes of recordings",
    );
    let calls = calls(&mut report, &args, &world).await?;
    if args.waiting > 0 {
        closed(&mut report, &args, &world).await?;
    }
    report.show(args.json)?;
    if calls < u64::from(args.customers) {
        return Err(Problem::disproved(
            "measured-wrong",
            format!("{calls} calls have ended, of {} people", args.customers),
        ));
    }
    Ok(())
}

/// Returns the machine's load of the last minute, as the system reports it.
pub(crate) fn read_load_average() -> String {
    let text = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split_whitespace().next().unwrap_or("unknown").to_owned()
}

/// Calls all people once and reports what the server used for it. Returns how many calls have ended.
async fn calls(report: &mut Report, args: &Args, world: &BenchProcesses) -> Result<u64, Problem> {
    world.pause(QUIET_MS).await;
    let empty = world.look().await?;
    world
        .fill(&BenchCampaign {
            campaign: CALLED,
            hours: ("09:00", "18:00"),
            people: 0..args.customers,
        })
        .await?;
    world.pause(QUIET_MS).await;
    let before = world.look().await?;
    world.begin(CALLED).await?;
    let began = world.now();
    let longest_ms = u64::from(args.customers) * 1_000 / u64::from(args.rate) + PATIENCE_MS;
    while world.ended_count() < u64::from(args.customers) && world.now().ms_since(began) < longest_ms {
        world.pause(STEP_MS).await;
    }
    let took_ms = world.now().ms_since(began);
    while !world.is_complete(CALLED).await? && world.now().ms_since(began) < longest_ms {
        world.pause(STEP_MS).await;
    }
    world.pause(QUIET_MS).await;
    let (after, calls) = (world.look().await?, world.ended_count());
    report.fact("calls", calls);
    report.fact(
        "calls_per_second",
        (float(calls) * 1e4 / float(took_ms.max(1))).round() / 10.0,
    );
    report.fact("processor_ms_by_thread", by_thread(&before, &after));
    a_call(report, args.rate, calls, &before, &after);
    memory(report, args.customers, calls, [&empty, &before, &after]);
    Ok(calls)
}

fn a_call(report: &mut Report, rate: u32, calls: u64, before: &ServerUsage, after: &ServerUsage) {
    let is_busy = rate >= BUSY_RATE;
    let target = |usual: f64, busy: f64| Some(Target::AtMost(if is_busy { busy } else { usual }));
    let mut each = |name: &str, pick: fn(&ServerUsage) -> u64, unit: f64, target: Option<Target>| {
        let used = float(pick(after).saturating_sub(pick(before)));
        report.ratio(name, used / unit, float(calls), target);
    };
    each(
        "processor, ms a call",
        |one| one.processor_ms,
        1.0,
        target(4.0, 2.5),
    );
    each(
        "written without the recording, KB a call",
        // A recording is written once; its length is its bytes.
        |one| one.written_bytes.saturating_sub(one.files.recordings_bytes),
        1e3,
        target(120.0, 60.0),
    );
    each("given to write(), KB a call", |one| one.passed_bytes, 1e3, None);
    each(
        "recording kept, KB a call",
        |one| one.files.recordings_bytes,
        1e3,
        None,
    );
    each("log kept, KB a call", |one| one.files.log_bytes, 1e3, None);
    each("index kept, KB a call", |one| one.files.index_bytes, 1e3, None);
    each("views kept, KB a call", |one| one.files.views_bytes, 1e3, None);
    each("events a call", |one| one.events, 1.0, None);
}

fn memory(report: &mut Report, people: u32, calls: u64, looks: [&ServerUsage; 3]) {
    let [empty, before, after] = looks.map(|look| float(look.resident_bytes));
    report.value("server before, MB resident", empty / 1e6, None);
    // Two entities for each: a person and a number.
    let entities = float(2 * u64::from(people));
    let target = Some(Target::AtMost(2.0));
    report.ratio("an entity at rest, KB", (before - empty) / 1e3, entities, target);
    let target = Some(Target::AtMost(4.0));
    report.ratio(
        "a finished call leaves, KB",
        (after - before) / 1e3,
        float(calls),
        target,
    );
    report.value(
        "server after, MB resident",
        after / 1e6,
        Some(Target::AtMost(250.0)),
    );
}

/// Lets people wait for a closed calling window for some time, and reports what the server uses for them.
async fn closed(report: &mut Report, args: &Args, world: &BenchProcesses) -> Result<(), Problem> {
    world
        .fill(&BenchCampaign {
            campaign: CLOSED,
            hours: ("17:00", "18:00"),
            people: args.customers..args.customers + args.waiting,
        })
        .await?;
    world.begin(CLOSED).await?;
    world.pause(QUIET_MS).await;
    let before = world.look().await?;
    let began = world.now();
    world.pause(u64::from(args.seconds) * 1_000).await;
    let after = world.look().await?;
    let minutes = float(world.now().ms_since(began)) / 60_000.0;
    report.fact("waiting", args.waiting);
    let processor_ms = float(after.processor_ms.saturating_sub(before.processor_ms));
    report.ratio(
        "closed window: processor, ms a minute",
        processor_ms,
        minutes,
        None,
    );
    let events = float(after.events - before.events);
    report.ratio("closed window: events a minute", events, minutes, None);
    let written = float(after.written_bytes.saturating_sub(before.written_bytes));
    report.ratio(
        "closed window: written, KB a minute",
        written / 1e3,
        minutes,
        None,
    );
    Ok(())
}

/// Returns the processor time in milliseconds that the server used between two readings, by name of thread;
/// threads that ended meanwhile are left out.
pub(crate) fn by_thread(
    before: &ServerUsage,
    after: &ServerUsage,
) -> serde_json::Map<String, serde_json::Value> {
    let used = after.threads_ms.iter().map(|(name, ms)| {
        let earlier = before.threads_ms.get(name).copied().unwrap_or(0);
        (name.clone(), ms.saturating_sub(earlier).into())
    });
    used.filter(|(_, ms): &(String, serde_json::Value)| *ms != 0)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(processor_ms: u64, written_bytes: u64, recordings_bytes: u64) -> ServerUsage {
        ServerUsage {
            processor_ms,
            written_bytes,
            resident_bytes: processor_ms * 1_000_000,
            events: processor_ms / 10,
            files: server_usage::DirectoryUsage {
                recordings_bytes,
                ..server_usage::DirectoryUsage::default()
            },
            ..ServerUsage::default()
        }
    }

    #[test]
    fn a_recording_is_not_counted_among_what_a_call_writes() {
        let mut report = Report::default();
        let (before, after) = (
            counted(100, 1_000_000, 900_000),
            counted(500, 4_000_000, 2_900_000),
        );
        a_call(&mut report, 6, 100, &before, &after);
        let value = |name| report.value_of(name);
        assert!((value("processor, ms a call") - 4.0).abs() < 1e-9);
        assert!((value("written without the recording, KB a call") - 10.0).abs() < 1e-9);
        assert!((value("recording kept, KB a call") - 20.0).abs() < 1e-9);
        assert!((value("events a call") - 0.4).abs() < 1e-9);
    }

    #[test]
    fn memory_is_divided_into_waiting_people_and_ended_calls() {
        let mut report = Report::default();
        let looks = [counted(50, 0, 0), counted(70, 0, 0), counted(120, 0, 0)];
        memory(&mut report, 5_000, 10_000, [&looks[0], &looks[1], &looks[2]]);
        let value = |name| report.value_of(name);
        assert!((value("an entity at rest, KB") - 2.0).abs() < 1e-9);
        assert!((value("a finished call leaves, KB") - 5.0).abs() < 1e-9);
        assert!((value("server after, MB resident") - 120.0).abs() < 1e-9);
    }
}
