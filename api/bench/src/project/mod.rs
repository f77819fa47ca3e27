//! `ledgerline-bench project`: how fast views make rows of a log, beside the same rows written with as little
//! other work as possible; how long after its acknowledgment an event is visible in a view, and how long
//! until a WebSocket sends it.

mod push_latency;
mod view_latency;

use crate::bench_installation::BenchInstallation;
use crate::figures::{Report, Target};
use crate::stopwatch::{Stopwatch, Times};
use domain::ports::event_store::EventStore;
use domain::problem::Problem;
use domain::stored_event::Position;
use host::read_db_spec::ReadDbSpec;
use host::store_spec::StoreSpec;
use projections::synthetic::SyntheticLog;
use projections::write_baseline::FinalRows;
use projections::{InlineRunner, ReadDb, View, forget_origin, views};
use std::path::Path;
use std::sync::Arc;
use tokio::runtime::Runtime;

/// The events of the made-up log.
const EVENTS_COUNT: usize = 100_000;

/// The events of a page, in which a store copies the log.
const PAGE_EVENTS: usize = 4_096;

/// How often each measurement is repeated, all of them in turn; medians are compared.
const ROUNDS_COUNT: usize = 3;

/// Target: rows per second of a catch-up over those of COPY on PostgreSQL, for rows that are only added
/// (issue 4, figures to reach).
const COPY_APPENDED_MIN: f64 = 0.5;

/// The same, for rows that replace others.
const COPY_UPSERTED_MIN: f64 = 0.25;

/// Target: rows per second of a catch-up over those of rows inserted by hand on SQLite.
const BY_HAND_MIN: f64 = 0.5;

/// Measure how fast views catch up with a log, and how far they are behind a growing one.
///
/// The log is made up: whole calls, thirty-two at a time. Beside each view its final rows are written again:
/// by binary COPY on PostgreSQL, by one prepared INSERT on SQLite, into the same tables with the same
/// indexes. At the end a whole server is observed over a WebSocket.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The rows to measure: sqlite: (default; a directory of its own) or postgres://… (an empty database)
    #[arg(long = "read-db", value_name = "URL")]
    read_db: Option<ReadDbSpec>,
    /// Events of the log that the views catch up with
    #[arg(long, value_name = "N", default_value_t = EVENTS_COUNT)]
    events: usize,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// Views that are measured together, and how they write their rows.
struct Subject {
    name: &'static str,
    views: Vec<Arc<dyn View>>,
    kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Rows are added and stay.
    Appended,
    /// A row is written again with each event of its call.
    Upserted,
    /// Both kinds; no target.
    Mixed,
}

fn subjects() -> Vec<Subject> {
    let of = |name: &'static str, kind| Subject {
        name,
        views: views::all()
            .into_iter()
            .filter(|view| view.name() == name)
            .collect(),
        kind,
    };
    vec![
        of("audit_trail", Kind::Appended),
        of("customer_timeline", Kind::Mixed),
        of("call_history", Kind::Upserted),
        Subject {
            name: "all views",
            views: views::all(),
            kind: Kind::Mixed,
        },
    ]
}

/// The database, store and directory that one subject is measured on.
struct Bench<'a> {
    db: Arc<dyn ReadDb>,
    store: &'a dyn EventStore,
    directory: &'a Path,
    is_postgres: bool,
    events_count: usize,
}

pub(crate) async fn run(args: Args, runtime: Arc<Runtime>) -> Result<(), Problem> {
    let mut report = Report::default();
    let directory = tempfile::tempdir()?;
    let own = directory.path().join("data");
    let store = StoreSpec::Sqlite(own.clone());
    let workshop = BenchInstallation::open(&own, store, 0, Arc::clone(&runtime)).await?;
    let rows = directory.path().join("rows");
    std::fs::create_dir_all(&rows)?;
    let spec = args
        .read_db
        .filter(|spec| matches!(spec, ReadDbSpec::Postgres(_)));
    let spec = spec.unwrap_or_else(|| ReadDbSpec::Sqlite(rows.clone()));
    let db = workshop.rows(&spec).await?;
    let is_postgres = matches!(spec, ReadDbSpec::Postgres(_));
    report.fact("rows in", if is_postgres { "PostgreSQL" } else { "SQLite" });
    let mut log = SyntheticLog::default();
    fill(workshop.store().as_ref(), &mut log, args.events).await?;
    report.fact("events", args.events);
    let bench = Bench {
        db: Arc::clone(&db),
        store: workshop.store().as_ref(),
        directory: &rows,
        is_postgres,
        events_count: args.events,
    };
    for subject in subjects() {
        bench.measure(&subject, &mut report).await?;
    }
    // The rows that were written again are older than the first event: live views would find them.
    empty(&db).await?;
    view_latency::measure(&workshop, Arc::clone(&db), log, &mut report).await?;
    // The next measurement has its own log.
    empty(&db).await?;
    forget_origin(db.as_ref()).await?;
    drop(db);
    workshop.close().await;
    push_latency::measure(directory.path(), spec, runtime, &mut report).await?;
    report.show(args.json)
}

