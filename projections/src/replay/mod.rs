//! Folds: rows as they were at a position. Some events of the log, up to that position, are applied to views
//! in a temporary in-memory database. Views and queries are the same as for live rows; the only source is the
//! log.
//!
//! For one campaign only its own events are read, through the store's index, and only the kinds that the
//! views handle. Its rows are then equal, row by row, to those of a replay of the whole log up to that
//! position.

mod pages;
mod snapshot_fold;
mod sums;
mod validity;

use crate::database::{ReadDb, transact};
use crate::error::ProjectionError;
use crate::read_ahead::PagePrefetcher;
use crate::runner::InlineRunner;
use crate::sqlite::SqliteReadDb;
pub use crate::table::InitialRows;
use crate::view::{HandledKinds, View};
use domain::event_filter::EventFilter;
use domain::ids::StreamId;
use domain::ports::event_store::{EventStore, PAGE_EVENTS_MAX, StoreError};
use domain::ports::tasks::Tasks;
use domain::stored_event::{Position, StoredEvent, StreamVersion};
use domain::time::Timestamp;
pub use pages::Pages;
pub use snapshot_fold::{SnapshotViews, fold_with_snapshot};
use std::collections::BTreeSet;
use std::sync::Arc;
use sums::ViewSums;

/// Most events of one fold; with more it fails. About ten seconds and some hundred megabytes (decision
/// 0029).
pub const FOLDED_EVENTS_MAX: u64 = 2_000_000;

/// Which events of the log are folded.
#[derive(Debug, Clone)]
pub struct EventSpan {
    /// Selects the events, for example those of a campaign or a customer. `fold` sets its kinds.
    pub filter: EventFilter,
    /// Only events after this position; 0 for all.
    pub after: Position,
    /// Only events up to and including this position.
    pub until: Position,
    /// If set, only events that had happened by this instant, by their own `at`. A correction counts from the
    /// end of its call, whenever it was recorded.
    pub valid_at: Option<Timestamp>,
    /// The fold fails if there are more events than this.
    pub events_max: u64,
}

impl EventSpan {
    /// Selects all events of a filter up to a position.
    pub const fn until(filter: EventFilter, until: Position) -> Self {
        Self {
            filter,
            after: Position(0),
            until,
            valid_at: None,
            events_max: FOLDED_EVENTS_MAX,
        }
    }
}

/// The result of a fold: rows as they were at a position.
pub struct FoldedRows {
    /// The in-memory database with the rows; it is gone when this is dropped.
    pub db: Arc<dyn ReadDb>,
    /// The number of folded events.
    pub events: u64,
    /// The position where the fold ended.
    pub until: Position,
}

/// The reason why a fold failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FoldError {
    #[error("more than {events_max} events would have to be replayed")]
    TooManyEvents { events_max: u64 },
    /// `goes_on` returned false between two pages: the caller stopped the fold.
    #[error("the replay was stopped after {events} events")]
    Stopped { events: u64 },
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Rows(#[from] ProjectionError),
}

/// Folds the events of `span` into new tables of `views`. Runs on the caller's thread until it is done.
/// After each page `goes_on` decides whether to continue; false ends the fold with `Stopped`.
pub async fn fold(
    store: &dyn EventStore,
    span: &EventSpan,
    views: Vec<Arc<dyn View>>,
    goes_on: &(dyn Fn() -> bool + Sync),
) -> Result<FoldedRows, FoldError> {
    fold_onto(store, span, views, InitialRows::new(), goes_on, None).await
}

/// Folds as `fold` does, on top of the rows `begun`, which hold the events before `span`. With `tasks`,
/// events are prepared on a thread of its own while the previous ones are folded.
pub async fn fold_onto(
    store: &dyn EventStore,
    span: &EventSpan,
    views: Vec<Arc<dyn View>>,
    begun: InitialRows,
    goes_on: &(dyn Fn() -> bool + Sync),
    tasks: Option<&dyn Tasks>,
) -> Result<FoldedRows, FoldError> {
    let filter = EventFilter {
        kinds: kinds_of(&views),
        ..span.filter.clone()
    };
    if let Some(mut sums) = ViewSums::begin(&views)
        && sums.begin_with(&begun)?
    {
        let wanted = EventSpan {
            filter,
            ..span.clone()
        };
        let mut all = [sums];
        let events = summed(store, &wanted, &mut all, goes_on).await?;
        return written(views, all.into(), events, span.until).await;
    }
    let db: Arc<dyn ReadDb> = Arc::new(SqliteReadDb::open_inline()?);
    let mut runner = InlineRunner::begin(Arc::clone(&db), views).await?;
    transact(db.as_ref(), move |tx| {
        let mut tables = begun.iter();
        tables.try_for_each(|(table, rows)| tx.append_rows(table, rows))
    })
    .await?;
    let wanted = EventSpan {
        filter,
        ..span.clone()
    };
    let events = feed(store, &wanted, &mut runner, goes_on, tasks).await?;
    whole(&runner)?;
    Ok(FoldedRows {
        db,
        events,
        until: span.until,
    })
}

