//! `ledgerline-bench read`: scans, streams and entities beside bare SQLite, and what proofs cost.

mod log;
mod proof;
mod streams;

use crate::bench_installation::BenchInstallation;
use crate::figures::Report;
use domain::problem::Problem;
use host::store_spec::StoreSpec;
use std::sync::Arc;
use tokio::runtime::Runtime;

/// The most events that may be read: ten million need some 10 GB of disk.
const EVENTS_MAX: u64 = 10_000_000;

/// Read a log of many events, beside bare SQLite with the same events; and make and check its proofs.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The store to measure: sqlite: (default; a directory of its own) or postgres://…
    #[arg(long, value_name = "URL")]
    store: Option<StoreSpec>,
    /// Events to read, ten to a stream
    #[arg(long, value_name = "N", default_value_t = 200_000,
          value_parser = clap::value_parser!(u64).range(10_000..=EVENTS_MAX))]
    events: u64,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

pub(crate) async fn run(args: Args, runtime: Arc<Runtime>) -> Result<(), Problem> {
    let mut report = Report::default();
    let directory = tempfile::tempdir()?;
    let own = directory.path().join("data");
    let spec = match &args.store {
        None | Some(StoreSpec::Sqlite(_)) => StoreSpec::Sqlite(own.clone()),
        Some(StoreSpec::Postgres(url)) => StoreSpec::Postgres(url.clone()),
        Some(StoreSpec::Kurrent(_)) => {
            return Err(Problem::invalid(
                "bench-usage",
                "bench read measures sqlite: and postgres:// only",
            ));
        }
    };
    let is_embedded = matches!(spec, StoreSpec::Sqlite(_));
    let count = usize::try_from(args.events).unwrap_or(usize::MAX);
    let workshop = BenchInstallation::open(&own, spec, 0, Arc::clone(&runtime)).await?;
    workshop.require_empty_log().await?;
    let log = log::Log::fill(&workshop, directory.path(), count).await?;
    report.fact("events", log.events);
    report.fact("record_bytes", crate::payload::RECORD_BYTES);
    log::scan(&mut report, &workshop, &log, is_embedded).await?;
    streams::run(&mut report, &workshop, &log, is_embedded).await?;
    proof::run(&mut report, &workshop, &log, directory.path()).await?;
    workshop.close().await;
    if is_embedded {
        proof::compare_with_entities(&mut report, directory.path(), runtime).await?;
    }
    report.show(args.json)
}
