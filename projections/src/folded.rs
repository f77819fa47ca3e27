//! Rows as they were: some events of the log, up to a position, folded into a database in memory that is
//! thrown away. The same views, the same queries; nothing but the log is asked.
//!
//! Of a campaign only its own events are read, by the store's index, and of those only the kinds that the
//! views handle. What a view says of one campaign is then, row for row, what a replay of the whole log up
//! to that position says of it.

use crate::database::{ReadDb, Table, transact};
use crate::error::ProjectionError;
use crate::in_place::SumsOf;
use crate::reading::Ready;
use crate::runner::InlineRunner;
use crate::sqlite::SqliteReadDb;
use crate::value::Val;
use crate::view::{Handles, View};
use domain::event_filter::EventFilter;
use domain::ids::StreamId;
use domain::ports::event_store::{EventStore, MatchingPage, PAGE_EVENTS_MAX, StoreError};
use domain::ports::tasks::Tasks;
use domain::stored_event::{Position, StoredEvent, UnreadableRecord};
use domain::time::Timestamp;
use serde::Deserialize;
use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Most events one fold takes: some ten seconds and some hundred megabytes. Decision 0029.
pub const FOLDED_EVENTS_MAX: u64 = 2_000_000;

/// Events of one page: some milliseconds of reading, while the pages before are made ready and folded.
const PAGE_EVENTS: usize = PAGE_EVENTS_MAX;

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
    #[error("more than {events_max} events would have to be folded")]
    TooManyEvents { events_max: u64 },
    /// Whoever asked said so between two pages.
    #[error("the fold was stopped after {events} events")]
    Stopped { events: u64 },
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Rows(#[from] ProjectionError),
}

/// Rows to begin with, by table.
pub type Begun = Vec<(&'static Table, Vec<Vec<Val>>)>;

/// Folds the events of `span` into fresh tables of `views`. Works on the caller's thread for as long as it
/// takes; `goes_on` is asked between pages.
pub async fn fold(
    store: &dyn EventStore,
    span: &Span,
    views: Vec<Arc<dyn View>>,
    goes_on: &(dyn Fn() -> bool + Sync),
) -> Result<Folded, FoldError> {
    fold_onto(store, span, (views, Begun::new()), goes_on, None).await
}

/// As `fold`, onto rows that hold what came before `span`. With `tasks` events are made ready on a thread of
/// their own, while those before are folded.
pub async fn fold_onto(
    store: &dyn EventStore,
    span: &Span,
    (views, begun): (Vec<Arc<dyn View>>, Begun),
    goes_on: &(dyn Fn() -> bool + Sync),
    tasks: Option<&dyn Tasks>,
) -> Result<Folded, FoldError> {
    let filter = EventFilter {
        kinds: kinds_of(&views),
        ..span.filter.clone()
    };
    let db: Arc<dyn ReadDb> = Arc::new(SqliteReadDb::open_inline()?);
    if let (Some(sums), true) = (SumsOf::begin(&views), begun.is_empty()) {
        let wanted = Span {
            filter,
            ..span.clone()
        };
        return in_memory(store, &wanted, (db, views, sums), goes_on).await;
    }
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
    let events = feed(store, &wanted, &mut runner, (goes_on, tasks)).await?;
    whole(&runner)?;
    Ok(Folded {
        db,
        events,
        until: span.until,
    })
}

/// Folds in memory: what all views have sums for. Rows are written once, at the end.
async fn in_memory(
    store: &dyn EventStore,
    wanted: &Span,
    (db, views, mut sums): (Arc<dyn ReadDb>, Vec<Arc<dyn View>>, SumsOf),
    goes_on: &(dyn Fn() -> bool + Sync),
) -> Result<Folded, FoldError> {
    let checkpoints = InlineRunner::begin(Arc::clone(&db), views).await?;
    let checkpoints = checkpoints.progress().checkpoints();
    let mut pages = Pages::begin(store, wanted).await?;
    let mut events = 0;
    while let Some(page) = pages.next().await? {
        events += page.len() as u64;
        if events > wanted.events_max {
            let events_max = wanted.events_max;
            return Err(FoldError::TooManyEvents { events_max });
        }
        sums.take(&page)?;
        if !goes_on() {
            return Err(FoldError::Stopped { events });
        }
    }
    transact(db.as_ref(), move |tx| sums.hand_over(tx, checkpoints)).await?;
    Ok(Folded {
        db,
        events,
        until: wanted.until,
    })
}

/// Feeds the events of a span; answers how many.
async fn feed(
    store: &dyn EventStore,
    wanted: &Span,
    runner: &mut InlineRunner,
    (goes_on, tasks): (&(dyn Fn() -> bool + Sync), Option<&dyn Tasks>),
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

type Reading<'a> = std::pin::Pin<Box<dyn Future<Output = Result<MatchingPage, StoreError>> + Send + 'a>>;

/// The pages of a span, each read while the one before it is worked on. A page may be empty.
pub struct Pages<'a> {
    store: &'a dyn EventStore,
    span: &'a Span,
    validity: Option<Validity>,
    ahead: Option<Reading<'a>>,
    reached: Position,
}

impl<'a> Pages<'a> {
    /// Begins to read. `span.events_max` is for the caller to keep.
    pub async fn begin(store: &'a dyn EventStore, span: &'a Span) -> Result<Self, StoreError> {
        let mut pages = Self {
            store,
            span,
            validity: span.valid_at.map(Validity::at),
            ahead: None,
            reached: span.after,
        };
        pages.read_on().await;
        Ok(pages)
    }

    /// The next page; `None` after the last.
    pub async fn next(&mut self) -> Result<Option<Vec<StoredEvent>>, StoreError> {
        let Some(reading) = self.ahead.take() else {
            return Ok(None);
        };
        let mut page = reading.await?;
        let at_end = page.reached <= self.reached || page.reached >= self.span.until;
        self.reached = page.reached;
        page.events.retain(|event| event.position <= self.span.until);
        if !at_end {
            self.read_on().await;
        }
        if let Some(validity) = &mut self.validity {
            validity
                .retain(&mut page.events)
                .map_err(|error| StoreError::Damaged(error.to_string()))?;
        }
        Ok(Some(page.events))
    }

    /// Asks for the next page and does not wait: the store reads on threads of its own.
    async fn read_on(&mut self) {
        if self.reached >= self.span.until {
            return;
        }
        let (store, span, after) = (self.store, self.span, self.reached);
        let mut reading: Reading<'a> =
            Box::pin(async move { store.read_matching(&span.filter, after, PAGE_EVENTS).await });
        let at_once = tokio::select! {
            biased;
            page = &mut reading => Some(page),
            () = std::future::ready(()) => None,
        };
        self.ahead = Some(match at_once {
            Some(page) => Box::pin(std::future::ready(page)),
            None => reading,
        });
    }
}

/// What had happened by an instant, event by event in the order of the log.
struct Validity {
    at: Timestamp,
    /// Streams of calls that had ended by then: their corrections count.
    ended: BTreeSet<StreamId>,
}

/// What is looked at, borrowed from a record.
#[derive(Deserialize)]
struct When<'a> {
    #[serde(borrow)]
    kind: Cow<'a, str>,
    stream: StreamId,
    at: Timestamp,
}

