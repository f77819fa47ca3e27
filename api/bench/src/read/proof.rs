//! What proofs cost: the tree beside the appends, one event among ten million, a check of the whole log.

use crate::bench_installation::BenchInstallation;
use crate::figures::{Report, Target};
use crate::load::{processor_nanos, thread_nanos};
use crate::read::log::Log;
use crate::stopwatch::{Stopwatch, Times, float};
use domain::ports::event_store::{EventStore, PAGE_EVENTS_MAX};
use domain::problem::Problem;
use domain::stored_event::{Position, StoredEvent};
use domain::time::Timestamp;
use futures_util::future::try_join_all;
use host::store_spec::StoreSpec;
use std::path::Path;
use std::sync::Arc;
use store::proof::whole_log::{VerifyPlan, verify_log};
use store::proof::{Checkpoint, ProofError, ProofFollower, event_hash};
use tokio::runtime::Runtime;

/// Target: processor time of the proof tree over that of the appends, at most (issue 3, figures to reach).
const TREE_OVER_APPEND_MAX: f64 = 0.1;

/// Target: the median time in microseconds to prove one event of a large tree, at most (issue 3, figures to
/// reach).
const PROOF_US_MAX: f64 = 5_000.0;
const LARGE_TREE_EVENTS: u64 = 10_000_000;

/// Target: events per second of a check of the whole log, at least (issue 3, figures to reach).
const VERIFIED_PER_SECOND_MIN: f64 = 500_000.0;

/// The number of proofs, each of another event.
const PROOFS_COUNT: u64 = 200;

/// The name of the trees in their checkpoints.
const ORIGIN: &str = "bench";

pub(super) async fn run(
    report: &mut Report,
    workshop: &BenchInstallation,
    log: &Log,
    directory: &Path,
) -> Result<(), Problem> {
    let dir = directory.join("proof");
    let checkpoint = grow(report, workshop.store().as_ref(), log, &dir).await?;
    verify(report, workshop, &dir, checkpoint).await?;
    large_tree(report, &directory.join("large-proof"))
}

/// The customers that get a command at the same time, to measure what an append through an entity costs.
const CUSTOMERS_COUNT: usize = 4_096;
const WAVES_COUNT: usize = 4;

/// Reports the processor time of a tree over that of the appends through entities: decide, seal, record,
/// append.
pub(crate) async fn compare_with_entities(
    report: &mut Report,
    directory: &Path,
    runtime: Arc<Runtime>,
) -> Result<(), Problem> {
    let own = directory.join("entities");
    let workshop =
        BenchInstallation::open(&own, StoreSpec::Sqlite(own.clone()), CUSTOMERS_COUNT, runtime).await?;
    let before = workshop.store().head().await?;
    let began = processor_nanos();
    for _ in 0..WAVES_COUNT {
        try_join_all((0..CUSTOMERS_COUNT).map(|customer| workshop.ask(customer))).await?;
    }
    let append_nanos = processor_nanos().saturating_sub(began);
    let tree = Tree::grow(
        workshop.store().as_ref(),
        &directory.join("entities-proof"),
        before,
    )
    .await?;
    workshop.close().await;
    report.ratio(
        "proof: processor time of the tree / of appends through entities",
        per_event(tree.nanos, tree.covered),
        per_event(append_nanos, CUSTOMERS_COUNT * WAVES_COUNT),
        Some(Target::AtMost(TREE_OVER_APPEND_MAX)),
    );
    Ok(())
}

fn per_event(nanos: u64, events: usize) -> f64 {
    float(nanos) / float(events.max(1) as u64)
}

/// A tree that was grown, and what that cost.
struct Tree {
    checkpoint: Checkpoint,
    /// Processor time for the events after a position, without reading them.
    nanos: u64,
    covered: usize,
}

impl Tree {
    async fn grow(store: &dyn EventStore, dir: &Path, measured_after: Position) -> Result<Self, Problem> {
        let mut follower = ProofFollower::open(dir, store.capabilities().dense).map_err(failed)?;
        let (mut nanos, mut after, mut covered) = (0, Position(0), 0);
        loop {
            let most = measured_after.0.saturating_sub(after.0);
            let limit = usize::try_from(most).unwrap_or(usize::MAX);
            let is_measured = limit == 0;
            let limit = if is_measured {
                PAGE_EVENTS_MAX
            } else {
                limit.min(PAGE_EVENTS_MAX)
            };
            let page = store.read_all(after, limit).await?;
            let Some(last) = page.last() else { break };
            after = last.position;
            let began = thread_nanos();
            follower.add(&page).map_err(failed)?;
            if is_measured {
                covered += page.len();
                nanos += thread_nanos().saturating_sub(began);
            }
        }
        let began = thread_nanos();
        let checkpoint = follower.checkpoint(ORIGIN).map_err(failed)?;
        follower.mark().map_err(failed)?;
        nanos += thread_nanos().saturating_sub(began);
        Ok(Self {
            checkpoint,
            nanos,
            covered,
        })
    }
}

