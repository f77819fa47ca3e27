//! Checks the whole log against its tree and every checkpoint, and names the first event that is wrong.
//!
//! For each event: positions without gaps where the store promises that, a time of recording that never
//! goes back, a record that parses, the next version of its stream, an id not seen before, a cause that
//! came before it, and the leaf that the tree holds. At the size of each checkpoint: the root. One task
//! reads, one thread hashes and parses, one compares, so that two processors are busy; memory is 24 bytes
//! per stream and 9 to 18 per event, the latter bounded.

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

/// Pages between the stages: enough to keep both threads busy, a few megabytes.
const STAGE_PAGES_MAX: usize = 4;

/// What to check a log against.
#[derive(Debug, Clone)]
pub struct VerifyPlan {
    /// The directory of tiles and of the state of an interrupted check.
    pub dir: PathBuf,
    /// The store's positions run 1, 2, 3 …
    pub dense: bool,
    /// Checkpoints whose signatures hold, in any order: the published one, kept ones, ones held by others.
    pub checkpoints: Vec<Checkpoint>,
    /// Go on where an interrupted check of this log was, instead of at the first event.
    pub resume: bool,
}

/// The first thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Of the first wrong event, where it can be named.
    pub position: Option<Position>,
    pub what: String,
}

/// What a check of the whole log found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LogReport {
    /// Events that were looked at and hold.
    pub events: u64,
    /// Of these, checked before an interruption.
    pub resumed_from: u64,
    pub streams: u64,
    /// Checkpoints whose root the events have.
    pub checkpoints: u64,
    /// Events that the largest checkpoint covers.
    pub covered: u64,
    /// Events whose id was compared with all others; later ones are beyond the memory given to it.
    pub ids: u64,
    /// Events whose cause is not in the log before them, and the first of them. No proof of tampering:
    /// another log's events may have been taken over without theirs.
    pub causes_missing: u64,
    pub first_cause_missing: Option<Position>,
    pub wrong: Option<Finding>,
}

impl LogReport {
    /// Whether everything up to a position was found right, and only the end of the log is missing or
    /// nothing.
    fn events_reach(&self, position: Position) -> bool {
        self.wrong
            .as_ref()
            .is_none_or(|wrong| wrong.position.is_none_or(|wrong| wrong >= position))
    }
}

/// A page with what the first thread made of it.
struct Page {
    events: Vec<StoredEvent>,
    leaves: Vec<Leaf>,
}

/// Reads the log through and compares. `progress` hears the events done so far; a finding is no error.
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
            // Nobody waits for the answer of a check that was given up.
            drop(answer.send(compare_pages(comparison, pages, &done)));
        }),
    );
    let dense = plan.dense;
    let reading = read_pages(store, after, raw);
    tokio::pin!(reading);
    let mut answered = answered;
    let mut read: Option<Result<(), Unread>> = None;
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
        // What the store itself finds damaged comes before what is missing behind it.
        Some(Err(Unread {
            after,
            error: StoreError::Damaged(what),
        })) if report.events_reach(after) => {
            let position = dense.then_some(Position(after.0 + 1));
            report.wrong = Some(Finding { position, what });
        }
        Some(Err(Unread { error, .. })) if report.wrong.is_none() => return Err(error.into()),
        Some(_) | None => {}
    }
    Ok(report)
}

/// Forgets the state of an interrupted check.
pub fn forget_verify_state(dir: &Path) -> Result<(), ProofError> {
    state::forget(dir)
}

/// Where reading ended, and why.
struct Unread {
    after: Position,
    error: StoreError,
}

/// Reads to the end, or to the first event that the store cannot give: what is before it is still passed
/// on.
async fn read_pages(
    store: &dyn EventStore,
    after: Position,
    pages: mpsc::Sender<Vec<StoredEvent>>,
) -> Result<(), Unread> {
    let mut after = after;
    let mut limit = PAGE_EVENTS_MAX;
    loop {
        let page = match store.read_all(after, limit).await {
            Ok(page) => page,
            Err(StoreError::Damaged(_)) if limit > 1 => {
                // One event of the page is damaged: read on one by one, up to that.
                limit = 1;
                continue;
            }
            Err(error) => return Err(Unread { after, error }),
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