impl Validity {
    const fn at(at: Timestamp) -> Self {
        Self {
            at,
            ended: BTreeSet::new(),
        }
    }

    fn retain(&mut self, page: &mut Vec<StoredEvent>) -> Result<(), UnreadableRecord> {
        let mut unreadable = None;
        page.retain(|event| match serde_json::from_slice::<When<'_>>(&event.record) {
            Ok(when) => self.had_happened(when),
            Err(error) => {
                unreadable.get_or_insert(UnreadableRecord {
                    position: event.position,
                    why: error.to_string(),
                });
                false
            }
        });
        unreadable.map_or(Ok(()), Err)
    }

    fn had_happened(&mut self, when: When<'_>) -> bool {
        match when.kind.as_ref() {
            "call.corrected" => self.ended.contains(&when.stream),
            "call.ended" if when.at <= self.at => self.ended.insert(when.stream),
            _ => when.at <= self.at,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::database::{each_row, read_as};
    use crate::testing::{Story, TestLog, call, campaign, ten, varied};
    use crate::views::campaign_board::{self, CampaignBoard};
    use crate::views::metric_board::MetricBoard;
    use domain::campaign::event::CampaignEvent;
    use domain::disposition::{Disposition, Outcome};

    /// Three campaigns whose calls interleave, corrections among them.
    fn story() -> Story {
        let mut story = Story::new();
        for name in ["T", "U", "V"] {
            story.created(name).campaign(name, CampaignEvent::Started {});
        }
        for of in 1..=12 {
            let name = ["T", "U", "V"][of as usize % 3];
            story.whole_call(name, of).enrolled("T", of + 20);
        }
        let id = call("T", 6, 1);
        let success = (Disposition::Answered, Some(Outcome::Success));
        story.corrected(id, success, (Disposition::Machine, None));
        story
    }

    fn of_campaign(name: &str, until: Position) -> Span {
        let filter = EventFilter {
            campaign: Some(campaign(name)),
            ..EventFilter::default()
        };
        Span::until(filter, until)
    }

    fn views() -> Vec<Arc<dyn View>> {
        vec![Arc::new(CampaignBoard), Arc::new(MetricBoard)]
    }

    async fn folded(log: &TestLog, span: &Span) -> Result<Folded, FoldError> {
        fold(log, span, views(), &|| true).await
    }

    /// Every row that belongs to a campaign, of the tables that questions are asked of.
    async fn rows(db: &dyn ReadDb, name: &'static str) -> Vec<Vec<Val>> {
        let mut all = Vec::new();
        let metrics = MetricBoard.definition().tables.iter();
        let asked = metrics.filter(|table| ["metric_board", "metric_board_first"].contains(&table.name));
        for table in CampaignBoard.definition().tables.iter().chain(asked) {
            let columns = read_as(db, |tx| tx.columns(table.name)).await.unwrap();
            let at = columns.iter().position(|column| column == "campaign").unwrap();
            let mut rows = read_as(db, move |tx| {
                let mut rows = Vec::new();
                each_row(tx, table, &mut |row| {
                    rows.push(row);
                    Ok(())
                })?;
                Ok(rows)
            })
            .await
            .unwrap();
            rows.retain(|row| row[at] == Val::text(name));
            if table.name == "metric_board_first" {
                // Their position is that of the last event of all.
                rows.iter_mut().for_each(|row| drop(row.pop()));
            }
            all.extend(rows);
        }
        all
    }

    async fn replay(events: &[StoredEvent]) -> Arc<dyn ReadDb> {
        let db: Arc<dyn ReadDb> = Arc::new(SqliteReadDb::open_inline().unwrap());
        let mut runner = InlineRunner::begin(Arc::clone(&db), views()).await.unwrap();
        runner.apply_page(events).await.unwrap();
        db
    }

    /// Folds each campaign as of so many events and holds its rows to a replay's; answers how many rows.
    async fn compare(story: &Story, until: usize) -> usize {
        let log = TestLog::of(&story.events);
        let replay = replay(&story.events[..until]).await;
        let mut compared = 0;
        for name in ["T", "U", "V"] {
            let span = of_campaign(name, story.events[until - 1].position);
            let folded = folded(&log, &span).await.unwrap();
            let one = rows(folded.db.as_ref(), name).await;
            assert_eq!(one, rows(replay.as_ref(), name).await, "{name} as of {until}");
            compared += one.len();
        }
        compared
    }

    #[tokio::test]
    async fn whatever_follows_whatever_sums_in_memory_make_the_rows_that_events_one_by_one_make() {
        let mut compared = 0;
        for seed in 1..=3 {
            let story = varied(1_500, seed);
            for until in [200, 700, story.events.len()] {
                compared += compare(&story, until).await;
            }
        }
        assert!(compared > 1_000, "{compared}");
    }

    #[tokio::test]
    async fn a_campaign_folded_from_its_own_events_is_row_for_row_a_replay_of_the_whole_log() {
        let story = story();
        for until in 1..=story.events.len() {
            compare(&story, until).await;
        }
    }

    #[tokio::test]
    async fn as_of_an_instant_of_truth_only_what_had_happened_counts_and_corrections_count_from_the_end() {
        let story = story();
        let log = TestLog::of(&story.events);
        let head = story.head();
        let ended = story.events.iter().find(|event| {
            let envelope = event.envelope().unwrap();
            envelope.kind == "call.ended" && envelope.stream.id() == call("T", 6, 1).to_string()
        });
        let ended_at = ended.unwrap().envelope().unwrap().at;
        for (valid_at, machines) in [(ended_at, 1), (ended_at.minus_ms(1), 0)] {
            let span = Span {
                valid_at: Some(valid_at),
                ..of_campaign("T", head)
            };
            let folded = folded(&log, &span).await.unwrap();
            let id = campaign("T");
            let report = campaign_board::report(folded.db.as_ref(), &id).await;
            let report = report.unwrap().unwrap();
            let machine = report.dispositions.iter().find(|one| one.code == "machine");
            assert_eq!(machine.map_or(0, |one| one.count), machines, "{valid_at}");
        }
        let span = Span {
            valid_at: Some(ten().minus_ms(1)),
            ..of_campaign("T", head)
        };
        assert_eq!(folded(&log, &span).await.unwrap().events, 0);
    }

    #[tokio::test]
    async fn the_last_permitted_number_of_events_is_folded_and_one_more_is_refused() {
        let story = story();
        let log = TestLog::of(&story.events);
        let whole = of_campaign("T", story.head());
        let events = folded(&log, &whole).await.unwrap().events;
        let of = |events_max| Span {
            events_max,
            ..whole.clone()
        };
        assert_eq!(folded(&log, &of(events)).await.unwrap().events, events);
        let refused = folded(&log, &of(events - 1)).await.err();
        assert_eq!(
            refused,
            Some(FoldError::TooManyEvents {
                events_max: events - 1
            })
        );
        let stopped = fold(&log, &whole, vec![Arc::new(CampaignBoard)], &|| false).await;
        assert_eq!(stopped.err(), Some(FoldError::Stopped { events }));
    }

    #[tokio::test]
    async fn an_event_that_a_view_cannot_take_is_an_error_and_no_half_of_a_figure() {
        let mut story = story();
        let bad = String::from_utf8(story.events[0].record.to_vec()).unwrap();
        story.events[0].record = bad.replace("\"preset\"", "\"presets\"").into_bytes().into();
        let log = TestLog::of(&story.events);
        let failed = folded(&log, &of_campaign("T", story.head())).await.err();
        let parked = matches!(&failed, Some(FoldError::Rows(ProjectionError::Parked { .. })));
        assert!(parked, "{failed:?}");
    }
}
