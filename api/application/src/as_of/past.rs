//! Figures as they were: some events folded into throw-away rows, on a thread of its own, few at once, each
//! within a time, the last ones kept.

use crate::as_of::line::Line;
use crate::as_of::moment::{Known, Then};
use actors::Environment;
use domain::event_filter::EventFilter;
use domain::ports::clock::Clock;
use domain::ports::event_store::EventStore;
use domain::ports::tasks::Tasks;
use domain::problem::{Kind, Problem};
use domain::stored_event::Position;
use domain::time::Timestamp;
use projections::views::campaign_board;
use projections::{Begun, Copied, FoldError, Folded, ReadDb, Span, View, fold_beside, fold_onto};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::runtime::Handle;
use tokio::sync::{OwnedSemaphorePermit, oneshot};

/// Folds at once: each has a core to itself, and dialing needs the others.
const FOLDS_MAX: usize = 2;

/// Questions that may wait for a place: with a fold of a third of a second each, all of them are answered
/// within `WAIT_MS_MAX`.
const WAITING_MAX: usize = 64;

/// Longest wait for a place: as long as those who have one may keep it.
const WAIT_MS_MAX: u64 = FOLD_WITHIN_MS;

/// Rehearsals at once: they keep a core busy for a while, and no question about the past waiting.
const REHEARSALS_MAX: usize = 1;

/// Longest fold: two million events take about ten seconds; a caller has given up by then.
const FOLD_WITHIN_MS: u64 = 30_000;

/// Models learned at once: a core each, and dialing needs the other.
const TRAININGS_MAX: usize = 1;

/// Trainings that may wait: each keeps its lines on the disk meanwhile.
const TRAININGS_WAITING_MAX: usize = 2;

/// Longest training: eighty thousand rows of some hundred intents, held out in five parts, take about that.
pub const TRAINING_WITHIN_MS: u64 = 300_000;

/// Folded campaigns that are kept: somebody who looks at a report looks at its chart next.
const KEPT_MAX: usize = 4;

/// Largest fold that is kept, so that what is kept together stays within some tens of megabytes.
const KEPT_EVENTS_MAX: u64 = 200_000;

/// What makes two folds the same. What is personal in rows is sealed, and opened with the keys that there are
/// when it is shown: an erasure changes none.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Key {
    filter: EventFilter,
    until: Position,
    valid_at: Option<Timestamp>,
    views: Vec<(&'static str, u32)>,
}

/// What is folded: a filter's events after a position, onto rows that hold what came before it.
pub struct Wanted {
    pub filter: EventFilter,
    pub after: Position,
    pub begun: Begun,
}

impl Wanted {
    /// From the first event on.
    pub const fn all_of(filter: EventFilter) -> Self {
        Self {
            filter,
            after: Position(0),
            begun: Begun::new(),
        }
    }
}

/// Rows that were folded, and where the copy ends that they were folded onto.
#[derive(Clone)]
struct Rows {
    folded: Arc<Folded>,
    copied: Option<Position>,
}

/// The place where the past is folded; one per process.
pub struct Past {
    line: Line,
    /// Of rehearsals of flows.
    rehearsals: Line,
    /// Of models that are learned.
    trainings: Line,
    kept: Mutex<Vec<(Key, Rows)>>,
}

impl Default for Past {
    fn default() -> Self {
        Self {
            line: Line::new(FOLDS_MAX, WAITING_MAX, WAIT_MS_MAX),
            rehearsals: Line::new(REHEARSALS_MAX, WAITING_MAX, WAIT_MS_MAX),
            trainings: Line::new(TRAININGS_MAX, TRAININGS_WAITING_MAX, WAIT_MS_MAX),
            kept: Mutex::default(),
        }
    }
}

/// What long reading of the log stands on.
pub struct Apart<'a> {
    pub runtime: &'a Handle,
    pub store: &'a dyn EventStore,
    pub tasks: &'a dyn Tasks,
    /// Asked between pages: not beyond the time, nor once the process stops or nobody waits for the answer.
    pub goes_on: &'a (dyn Fn() -> bool + Sync),
}

/// Rows as they were, and what they cost.
pub struct Shown {
    pub rows: Arc<Folded>,
    /// Where the copy ends that rows were folded onto, where a view has one; absent when all begin with the
    /// first event.
    copied: Option<Position>,
    /// Milliseconds of folding; absent when the rows were kept from an earlier question.
    took_ms: Option<u64>,
}

impl Shown {
    /// What the answer cost and where it lies, for its member `known`.
    pub fn known(&self, then: &Then) -> Known {
        Known {
            events: Some(self.rows.events),
            kept: Some(self.took_ms.is_none()),
            ms: Some(self.took_ms.unwrap_or(0)),
            copied_position: self.copied.map(|position| position.to_string()),
            ..then.describe()
        }
    }
}