async fn empty(db: &Arc<dyn ReadDb>) -> Result<(), Problem> {
    let rows = FinalRows::read(db.as_ref(), views::all()).await?;
    Ok(rows.empty(db.as_ref()).await?)
}

async fn fill(store: &dyn EventStore, log: &mut SyntheticLog, events_count: usize) -> Result<(), Problem> {
    let mut left = events_count;
    while left > 0 {
        let page = log
            .page(left.min(PAGE_EVENTS))
            .map_err(|error| Problem::fault(error.to_string()))?;
        left -= page.len();
        store.load(page).await?;
    }
    Ok(())
}

impl Bench<'_> {
    async fn measure(&self, subject: &Subject, report: &mut Report) -> Result<(), Problem> {
        let (mut caught_up, mut raw) = (Times::default(), Times::default());
        let mut rows_count = 0;
        let mut handled_count = 0;
        for _ in 0..ROUNDS_COUNT {
            // The runner creates the tables; what an earlier round left is removed.
            InlineRunner::begin(Arc::clone(&self.db), subject.views.clone()).await?;
            FinalRows::read(self.db.as_ref(), subject.views.clone())
                .await?
                .empty(self.db.as_ref())
                .await?;
            let mut runner = InlineRunner::begin(Arc::clone(&self.db), subject.views.clone()).await?;
            let watch = Stopwatch::start();
            let reached = runner.catch_up(self.store).await?;
            caught_up.add(watch.nanos());
            self.hold_to_end(&runner, reached)?;
            let rows = FinalRows::read(self.db.as_ref(), subject.views.clone()).await?;
            rows_count = rows.count();
            raw.add(self.write_again(&rows).await?);
        }
        if subject.kind == Kind::Upserted {
            handled_count = self.handled(subject).await?;
        }
        let (yardstick, least) = if self.is_postgres {
            ("binary COPY", (COPY_APPENDED_MIN, COPY_UPSERTED_MIN))
        } else {
            ("inserted by hand", (BY_HAND_MIN, BY_HAND_MIN))
        };
        let section = format!("{}: {rows_count} rows", subject.name);
        report.row(&section, "catch-up", &caught_up, self.events_count);
        report.row(&section, yardstick, &raw, self.events_count);
        let rate = |count: usize, times: &Times| Times::per_second(times, count);
        let (made, written) = (rate(rows_count, &caught_up), rate(rows_count, &raw));
        let name = subject.name;
        let target = (subject.kind == Kind::Appended).then_some(Target::AtLeast(least.0));
        report.ratio(
            format!("{name}: final rows/s ÷ {yardstick}"),
            made,
            written,
            target,
        );
        if subject.kind == Kind::Upserted {
            report.ratio(
                format!("{name}: rows written/s (one an event) ÷ {yardstick}"),
                rate(handled_count, &caught_up),
                written,
                Some(Target::AtLeast(least.1)),
            );
        }
        Ok(())
    }

    /// Fails unless the views have applied every event: otherwise the measurement would be wrong.
    fn hold_to_end(&self, runner: &InlineRunner, reached: Position) -> Result<(), Problem> {
        let parked = runner
            .progress()
            .checkpoints()
            .into_iter()
            .find_map(|row| row.parked);
        match parked {
            Some((position, why)) => Err(Problem::fault(format!("parked before {position}: {why}"))),
            None if reached.0 == self.events_count as u64 => Ok(()),
            None => Err(Problem::fault(format!("the views stopped at {reached}"))),
        }
    }

    async fn write_again(&self, rows: &FinalRows) -> Result<u64, Problem> {
        if !self.is_postgres {
            let mut by_hand = rows.insert_by_hand(self.directory)?;
            let watch = Stopwatch::start();
            by_hand.run()?;
            return Ok(watch.nanos());
        }
        rows.empty(self.db.as_ref()).await?;
        let watch = Stopwatch::start();
        rows.copy(self.db.as_ref()).await?;
        Ok(watch.nanos())
    }

    /// Returns the number of events that the subject's views handle.
    async fn handled(&self, subject: &Subject) -> Result<usize, Problem> {
        let (mut after, mut handled) = (Position(0), 0);
        loop {
            let page = self.store.read_all(after, PAGE_EVENTS).await?;
            let Some(last) = page.last() else {
                return Ok(handled);
            };
            after = last.position;
            for event in &page {
                let heading = event
                    .heading()
                    .map_err(|error| Problem::fault(error.to_string()))?;
                let takes = |view: &Arc<dyn View>| view.handles().takes(&heading.kind);
                handled += usize::from(subject.views.iter().any(takes));
            }
        }
    }
}
