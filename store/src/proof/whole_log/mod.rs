//! Checks the whole log against its tree and every checkpoint, and reports the first event that is wrong.
//!
//! For each event it checks: positions without gaps if the store promises that, `recorded_at` never
//! decreasing, a record that parses, the next version of its stream, an id not seen before, a cause that came
//! before it, and the leaf in the tree. At the size of each checkpoint it compares the root. One task reads,
//! one thread hashes and parses, one compares, so that two processors are busy. Memory is 24 bytes per stream
//! and 9 to 18 per event; the latter is limited.

mod compare;
mod event_facts;
mod state;
#[cfg(test)]
mod tests;

use super::checkpoint::Checkpoint;
use super::error::ProofError;
use compare::Comparison;
use domain::ports::event_store::{EventStore, PAGE_EVENTS_MAX, StoreError};
use domain::ports::tasks::Tasks;
use domain::stored_event::{Position, StoredEvent};
use event_facts::Leaf;
use std::path::{Path, PathBuf};
use tokio::sync::{mpsc, oneshot, watch};

/// The most pages between two stages: enough to keep both threads busy, a few megabytes.
const STAGE_PAGES_MAX: usize = 4;

/// What a log is checked against.
#[derive(Debug, Clone)]
pub struct VerifyPlan {
    /// The directory of the tiles and of the state of an interrupted check.
    pub dir: PathBuf,
    /// True if the store's positions are 1, 2, 3 … without gaps.
    pub dense: bool,
    /// Checkpoints with verified signatures, in any order: the published one, kept ones, and ones from
    /// other parties.
    pub checkpoints: Vec<Checkpoint>,
    /// True to resume an interrupted check of this log instead of starting at the first event.
    pub resume: bool,
}

/// The first fault that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogFault {
    /// Position of the first wrong event, if it is known.
    pub position: Option<Position>,
    pub what: String,
}

/// The result of a check of the whole log.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LogReport {
    /// Number of events that were checked and are right.
    pub events: u64,
    /// Number of these that were checked before an interruption.
    pub resumed_from: u64,
    pub streams: u64,
    /// Number of checkpoints with the same root as the events.
    pub checkpoints: u64,
    /// Number of events that the largest checkpoint covers.
    pub covered: u64,
    /// Number of events with an id that was compared with all others; later ones exceed the memory limit.
    pub ids: u64,
    /// Number of events with a cause that is not in the log before them; the next member is the first
    /// one's position. This is no proof of tampering: events of another log may have been copied without
    /// their causes.
    pub causes_missing: u64,
    pub first_cause_missing: Option<Position>,
    pub wrong: Option<LogFault>,
}

impl LogReport {
    /// Returns true if no event before this position is wrong.
    fn events_reach(&self, position: Position) -> bool {
        self.wrong
            .as_ref()
            .is_none_or(|wrong| wrong.position.is_none_or(|wrong| wrong >= position))
    }
}

/// A page of events with their leaves.
struct Page {
    events: Vec<StoredEvent>,
    leaves: Vec<Leaf>,
}

/// Reads and checks the whole log. Calls `progress` with the number of events done. A fault in the log is
/// part of the report, not an error.
pub async fn verify_log(
    store: &dyn EventStore,
    tasks: &dyn Tasks,
    plan: VerifyPlan,
    progress: &mut (dyn FnMut(u64) + Send),
) -> Result<LogReport, ProofError> {
    let comparison = Comparison::begin(&plan, store).await?;
    let after = comparison.reached();
    let (raw, raw_pages) = mpsc::channel(STAGE_PAGES_MAX);
    let (hashed, pages) = mpsc::channel(STAGE_PAGES_MAX);
    let (done, mut done_seen) = watch::channel(comparison.events());
    let (answer, answered) = oneshot::channel();
    tasks.thread("audit-hash", Box::new(move || hash_pages(raw_pages, &hashed)));
    tasks.thread(
        "audit-compare",
        Box::new(move || {
            // Nothing receives the answer of a check that was cancelled.
            drop(answer.send(compare_pages(comparison, pages, &done)));
        }),
    );
    let dense = plan.dense;
    let reading = read_pages(store, after, raw);
    tokio::pin!(reading);
    let mut answered = answered;
    let mut read: Option<Result<(), ReadFailure>> = None;
    let report = loop {
        tokio::select! {
            report = &mut answered => break report,
            ended = &mut reading, if read.is_none() => read = Some(ended),
            Ok(()) = done_seen.changed() => progress(*done_seen.borrow_and_update()),
        }
    };
    let mut report =
        report.map_err(|error| ProofError::Unavailable(format!("the check ended: {error}")))??;
    match read {
        // Damage that the store itself reports takes precedence over what is missing behind it.
        Some(Err(ReadFailure {
            after,
            error: StoreError::Damaged(what),
        })) if report.events_reach(after) => {
            let position = dense.then_some(Position(after.0 + 1));
            report.wrong = Some(LogFault { position, what });
        }
        Some(Err(ReadFailure { error, .. })) if report.wrong.is_none() => return Err(error.into()),
        Some(_) | None => {}
    }
    Ok(report)
}

/// Deletes the state of an interrupted check.
pub fn forget_verify_state(dir: &Path) -> Result<(), ProofError> {
    state::forget(dir)
}

/// The position after which reading failed, and the error.
struct ReadFailure {
    after: Position,
    error: StoreError,
}

/// Reads to the end of the log, or to the first event that the store cannot return. Events before that one
/// are still passed on.
async fn read_pages(
    store: &dyn EventStore,
    after: Position,
    pages: mpsc::Sender<Vec<StoredEvent>>,
) -> Result<(), ReadFailure> {
    let mut after = after;
    let mut limit = PAGE_EVENTS_MAX;
    loop {
        let page = match store.read_all(after, limit).await {
            Ok(page) => page,
            Err(StoreError::Damaged(_)) if limit > 1 => {
                // One event of the page is damaged: the next reads return single events, up to that one.
                limit = 1;
                continue;
            }
            Err(error) => return Err(ReadFailure { after, error }),
        };
        let Some(last) = page.last() else { return Ok(()) };
        after = last.position;
        if pages.send(page).await.is_err() {
            return Ok(());
        }
    }
}

fn hash_pages(mut raw: mpsc::Receiver<Vec<StoredEvent>>, pages: &mpsc::Sender<Page>) {
    while let Some(events) = raw.blocking_recv() {
        let leaves = events.iter().map(Leaf::of).collect();
        if pages.blocking_send(Page { events, leaves }).is_err() {
            return;
        }
    }
}

fn compare_pages(
    mut comparison: Comparison,
    mut pages: mpsc::Receiver<Page>,
    done: &watch::Sender<u64>,
) -> Result<LogReport, ProofError> {
    while let Some(page) = pages.blocking_recv() {
        if let Some(wrong) = comparison.take(&page.events, &page.leaves)? {
            return Ok(comparison.report(Some(wrong)));
        }
        done.send_replace(comparison.events());
    }
    comparison.finish()
}