impl Past {
    /// Rows of `views` at the moment, from the events that a filter wants; of a view that `live` has copies
    /// of, from those behind the last. What was true by the events' own times is in no copy.
    pub async fn rows(
        &self,
        environment: &Environment,
        filter: EventFilter,
        views: Vec<Arc<dyn View>>,
        then: &Then,
        live: &dyn ReadDb,
    ) -> Result<Shown, Problem> {
        let key = Key {
            filter: filter.clone(),
            until: then.position,
            valid_at: then.valid_at(),
            views: views.iter().map(|view| (view.name(), view.version())).collect(),
        };
        if let Some(shown) = self.kept(&key) {
            return Ok(shown);
        }
        let place = self.place(environment.clock.as_ref()).await?;
        // Who waited in line may have waited behind the same question.
        if let Some(shown) = self.kept(&key) {
            return Ok(shown);
        }
        let of_campaign = filter.campaign.clone();
        let copied = of_campaign.filter(|one| filter == EventFilter::of_campaign(one.clone()));
        let (of_the_board, others): (Vec<_>, Vec<_>) = views
            .into_iter()
            .partition(|view| view.name() == campaign_board::NAME);
        let mut copy = None;
        // Rows that are away or being made again keep nobody from the log, which says it all.
        if !of_the_board.is_empty()
            && then.valid_at().is_none()
            && let Some(campaign) = copied
        {
            let found = campaign_board::last_copy(live, &campaign, then.position).await;
            copy = found.ok().flatten();
        }
        let shown = match copy {
            None => {
                let views = of_the_board.into_iter().chain(others).collect();
                fold_in(place, environment, Wanted::all_of(filter), views, then).await?
            }
            Some(copy) => {
                let copied = Copied {
                    views: of_the_board,
                    upto: copy.upto,
                    begun: copy.rows,
                };
                beside_in(place, environment, filter, copied, others, then).await?
            }
        };
        self.keep(key, &shown);
        Ok(shown)
    }

    fn kept(&self, key: &Key) -> Option<Shown> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let found = kept.iter().find(|(known, _)| known == key);
        found.map(|(_, rows)| Shown {
            rows: Arc::clone(&rows.folded),
            copied: rows.copied,
            took_ms: None,
        })
    }

    fn keep(&self, key: Key, shown: &Shown) {
        if shown.rows.events > KEPT_EVENTS_MAX {
            return;
        }
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= KEPT_MAX {
            kept.remove(0);
        }
        let rows = Rows {
            folded: Arc::clone(&shown.rows),
            copied: shown.copied,
        };
        kept.push((key, rows));
    }

    /// Rows of whatever is wanted, at the moment.
    pub async fn fold(
        &self,
        environment: &Environment,
        wanted: Wanted,
        views: Vec<Arc<dyn View>>,
        then: &Then,
    ) -> Result<Shown, Problem> {
        let place = self.place(environment.clock.as_ref()).await?;
        fold_in(place, environment, wanted, views, then).await
    }

    /// Reads a long part of the log in one of the few places, on a thread of its own and within the time of a
    /// fold; `None` when the process stops.
    pub async fn apart<T: Send + 'static>(
        &self,
        environment: &Environment,
        work: impl FnOnce(&Apart<'_>) -> T + Send + 'static,
    ) -> Result<Option<T>, Problem> {
        let place = self.place(environment.clock.as_ref()).await?;
        Ok(apart_in(place, environment, FOLD_WITHIN_MS, work).await)
    }

    /// The same of a rehearsal, which has a place of its own.
    pub async fn rehearsed<T: Send + 'static>(
        &self,
        environment: &Environment,
        work: impl FnOnce(&Apart<'_>) -> T + Send + 'static,
    ) -> Result<Option<T>, Problem> {
        let busy = || {
            let detail = "other flows are being rehearsed; try again".to_owned();
            Problem::new(Kind::Unavailable, "rehearsals-busy", detail)
        };
        let place = self.rehearsals.place(environment.clock.as_ref(), busy).await?;
        Ok(apart_in(place, environment, FOLD_WITHIN_MS, work).await)
    }

    /// The same of a model that is learned, which takes longer.
    pub async fn trained<T: Send + 'static>(
        &self,
        environment: &Environment,
        work: impl FnOnce(&Apart<'_>) -> T + Send + 'static,
    ) -> Result<Option<T>, Problem> {
        let busy = || {
            let detail = format!("{TRAININGS_MAX} model is being trained and others are waiting; try again");
            Problem::new(Kind::Unavailable, "trainings-busy", detail)
        };
        let place = self.trainings.place(environment.clock.as_ref(), busy).await?;
        Ok(apart_in(place, environment, TRAINING_WITHIN_MS, work).await)
    }

    /// A place among the few. Who finds none waits in line, where there is room in it, and leaves it by going
    /// away.
    pub async fn place(&self, clock: &dyn Clock) -> Result<OwnedSemaphorePermit, Problem> {
        let busy = || {
            let detail = format!("{FOLDS_MAX} historical queries are running; try again");
            Problem::new(Kind::Unavailable, "as-of-busy", detail)
        };
        self.line.place(clock, busy).await
    }
}