/// Grows the tree of the log, reports its processor time over that of the store's part of the appends, and
/// returns the checkpoint.
async fn grow(
    report: &mut Report,
    store: &dyn EventStore,
    log: &Log,
    dir: &Path,
) -> Result<Checkpoint, Problem> {
    let process_began = processor_nanos();
    let tree = Tree::grow(store, dir, Position(0)).await?;
    let all_nanos = processor_nanos().saturating_sub(process_began);
    let append = per_event(log.append_cpu_nanos, log.events);
    report.ratio(
        "proof: processor time of the tree / of the store's part of appends",
        per_event(tree.nanos, tree.covered),
        append,
        None,
    );
    report.ratio(
        "proof:   with reading the log again for it",
        per_event(all_nanos, tree.covered),
        append,
        None,
    );
    Ok(tree.checkpoint)
}

async fn verify(
    report: &mut Report,
    workshop: &BenchInstallation,
    dir: &Path,
    checkpoint: Checkpoint,
) -> Result<(), Problem> {
    let store = workshop.store();
    let plan = VerifyPlan {
        dir: dir.to_owned(),
        dense: store.capabilities().dense,
        checkpoints: vec![checkpoint],
        resume: false,
    };
    let watch = Stopwatch::start();
    let found = verify_log(store.as_ref(), workshop.tasks(), plan, &mut |_done| {})
        .await
        .map_err(failed)?;
    let mut times = Times::default();
    times.add(watch.nanos());
    if let Some(wrong) = found.wrong {
        return Err(Problem::disproved("measured-wrong", wrong.what));
    }
    let events = usize::try_from(found.events).unwrap_or(usize::MAX);
    report.row("check of the whole log", "audit verify", &times, events);
    report.value(
        "audit verify: events per second",
        times.per_second(events),
        Some(Target::AtLeast(VERIFIED_PER_SECOND_MIN)),
    );
    Ok(())
}

/// Grows a tree of made-up events that is large enough for the target, and times proofs from its tiles.
fn large_tree(report: &mut Report, dir: &Path) -> Result<(), Problem> {
    let mut follower = ProofFollower::open(dir, true).map_err(failed)?;
    let mut page = Vec::with_capacity(PAGE_EVENTS_MAX);
    for number in 1..=LARGE_TREE_EVENTS {
        page.push(made_up(number));
        if page.len() == PAGE_EVENTS_MAX || number == LARGE_TREE_EVENTS {
            follower.add(&page).map_err(failed)?;
            page.clear();
        }
    }
    let checkpoint = follower.checkpoint(ORIGIN).map_err(failed)?;
    follower.mark().map_err(failed)?;
    let mut times = Times::default();
    for step in 0..PROOFS_COUNT {
        let index = step * (LARGE_TREE_EVENTS / PROOFS_COUNT) + step;
        let leaf = event_hash(&made_up(index + 1));
        let watch = Stopwatch::start();
        follower
            .tiles()
            .inclusion(&checkpoint, index, &leaf)
            .map_err(failed)?;
        times.add(watch.nanos());
    }
    report.row("one event among 10 million", "inclusion proof", &times, 1);
    report.value(
        "proof of one event among 10 million, p50 us",
        times.p50_us(),
        Some(Target::AtMost(PROOF_US_MAX)),
    );
    Ok(())
}

/// Converts the error of a tree that cannot be grown here; it is not the user's mistake.
fn failed(error: ProofError) -> Problem {
    Problem::unavailable(error.to_string())
}

/// Returns a made-up event of a few bytes: the tree does not depend on the size of records.
fn made_up(number: u64) -> StoredEvent {
    StoredEvent::new(
        Position(number),
        Timestamp::from_micros(i64::try_from(number).unwrap_or(i64::MAX)),
        Arc::from(number.to_be_bytes().as_slice()),
    )
}
