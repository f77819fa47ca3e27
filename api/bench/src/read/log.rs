//! A log of streams of ten events in our store and in bare SQLite, and both read from beginning to end.

use crate::bench_installation::BenchInstallation;
use crate::figures::{Report, Target};
use crate::load::processor_nanos;
use crate::payload::Payload;
use crate::stopwatch::{Stopwatch, Times};
use domain::ids::StreamId;
use domain::ports::event_store::{EventStore, PAGE_EVENTS_MAX};
use domain::problem::Problem;
use domain::stored_event::Position;
use futures_util::future::try_join_all;
use std::path::Path;
use store::yardstick::{BareSqlite, Batch};

/// The events of a stream.
pub(crate) const STREAM_EVENTS: usize = 10;

/// The parallel appends while the log is filled: 4,000 events per commit.
const APPENDS_AT_ONCE: usize = 400;

/// The scans of each, in turn.
const SCANS_COUNT: usize = 5;

/// Target: the time of bare SQLite's scan over ours, at least (issue 3, figures to reach).
const SCAN_MIN: f64 = 0.7;

/// What was written, and where.
pub(super) struct Log {
    pub(crate) bare: BareSqlite,
    /// The same file, read as fast as SQLite can.
    pub(crate) bare_keeping_plans: BareSqlite,
    pub events: usize,
    pub streams: Vec<StreamId>,
    /// The processor time of the store's own appends, in nanoseconds.
    pub(crate) append_cpu_nanos: u64,
}

impl Log {
    /// Writes the same events into both.
    pub(super) async fn fill(
        workshop: &BenchInstallation,
        directory: &Path,
        count: usize,
    ) -> Result<Self, Problem> {
        let file = directory.join("bare.db");
        let mut log = Self {
            bare: BareSqlite::create(&file)?,
            bare_keeping_plans: BareSqlite::open_keeping_plans(&file)?,
            events: 0,
            streams: Vec::new(),
            append_cpu_nanos: 0,
        };
        let streams_count = count / STREAM_EVENTS;
        let mut payload = Payload::spread(1, streams_count);
        while log.streams.len() < streams_count {
            let room = (streams_count - log.streams.len()).min(APPENDS_AT_ONCE);
            let batches: Vec<Batch> = (0..room).map(|_| payload.append(STREAM_EVENTS)).collect();
            log.bare.commit(&batches)?;
            log.streams
                .extend(batches.iter().map(|batch| batch.stream.clone()));
            log.events += batches.len() * STREAM_EVENTS;
            log.append(workshop.store().as_ref(), batches).await?;
        }
        Ok(log)
    }

    async fn append(&mut self, store: &dyn EventStore, batches: Vec<Batch>) -> Result<(), Problem> {
        let began = processor_nanos();
        let append =
            |batch: Batch| async move { store.append(&batch.stream, batch.expected, batch.records).await };
        try_join_all(batches.into_iter().map(append)).await?;
        self.append_cpu_nanos += processor_nanos().saturating_sub(began);
        Ok(())
    }
}

/// Reads all events of both, in turn.
pub(crate) async fn scan(
    report: &mut Report,
    workshop: &BenchInstallation,
    log: &Log,
    is_embedded: bool,
) -> Result<(), Problem> {
    let (mut pages, mut followed, mut bare) = (Times::default(), Times::default(), Times::default());
    let store = workshop.store().as_ref();
    for _ in 0..SCANS_COUNT {
        let watch = Stopwatch::start();
        let read = log.bare.scan()?;
        bare.add(watch.nanos());
        held("bare SQLite", read.events, log.events)?;
        let watch = Stopwatch::start();
        let read = read_through(store).await?;
        pages.add(watch.nanos());
        held("our store", read, log.events)?;
        let watch = Stopwatch::start();
        follow_through(store, log.events).await?;
        followed.add(watch.nanos());
    }
    let section = format!("scan of {} events", log.events);
    report.row(&section, "bare SQLite", &bare, log.events);
    report.row(&section, "our store, page by page", &pages, log.events);
    report.row(
        &section,
        "our store, by a follower that catches up",
        &followed,
        log.events,
    );
    report.ratio(
        "scan: bare SQLite / our follower",
        bare.p50_us(),
        followed.p50_us(),
        is_embedded.then_some(Target::AtLeast(SCAN_MIN)),
    );
    report.ratio(
        "scan: bare SQLite / our pages, one asked after the other",
        bare.p50_us(),
        pages.p50_us(),
        None,
    );
    Ok(())
}

/// Reads the first `count` events as views and drivers read them: by a subscription from the beginning.
async fn follow_through(store: &dyn EventStore, count: usize) -> Result<(), Problem> {
    let mut subscription = store.subscribe(Position(0)).await?;
    let mut read = 0;
    while read < count {
        read += subscription.next().await?.len();
    }
    Ok(())
}

/// Reads all events in pages, each requested when the one before has arrived; returns their number.
async fn read_through(store: &dyn EventStore) -> Result<usize, Problem> {
    let (mut after, mut count) = (Position(0), 0);
    loop {
        let page = store.read_all(after, PAGE_EVENTS_MAX).await?;
        let Some(last) = page.last() else { return Ok(count) };
        after = last.position;
        count += page.len();
    }
}

fn held(what: &str, read: usize, written: usize) -> Result<(), Problem> {
    if read == written {
        return Ok(());
    }
    Err(Problem::disproved(
        "measured-wrong",
        format!("{what} gave {read} of {written} events"),
    ))
}
