//! Rows as they were: some events of the log, up to a position, folded into a database in memory that is
//! thrown away. The same views, the same queries; nothing but the log is asked.
//!
//! Of a campaign only its own events are read, by the store's index, and of those only the kinds that the
//! views handle. What a view says of one campaign is then, row for row, what a replay of the whole log up
//! to that position says of it.

mod copied;
mod pages;
mod sums;
mod validity;

use crate::database::{ReadDb, transact};
use crate::error::ProjectionError;
use crate::read_ahead::Ready;
use crate::runner::InlineRunner;
use crate::sqlite::SqliteReadDb;
pub use crate::table::Begun;
use crate::view::{Handles, View};
pub use copied::{Copied, fold_beside};
use domain::event_filter::EventFilter;
use domain::ids::StreamId;
use domain::ports::event_store::{EventStore, PAGE_EVENTS_MAX, StoreError};
use domain::ports::tasks::Tasks;
use domain::stored_event::{Position, StoredEvent, StreamVersion};
use domain::time::Timestamp;
pub use pages::Pages;
use std::collections::BTreeSet;
use std::sync::Arc;
use sums::SumsOf;

/// Most events one fold takes: some ten seconds and some hundred megabytes. Decision 0029.
pub const FOLDED_EVENTS_MAX: u64 = 2_000_000;

/// What is folded.
#[derive(Debug, Clone)]
pub struct Span {
    /// Whose events: a campaign's, a customer's. Its kinds are set by `fold`.
    pub filter: EventFilter,
    /// Events after this position; 0 for all.
    pub after: Position,
    /// Events up to and including this position.
    pub until: Position,
    /// Of those, only what had happened by this instant by the events' own `at`; a correction counts from
    /// when its call ended, whenever it was noticed.
    pub valid_at: Option<Timestamp>,
    /// Refused beyond so many events.
    pub events_max: u64,
}

impl Span {
    /// All events that a filter wants, up to a position.
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

/// Rows that were folded.
pub struct Folded {
    /// In memory, gone when this is dropped.
    pub db: Arc<dyn ReadDb>,
    /// How many events were folded.
    pub events: u64,
    /// Where the fold ended.
    pub until: Position,
}

/// Why nothing was folded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FoldError {
    #[error("more than {events_max} events would have to be replayed")]
    TooManyEvents { events_max: u64 },
    /// Whoever asked said so between two pages.
    #[error("the replay was stopped after {events} events")]
    Stopped { events: u64 },
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Rows(#[from] ProjectionError),
}

/// Folds the events of `span` into fresh tables of `views`. Works on the caller's thread for as long as it
/// takes; `goes_on` is asked between pages.
pub async fn fold(
    store: &dyn EventStore,
    span: &Span,
    views: Vec<Arc<dyn View>>,
    goes_on: &(dyn Fn() -> bool + Sync),
) -> Result<Folded, FoldError> {
    fold_onto(store, span, views, Begun::new(), goes_on, None).await
}

/// As `fold`, onto rows that hold what came before `span`. With `tasks` events are made ready on a thread of
/// their own, while those before are folded.
pub async fn fold_onto(
    store: &dyn EventStore,
    span: &Span,
    views: Vec<Arc<dyn View>>,
    begun: Begun,
    goes_on: &(dyn Fn() -> bool + Sync),
    tasks: Option<&dyn Tasks>,
) -> Result<Folded, FoldError> {
    let filter = EventFilter {
        kinds: kinds_of(&views),
        ..span.filter.clone()
    };
    if let Some(mut sums) = SumsOf::begin(&views)
        && sums.begin_with(&begun)?
    {
        let wanted = Span {
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
    let wanted = Span {
        filter,
        ..span.clone()
    };
    let events = feed(store, &wanted, &mut runner, goes_on, tasks).await?;
    whole(&runner)?;
    Ok(Folded {
        db,
        events,
        until: span.until,
    })
}

/// Writes what was summed in memory, once, with where each view stands.
async fn written(
    views: Vec<Arc<dyn View>>,
    all: Vec<SumsOf>,
    events: u64,
    until: Position,
) -> Result<Folded, FoldError> {
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
    Ok(Folded { db, events, until })
}

/// Feeds the events of a span to sums of several views; answers how many.
async fn summed(
    store: &dyn EventStore,
    wanted: &Span,
    all: &mut [SumsOf],
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

/// The events of a stream up to a position.
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

/// Feeds the events of a span; answers how many.
async fn feed(
    store: &dyn EventStore,
    wanted: &Span,
    runner: &mut InlineRunner,
    goes_on: &(dyn Fn() -> bool + Sync),
    tasks: Option<&dyn Tasks>,
) -> Result<u64, FoldError> {
    let mut ready = Ready::begin(runner.reader(), tasks);
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

/// A view that stays before an event has no figure to show.
fn whole(runner: &InlineRunner) -> Result<(), ProjectionError> {
    for row in runner.progress().checkpoints() {
        if let Some((position, why)) = row.parked {
            let view = row.view;
            return Err(ProjectionError::Parked { view, position, why });
        }
    }
    Ok(())
}

/// Every kind that one of the views handles; empty when one handles all.
fn kinds_of(views: &[Arc<dyn View>]) -> Vec<String> {
    let mut kinds = BTreeSet::new();
    for view in views {
        match view.handles() {
            Handles::All => return Vec::new(),
            Handles::Kinds(handled) => kinds.extend(handled.iter().map(|kind| (*kind).to_owned())),
        }
    }
    kinds.into_iter().collect()
}

#[cfg(test)]
mod tests;
