//! How long after its acknowledgment an event is in a view's rows, at a thousand events per second.

use crate::bench_installation::BenchInstallation;
use crate::figures::{Report, Target};
use crate::stopwatch::{Stopwatch, Times};
use domain::ids::StreamId;
use domain::ports::event_store::EventStore;
use domain::problem::Problem;
use domain::stored_event::{Position, Record, StoredEvent, StreamVersion};
use futures_util::future::try_join_all;
use projections::synthetic::SyntheticLog;
use projections::{Progress, ProjectionContext, Projections, ReadDb};
use std::sync::Arc;

/// The events of one append, a hundred times per second: a thousand events per second.
const EVENTS_AT_ONCE: usize = 10;

/// Between two ticks.
const TICK_MS: u64 = 10;

/// The ticks of the measurement: five seconds.
const TICKS_COUNT: usize = 500;

/// The ticks before the first that counts.
const WARM_UP_TICKS: usize = 50;

/// Target: milliseconds from the acknowledgment until the event is in the rows, 99th percentile (issue 4,
/// figures to reach).
const VISIBLE_MS_MAX: f64 = 250.0;

/// Measures, while all views follow the log, the time from an event's acknowledgment until every view has
/// it.
pub(super) async fn measure(
    workshop: &BenchInstallation,
    db: Arc<dyn ReadDb>,
    mut log: SyntheticLog,
    report: &mut Report,
) -> Result<(), Problem> {
    let grounds = ProjectionContext {
        store: Arc::clone(workshop.store()),
        db,
        clock: Arc::clone(workshop.clock()),
    };
    let projections = Projections::start(grounds, workshop.tasks()).await?;
    let progress = projections.progress();
    progress.wait_for(None, workshop.store().head().await?).await?;
    let mut behind = Times::default();
    let begun = Stopwatch::start();
    let mut next = workshop.clock().now();
    for tick in 0..TICKS_COUNT + WARM_UP_TICKS {
        let page = log
            .page(EVENTS_AT_ONCE)
            .map_err(|error| Problem::fault(error.to_string()))?;
        // A late tick is followed by the next one sooner: the rate stays.
        next = next.plus_ms(TICK_MS);
        workshop.clock().wait_until(next).await;
        let each = page
            .iter()
            .map(|event| seen(workshop.store().as_ref(), &progress, event));
        for nanos in try_join_all(each).await? {
            if tick >= WARM_UP_TICKS {
                behind.add(nanos);
            }
        }
    }
    if let Some(parked) = projections.status().into_iter().find(|row| row.parked.is_some()) {
        return Err(Problem::fault(format!(
            "{} parked: nothing waited for it",
            parked.view
        )));
    }
    let events = u32::try_from((TICKS_COUNT + WARM_UP_TICKS) * EVENTS_AT_ONCE).unwrap_or(u32::MAX);
    let seconds = std::time::Duration::from_nanos(begun.nanos()).as_secs_f64();
    report.row(
        "acknowledged until in the rows of all views",
        "one event",
        &behind,
        1,
    );
    report.value(
        "events a second while it was measured",
        f64::from(events) / seconds,
        None,
    );
    report.value(
        "acknowledged to visible, p99 ms",
        behind.p99_us() / 1_000.0,
        Some(Target::AtMost(VISIBLE_MS_MAX)),
    );
    Ok(())
}

/// Appends an event and returns the nanoseconds from its acknowledgment until every view has it.
async fn seen(store: &dyn EventStore, progress: &Progress, event: &StoredEvent) -> Result<u64, Problem> {
    let fault = |error: &dyn std::fmt::Display| Problem::fault(error.to_string());
    let stream: StreamId = event.envelope().map_err(|error| fault(&error))?.stream;
    let record = Record::from_stored(Arc::clone(&event.record)).map_err(|error| fault(&error))?;
    let expected = StreamVersion(record.stream_version.0.saturating_sub(1));
    let position: Position = store.append(&stream, expected, vec![record]).await?;
    let acknowledged = Stopwatch::start();
    progress.wait_for(None, position).await?;
    Ok(acknowledged.nanos())
}
