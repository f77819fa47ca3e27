//! One stream of ten events, an entity made from it, and an entity with a long history.

use crate::bench_installation::BenchInstallation;
use crate::figures::{Report, Target};
use crate::payload::{APPEND_EVENTS, Payload};
use crate::read::log::{Log, STREAM_EVENTS};
use crate::stopwatch::{Stopwatch, Times};
use domain::ids::{InvalidId, NumberId, StreamId};
use domain::problem::Problem;
use domain::stored_event::StreamVersion;

/// The number of streams that are read, each once, so that no entity is in memory before.
const STREAMS_READ: usize = 1_000;

/// The events of the long stream: a campaign of a hundred thousand dials.
const LONG_STREAM_EVENTS: usize = 100_096;

/// Target: the time to load an entity with ten events over that of the bare read of its stream, at most
/// (issue 3, figures to reach).
const ENTITY_OVER_BARE_MAX: f64 = 1.5;

/// Target: events per second applied while a long stream is loaded, at least (issue 3, figures to reach).
const APPLIED_PER_SECOND_MIN: f64 = 500_000.0;

/// The salt of the long stream.
const LONG_SALT: u64 = 5;

pub(super) async fn run(
    report: &mut Report,
    workshop: &BenchInstallation,
    log: &Log,
    is_embedded: bool,
) -> Result<(), Problem> {
    let (mut bare, mut ours, mut entity) = (Times::default(), Times::default(), Times::default());
    let mut bare_keeping_plans = Times::default();
    let step = (log.streams.len() / STREAMS_READ).max(1);
    for (number, stream) in log.streams.iter().step_by(step).enumerate() {
        // Each of the two reads other streams, so that neither finds the pages of the other.
        let is_even = number % 2 == 0;
        let (reader, times) = if is_even {
            (&log.bare, &mut bare)
        } else {
            (&log.bare_keeping_plans, &mut bare_keeping_plans)
        };
        let watch = Stopwatch::start();
        reader.read_stream(stream.as_str(), StreamVersion(0))?;
        times.add(watch.nanos());
        if is_even {
            let watch = Stopwatch::start();
            workshop
                .store()
                .read_stream(stream, StreamVersion(0), STREAM_EVENTS)
                .await?;
            ours.add(watch.nanos());
        } else {
            let watch = Stopwatch::start();
            load(workshop, stream, STREAM_EVENTS).await?;
            entity.add(watch.nanos());
        }
    }
    let section = "a stream of 10 events";
    report.row(section, "bare SQLite", &bare, STREAM_EVENTS);
    report.row(
        section,
        "bare SQLite, keeping plans",
        &bare_keeping_plans,
        STREAM_EVENTS,
    );
    report.row(section, "our store", &ours, STREAM_EVENTS);
    report.row(section, "our entity, ready", &entity, STREAM_EVENTS);
    report.ratio(
        "10 events: our store / bare read",
        ours.p50_us(),
        bare.p50_us(),
        None,
    );
    report.ratio(
        "10 events: entity ready / bare read",
        entity.p50_us(),
        bare.p50_us(),
        is_embedded.then_some(Target::AtMost(ENTITY_OVER_BARE_MAX)),
    );
    report.ratio(
        "10 events:   entity ready / bare read that keeps its plan",
        entity.p50_us(),
        bare_keeping_plans.p50_us(),
        None,
    );
    long_stream(report, workshop).await
}

async fn long_stream(report: &mut Report, workshop: &BenchInstallation) -> Result<(), Problem> {
    let mut payload = Payload::spread(LONG_SALT, 1);
    let mut stream = None;
    for _ in 0..LONG_STREAM_EVENTS / APPEND_EVENTS {
        let batch = payload.append(APPEND_EVENTS);
        workshop
            .store()
            .append(&batch.stream, batch.expected, batch.records)
            .await?;
        stream = Some(batch.stream);
    }
    let Some(stream) = stream else {
        return Ok(());
    };
    let watch = Stopwatch::start();
    load(workshop, &stream, LONG_STREAM_EVENTS).await?;
    let mut times = Times::default();
    times.add(watch.nanos());
    report.row("a long stream", "our entity, ready", &times, LONG_STREAM_EVENTS);
    report.value(
        "long stream: events applied per second",
        times.per_second(LONG_STREAM_EVENTS),
        Some(Target::AtLeast(APPLIED_PER_SECOND_MIN)),
    );
    Ok(())
}

/// Loads the state of an entity that is not in memory yet. Fails unless it has `events` events.
async fn load(workshop: &BenchInstallation, stream: &StreamId, events: usize) -> Result<(), Problem> {
    let id: NumberId = stream
        .id()
        .parse()
        .map_err(|error: InvalidId| Problem::fault(error.to_string()))?;
    let loaded = workshop.system().numbers.state(&id).await;
    let loaded = loaded.map_err(|error| Problem::fault(error.to_string()))?;
    if loaded.version.0 == events as u64 {
        return Ok(());
    }
    Err(Problem::disproved(
        "measured-wrong",
        format!("an entity has {} of {events} events", loaded.version.0),
    ))
}