/// Writes the rows that were summed in memory to a new database, with each view's checkpoint.
async fn written(
    views: Vec<Arc<dyn View>>,
    all: Vec<ViewSums>,
    events: u64,
    until: Position,
) -> Result<FoldedRows, FoldError> {
    let db: Arc<dyn ReadDb> = Arc::new(SqliteReadDb::open_inline()?);
    let runner = InlineRunner::begin(Arc::clone(&db), views).await?;
    let checkpoints = runner.progress().checkpoints();
    transact(db.as_ref(), move |tx| {
        all.into_iter().try_for_each(|sums| {
            let own = checkpoints.iter().filter(|row| sums.is_of(&row.view));
            let own = own.cloned().collect();
            sums.hand_over(tx, own)
        })
    })
    .await?;
    Ok(FoldedRows { db, events, until })
}

/// Feeds the events of a span to in-memory views, page by page. Returns the number of events.
async fn summed(
    store: &dyn EventStore,
    wanted: &EventSpan,
    all: &mut [ViewSums],
    goes_on: &(dyn Fn() -> bool + Sync),
) -> Result<u64, FoldError> {
    let mut pages = Pages::begin(store, wanted).await?;
    let mut events = 0;
    while let Some(page) = pages.next().await? {
        events += page.len() as u64;
        if events > wanted.events_max {
            let events_max = wanted.events_max;
            return Err(FoldError::TooManyEvents { events_max });
        }
        for sums in &mut *all {
            let (mut behind, mut recalled) = (0, false);
            while let Some((taken, stream)) = sums.take(&page, behind, recalled)? {
                sums.recall(&past_of(store, &stream, wanted.after).await?)?;
                (behind, recalled) = (taken, true);
            }
        }
        if !goes_on() {
            return Err(FoldError::Stopped { events });
        }
    }
    Ok(events)
}

/// Returns the events of a stream up to and including a position.
async fn past_of(
    store: &dyn EventStore,
    stream: &StreamId,
    until: Position,
) -> Result<Vec<StoredEvent>, StoreError> {
    let mut past: Vec<StoredEvent> = Vec::new();
    let mut read = 0;
    loop {
        let page = store
            .read_stream(stream, StreamVersion(read), PAGE_EVENTS_MAX)
            .await?;
        let is_end = page.is_empty();
        read += page.len() as u64;
        past.extend(page.into_iter().take_while(|event| event.position <= until));
        if is_end || (past.len() as u64) < read {
            return Ok(past);
        }
    }
}

/// Feeds the events of a span to a runner that applies them to the database. Returns the number of events.
async fn feed(
    store: &dyn EventStore,
    wanted: &EventSpan,
    runner: &mut InlineRunner,
    goes_on: &(dyn Fn() -> bool + Sync),
    tasks: Option<&dyn Tasks>,
) -> Result<u64, FoldError> {
    let mut ready = PagePrefetcher::begin(runner.reader(), tasks);
    let mut pages = Pages::begin(store, wanted).await?;
    let (mut events, mut ended) = (0, false);
    loop {
        while !ended && ready.has_room() {
            let Some(page) = pages.next().await? else {
                ended = true;
                break;
            };
            events += page.len() as u64;
            if events > wanted.events_max {
                let events_max = wanted.events_max;
                return Err(FoldError::TooManyEvents { events_max });
            }
            ready.put(page).await?;
        }
        let Some(batch) = ready.take().await? else {
            return Ok(events);
        };
        runner.apply_ready(batch).await?;
        if !goes_on() {
            return Err(FoldError::Stopped { events });
        }
    }
}

/// Returns the error `Parked` if a view was parked, because its figures would be incomplete.
fn whole(runner: &InlineRunner) -> Result<(), ProjectionError> {
    for row in runner.progress().checkpoints() {
        if let Some((position, why)) = row.parked {
            let view = row.view;
            return Err(ProjectionError::Parked { view, position, why });
        }
    }
    Ok(())
}

/// Returns every event kind that one of the views handles; empty if one of them handles all kinds.
fn kinds_of(views: &[Arc<dyn View>]) -> Vec<String> {
    let mut kinds = BTreeSet::new();
    for view in views {
        match view.handles() {
            HandledKinds::All => return Vec::new(),
            HandledKinds::Kinds(handled) => kinds.extend(handled.iter().map(|kind| (*kind).to_owned())),
        }
    }
    kinds.into_iter().collect()
}

#[cfg(test)]
mod tests;