async fn fold_in(
    place: OwnedSemaphorePermit,
    environment: &Environment,
    wanted: Wanted,
    views: Vec<Arc<dyn View>>,
    then: &Then,
) -> Result<Shown, Problem> {
    let span = Span {
        valid_at: then.valid_at(),
        after: wanted.after,
        ..Span::until(wanted.filter, then.position)
    };
    let copied = (!wanted.begun.is_empty()).then_some(wanted.after);
    let begun = wanted.begun;
    shown_in(place, environment, copied, move |on| {
        let folding = fold_onto(on.store, &span, views, begun, on.goes_on, Some(on.tasks));
        on.runtime.block_on(folding)
    })
    .await
}

/// Rows of views that have a copy, beside those of views that have none, if there are any.
async fn beside_in(
    place: OwnedSemaphorePermit,
    environment: &Environment,
    filter: EventFilter,
    copied: Copied,
    others: Vec<Arc<dyn View>>,
    then: &Then,
) -> Result<Shown, Problem> {
    let span = Span::until(filter, then.position);
    let upto = copied.upto;
    shown_in(place, environment, Some(upto), move |on| {
        let folding = fold_beside(on.store, &span, copied, others, on.goes_on);
        on.runtime.block_on(folding)
    })
    .await
}

/// What was folded in a place, and how long it took.
async fn shown_in(
    place: OwnedSemaphorePermit,
    environment: &Environment,
    copied: Option<Position>,
    folding: impl FnOnce(&Apart<'_>) -> Result<Folded, FoldError> + Send + 'static,
) -> Result<Shown, Problem> {
    let began = environment.clock.now();
    let folded = apart_in(place, environment, FOLD_WITHIN_MS, folding).await;
    let folded = folded
        .unwrap_or(Err(FoldError::Stopped { events: 0 }))
        .map_err(|error| explain(&error))?;
    Ok(Shown {
        rows: Arc::new(folded),
        copied,
        took_ms: Some(environment.clock.now().ms_since(began)),
    })
}

async fn apart_in<T: Send + 'static>(
    place: OwnedSemaphorePermit,
    environment: &Environment,
    within_ms: u64,
    work: impl FnOnce(&Apart<'_>) -> T + Send + 'static,
) -> Option<T> {
    let until = environment.clock.now().plus_ms(within_ms);
    let (done, answer) = oneshot::channel::<T>();
    let (store, clock) = (Arc::clone(&environment.store), Arc::clone(&environment.clock));
    let tasks = Arc::clone(&environment.tasks);
    let stop = environment.tasks.stop_signal();
    let runtime = Handle::current();
    let run = move || {
        let found = work(&Apart {
            runtime: &runtime,
            store: store.as_ref(),
            tasks: tasks.as_ref(),
            goes_on: &|| clock.now() < until && !stop.is_stopping() && !done.is_closed(),
        });
        // Free for whoever asks next, before this answer is heard; whoever asked may have gone.
        drop(place);
        drop(done.send(found));
    };
    environment.tasks.thread("as-of", Box::new(run));
    answer.await.ok()
}

/// What a fold that was not done is to a caller.
pub fn explain(error: &FoldError) -> Problem {
    match error {
        FoldError::TooManyEvents { events_max } => Problem::refused(
            "as-of-too-many-events",
            format!(
                "more than {events_max} events would have to be replayed: query one campaign, a time closer \
                 to its start, or, without valid_at, all campaigns (`/api/v1/campaigns?as_of=…`), which use \
                 daily snapshots"
            ),
        ),
        FoldError::Stopped { events } => Problem::new(
            Kind::Unavailable,
            "as-of-too-slow",
            format!("not completed within {FOLD_WITHIN_MS} ms ({events} events were replayed)"),
        ),
        FoldError::Store(error) => error.clone().into(),
        FoldError::Rows(error) => error.clone().into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::as_of::line::testing::StandingClock;

    #[tokio::test]
    async fn who_finds_no_place_waits_in_line_which_has_an_end() {
        let (past, clock) = (Past::default(), StandingClock);
        let mut held = Vec::new();
        for _ in 0..FOLDS_MAX {
            held.push(past.place(&clock).await.unwrap());
        }
        let mut line: Vec<_> = (0..WAITING_MAX).map(|_| Box::pin(past.place(&clock))).collect();
        for asker in &mut line {
            assert!(futures_util::poll!(asker).is_pending());
        }
        let beyond = past.place(&clock).await.unwrap_err();
        assert_eq!(beyond.code, "as-of-busy");
        // One who goes away leaves room, and a place that comes free goes to the first.
        line.pop();
        let mut last = Box::pin(past.place(&clock));
        assert!(futures_util::poll!(&mut last).is_pending());
        held.pop();
        let first = line.remove(0).await;
        assert!(first.is_ok() && futures_util::poll!(&mut last).is_pending());
    }
}
