//! `ledgerline-bench subscribe`: how long after the acknowledgment a follower gets the event.

use crate::bench_installation::BenchInstallation;
use crate::figures::{Report, Target};
use crate::payload::Payload;
use crate::stopwatch::{Stopwatch, Times};
use domain::ports::event_store::{EventStore, StoreError, Subscription};
use domain::problem::Problem;
use domain::stored_event::Position;
use host::store_spec::StoreSpec;
use std::sync::Arc;
use tokio::runtime::Runtime;
use tokio::sync::mpsc;

/// The number of events, appended one by one; each is received by the follower before the next.
const EVENTS_COUNT: usize = 500;

/// The events before the first that counts.
const WARM_UP_EVENTS: usize = 20;

/// Target: microseconds from the acknowledgment until the follower has the event in one process, median
/// (issue 3, figures to reach).
const IN_PROCESS_US_MAX: f64 = 100.0;

/// The same on PostgreSQL.
const POSTGRES_US_MAX: f64 = 1_000.0;

/// Follow a log while it is written, and measure how far the follower is behind each acknowledgment.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The store to measure: sqlite: (default; a directory of its own) or postgres://…
    #[arg(long, value_name = "URL")]
    store: Option<StoreSpec>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// Receives for each event that the follower got its position and when, in nanoseconds of the shared watch.
type FollowedEvents = mpsc::Receiver<(Position, u64)>;

pub(crate) async fn run(args: Args, runtime: Arc<Runtime>) -> Result<(), Problem> {
    let mut report = Report::default();
    let directory = tempfile::tempdir()?;
    let own = directory.path().join("data");
    let (spec, name, most_us) = match &args.store {
        None | Some(StoreSpec::Sqlite(_)) => {
            (StoreSpec::Sqlite(own.clone()), "in process", IN_PROCESS_US_MAX)
        }
        Some(StoreSpec::Postgres(url)) => (StoreSpec::Postgres(url.clone()), "PostgreSQL", POSTGRES_US_MAX),
        Some(StoreSpec::Kurrent(_)) => {
            return Err(Problem::invalid(
                "bench-usage",
                "bench subscribe measures sqlite: and postgres:// only",
            ));
        }
    };
    let workshop = BenchInstallation::open(&own, spec, 0, runtime).await?;
    workshop.require_empty_log().await?;
    let watch = Stopwatch::start();
    let seen = follow(&workshop, watch).await?;
    let (commits, behind) = measure(workshop.store().as_ref(), watch, seen).await?;
    report.row("one event", "append until acknowledged", &commits, 1);
    report.row("one event", "acknowledged until handled", &behind, 1);
    report.value(
        format!("{name}: acknowledged to handled, p50 us"),
        behind.p50_us(),
        Some(Target::AtMost(most_us)),
    );
    report.value(
        format!("{name}: acknowledged to handled, p99 us"),
        behind.p99_us(),
        None,
    );
    workshop.close().await;
    report.show(args.json)
}

/// Starts a follower of the log on its own task, as drivers and streams of users are, and returns what it
/// receives.
async fn follow(workshop: &BenchInstallation, watch: Stopwatch) -> Result<FollowedEvents, Problem> {
    let subscription = workshop.store().subscribe(Position(0)).await?;
    let (sender, receiver) = mpsc::channel(EVENTS_COUNT);
    let stop = workshop.tasks().stop_signal();
    workshop.tasks().spawn(
        "measured follower",
        Box::pin(async move {
            tokio::select! {
                biased;
                () = stop.stopping() => {}
                ended = tell(subscription, sender, watch) => {
                    if let Err(error) = ended {
                        tracing::warn!(%error, "the measured follower ended");
                    }
                }
            }
        }),
    );
    Ok(receiver)
}

async fn tell(
    mut subscription: Box<dyn Subscription>,
    sender: mpsc::Sender<(Position, u64)>,
    watch: Stopwatch,
) -> Result<(), StoreError> {
    loop {
        let events = subscription.next().await?;
        let now = watch.nanos();
        if let Some(last) = events.last()
            && sender.send((last.position, now)).await.is_err()
        {
            return Ok(());
        }
    }
}

/// Returns the times of the appends, and how long after each acknowledgment the follower got the event (0 if
/// it was first).
async fn measure(
    store: &dyn EventStore,
    watch: Stopwatch,
    mut seen: FollowedEvents,
) -> Result<(Times, Times), Problem> {
    let mut payload = Payload::new(1);
    let (mut commits, mut behind) = (Times::default(), Times::default());
    for number in 0..EVENTS_COUNT + WARM_UP_EVENTS {
        let batch = payload.append(1);
        let began = watch.nanos();
        let position = store.append(&batch.stream, batch.expected, batch.records).await?;
        let acknowledged = watch.nanos();
        let handled = loop {
            match seen.recv().await {
                Some((reached, at)) if reached >= position => break at,
                Some(_) => {}
                None => return Err(Problem::disproved("measured-wrong", "the follower ended")),
            }
        };
        if number >= WARM_UP_EVENTS {
            commits.add(acknowledged - began);
            behind.add(handled.saturating_sub(acknowledged));
        }
    }
    Ok((commits, behind))
}
