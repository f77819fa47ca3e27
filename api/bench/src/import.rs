//! `ledgerline-bench import`: rows per second of a CSV file into a new installation, beside the same events
//! appended by the store alone.
//!
//! The file goes over HTTP to a server in its own process, as an integrator sends it. Its rows count as
//! imported when the report has arrived: all their events are durable then. The additional time until the
//! views have their rows is shown too, and the time in which the same file is only read and checked, by a dry
//! run before.

use crate::append::actors::run_in_tasks;
use crate::bench_installation::BenchInstallation;
use crate::cost::bench_processes::{BenchCampaign, BenchProcesses};
use crate::cost::server_usage::ServerUsage;
use crate::cost::{by_thread, read_load_average};
use crate::figures::{Report, Target};
use crate::stopwatch::{Stopwatch, float};
use domain::ports::event_store::PAGE_EVENTS_MAX;
use domain::problem::Problem;
use domain::stored_event::{Position, Record, StreamVersion};
use futures_util::future::try_join_all;
use host::app::ReadOnlyLog;
use host::store_spec::StoreSpec;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use store::yardstick::Batch;
use tokio::runtime::Runtime;

/// The most rows of the imported file: as many as one file may have.
const ROWS_MAX: i64 = 1_000_000;

/// The legs per second of the server's trunk, which is not used.
const RATE: u32 = 1;

/// The parallel appends of the store alone: enough for its largest groups.
const APPENDS_AT_ONCE: usize = 512;

/// The longest wait for the rows of the views, in milliseconds.
const ROWS_MS_MAX: u64 = 1_800_000;
/// The time between two checks of the rows, in milliseconds: as long as a batch of the views takes.
const ROWS_STEP_MS: u64 = 20;

/// The target of an import in rows per second (decision 0065).
const ROWS_A_SECOND_MIN: f64 = 20_000.0;

/// The target of reading and checking without enrolment, in rows per second: a dry run over HTTP (issue 15).
const ROWS_READ_A_SECOND_MIN: f64 = 100_000.0;

/// Import a CSV file into a new installation, and print rows per second beside those of the store alone; the
/// targets are 20,000 durable rows per second, and 100,000 that are only read and checked
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// People in the file, one row each
    #[arg(long, value_name = "N", default_value_t = 50_000,
          value_parser = clap::value_parser!(u32).range(1..=ROWS_MAX))]
    rows: u32,
    /// Another build of this program to measure; default: this one
    #[arg(long, value_name = "FILE")]
    program: Option<PathBuf>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

pub(crate) async fn run(args: Args, runtime: Arc<Runtime>) -> Result<(), Problem> {
    let program = crate::server_program(args.program.as_deref())?;
    let directory = tempfile::tempdir()?;
    let mut report = Report::default();
    report.fact("rows", args.rows);
    report.fact("load", read_load_average());
    let world = BenchProcesses::start(&program, directory.path(), RATE).await?;
    let nanos = imported(&mut report, args.rows, &world).await?;
    let appends = appends_of(world.data()).await?;
    drop(world);
    let events: usize = appends.iter().map(|append| append.records.len()).sum();
    let alone = alone(directory.path(), appends, runtime).await?;
    let rows = f64::from(args.rows);
    report.ratio("events a row", float(events as u64), rows, None);
    report.ratio("the store alone, rows a second", rows * 1e9, float(alone), None);
    report.ratio("the store alone / import, time", float(alone), float(nanos), None);
    report.show(args.json)
}

/// Imports the file and reports rates and costs; returns the nanoseconds until the import's report arrived.
async fn imported(report: &mut Report, rows: u32, world: &BenchProcesses) -> Result<u64, Problem> {
    let order = BenchCampaign {
        campaign: "BENCH-IMPORT",
        hours: ("09:00", "18:00"),
        people: 0..rows,
    };
    world.create(&order).await?;
    let file = world.write_list(&order)?;
    only_read(report, &order, &file, world).await?;
    let before = world.look().await?;
    let watch = Stopwatch::start();
    let answer = world.upload(&order, &file).await?;
    let nanos = watch.nanos();
    let after = world.look().await?;
    let position = answer.get("position").and_then(Value::as_str).unwrap_or("0");
    let until = world.now().plus_ms(ROWS_MS_MAX);
    while !world.has_rows_at(position).await {
        if world.now() >= until {
            return Err(Problem::unavailable("the rows of the views do not come"));
        }
        world.pause(ROWS_STEP_MS).await;
    }
    let seen = watch.nanos();
    let settled = world.look().await?;
    report.fact("processor_ms_by_thread", by_thread(&before, &settled));
    let count = f64::from(rows);
    report.ratio(
        "import, rows a second",
        count * 1e9,
        float(nanos),
        Some(Target::AtLeast(ROWS_A_SECOND_MIN)),
    );
    report.ratio(
        "until all views have them, rows a second",
        count * 1e9,
        float(seen),
        None,
    );
    let mut each =
        |name: &str, (from, to): (&ServerUsage, &ServerUsage), pick: fn(&ServerUsage) -> u64, unit: f64| {
            let used = float(pick(to).saturating_sub(pick(from)));
            report.ratio(name, used / unit, count, None);
        };
    let processor = |one: &ServerUsage| one.processor_ms;
    each(
        "processor of the import, us a row",
        (&before, &after),
        processor,
        1e-3,
    );
    each(
        "processor until all views have them, us a row",
        (&before, &settled),
        processor,
        1e-3,
    );
    each(
        "written, KB a row",
        (&before, &settled),
        |one| one.written_bytes,
        1e3,
    );
    each(
        "memory, KB a row",
        (&before, &settled),
        |one| one.resident_bytes,
        1e3,
    );
    Ok(nanos)
}

/// Sends the same file as a dry run, which enrols no customers, and reports the rows per second.
async fn only_read(
    report: &mut Report,
    order: &BenchCampaign<'_>,
    file: &Path,
    world: &BenchProcesses,
) -> Result<(), Problem> {
    let watch = Stopwatch::start();
    world.try_list(order, file).await?;
    report.ratio(
        "read and checked only, rows a second",
        f64::from(order.people.end - order.people.start) * 1e9,
        float(watch.nanos()),
        Some(Target::AtLeast(ROWS_READ_A_SECOND_MIN)),
    );
    Ok(())
}

/// Returns the appends of the import as they were made: all events of a person's or number's stream are one
/// append.
async fn appends_of(data: &Path) -> Result<Vec<Batch>, Problem> {
    let log = ReadOnlyLog::of(&StoreSpec::Sqlite(data.to_owned())).await?;
    let mut appends: Vec<Batch> = Vec::new();
    let mut after = Position(0);
    loop {
        let page = log.store.read_all(after, PAGE_EVENTS_MAX).await?;
        let Some(last) = page.last() else { break };
        after = last.position;
        for event in page {
            let record = Record::from_stored(event.record)
                .map_err(|error| Problem::fault(format!("a record that was just stored: {error}")))?;
            let stream = record.stream().clone();
            if !["customer-", "number-"]
                .iter()
                .any(|one| stream.as_str().starts_with(one))
            {
                continue;
            }
            match appends.last_mut().filter(|last| last.stream == stream) {
                Some(last) => last.records.push(record),
                None => appends.push(Batch {
                    expected: StreamVersion(record.stream_version.0 - 1),
                    stream,
                    records: vec![record],
                }),
            }
        }
    }
    log.close().await;
    Ok(appends)
}

/// Appends the same events with the store alone, in its own directory, and returns the nanoseconds.
async fn alone(directory: &Path, appends: Vec<Batch>, runtime: Arc<Runtime>) -> Result<u64, Problem> {
    let own = directory.join("alone");
    let workshop = BenchInstallation::open(&own, StoreSpec::Sqlite(own.clone()), 0, runtime).await?;
    let mut shares: Vec<Vec<Batch>> = vec![Vec::new(); APPENDS_AT_ONCE];
    for (place, append) in appends.into_iter().enumerate() {
        if let Some(share) = shares.get_mut(place % APPENDS_AT_ONCE) {
            share.push(append);
        }
    }
    let mut shares = shares.into_iter();
    let watch = Stopwatch::start();
    run_in_tasks(workshop.tasks(), APPENDS_AT_ONCE, |askers| {
        let own: Vec<Vec<Batch>> = shares.by_ref().take(askers.len()).collect();
        let store = Arc::clone(workshop.store());
        async move {
            let each = own.into_iter().map(|share| async {
                for append in share {
                    store
                        .append(&append.stream, append.expected, append.records)
                        .await?;
                }
                Ok::<(), Problem>(())
            });
            try_join_all(each).await.map(drop)
        }
    })
    .await?;
    let nanos = watch.nanos();
    workshop.close().await;
    Ok(nanos)
}
