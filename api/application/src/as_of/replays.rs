//! Figures at a past moment: events are replayed into temporary rows, on a thread of their own, a few at
//! once and within a time limit. The latest results are cached.

use crate::as_of::moment::{PastMomentInfo, ResolvedMoment};
use crate::as_of::slot_queue::SlotQueue;
use actors::Environment;
use domain::event_filter::EventFilter;
use domain::ports::clock::Clock;
use domain::ports::event_store::EventStore;
use domain::ports::tasks::Tasks;
use domain::problem::{Problem, ProblemKind};
use domain::stored_event::Position;
use domain::time::Timestamp;
use projections::views::campaign_board;
use projections::{
    EventSpan, FoldError, FoldedRows, InitialRows, ReadDb, SnapshotViews, View, fold_onto, fold_with_snapshot,
};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::runtime::Handle;
use tokio::sync::{OwnedSemaphorePermit, oneshot};

/// Replays that run at once. Each uses one core, and dialing needs the others.
const FOLDS_MAX: usize = 2;

/// Callers that may wait for a replay's slot; a further one is refused with `as-of-busy`. At a third of a
/// second per replay, all of them are answered within `WAIT_MS_MAX`.
const WAITING_MAX: usize = 64;

/// Longest wait for a slot, in milliseconds; then `as-of-busy`. It is as long as a replay may take.
const WAIT_MS_MAX: u64 = FOLD_WITHIN_MS;

/// Rehearsals at once. Each uses a core for a while; past reads do not wait for this separate slot.
const REHEARSALS_MAX: usize = 1;

/// Longest replay, in milliseconds; then `as-of-too-slow`. Two million events take about ten seconds.
const FOLD_WITHIN_MS: u64 = 30_000;

/// Model trainings at once. Each uses one core, and dialing needs the other.
const TRAININGS_MAX: usize = 1;

/// Trainings that may wait. Each keeps its training lines on disk meanwhile.
const TRAININGS_WAITING_MAX: usize = 2;

/// Longest training, in milliseconds: eighty thousand rows, some hundred intents, fivefold validation.
pub const TRAINING_WITHIN_MS: u64 = 300_000;

/// Most replay results cached, the latest: the reader of a report usually opens its chart next.
const KEPT_MAX: usize = 4;

/// Most events of a replay that is cached, so that the cache stays within some tens of megabytes.
const KEPT_EVENTS_MAX: u64 = 200_000;

/// The cache key of a replay. Personal values in the rows are sealed and are decrypted with the current
/// keys when they are shown, so an erasure needs no invalidation.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Key {
    filter: EventFilter,
    until: Position,
    valid_at: Option<Timestamp>,
    views: Vec<(&'static str, u32)>,
}

/// The input of a replay: a filter's events after a position, and the rows of everything up to it.
pub struct ReplayInput {
    pub filter: EventFilter,
    pub after: Position,
    pub begun: InitialRows,
}

impl ReplayInput {
    /// Returns the input for a replay from the first event on.
    pub const fn all_of(filter: EventFilter) -> Self {
        Self {
            filter,
            after: Position(0),
            begun: InitialRows::new(),
        }
    }
}

/// Replayed rows, and the position of the snapshot they are based on.
#[derive(Clone)]
struct Rows {
    folded: Arc<FoldedRows>,
    copied: Option<Position>,
}

/// The replays of this process: slots, queues and cache.
pub struct ReplayService {
    line: SlotQueue,
    /// Queue with the slots for rehearsals of flows.
    rehearsals: SlotQueue,
    /// Queue with the slots for trainings of models.
    trainings: SlotQueue,
    kept: Mutex<Vec<(Key, Rows)>>,
}

impl Default for ReplayService {
    fn default() -> Self {
        Self {
            line: SlotQueue::new(FOLDS_MAX, WAITING_MAX, WAIT_MS_MAX),
            rehearsals: SlotQueue::new(REHEARSALS_MAX, WAITING_MAX, WAIT_MS_MAX),
            trainings: SlotQueue::new(TRAININGS_MAX, TRAININGS_WAITING_MAX, WAIT_MS_MAX),
            kept: Mutex::default(),
        }
    }
}

/// What a long read of the log may use.
pub struct LongReadContext<'a> {
    pub runtime: &'a Handle,
    pub store: &'a dyn EventStore,
    pub tasks: &'a dyn Tasks,
    /// Called between pages. Returns false when time is over, the process stops, or the caller has gone.
    pub goes_on: &'a (dyn Fn() -> bool + Sync),
}

/// Rows at a past moment, and the cost of computing them.
pub struct PastRows {
    pub rows: Arc<FoldedRows>,
    /// Position of the snapshot that the rows are based on. `None` if all rows start from the first event.
    copied: Option<Position>,
    /// Duration of the replay in milliseconds. `None` if the rows were cached.
    took_ms: Option<u64>,
}

impl PastRows {
    /// Returns the member `known` of a reply: the moment, and what the replay cost.
    pub fn known(&self, then: &ResolvedMoment) -> PastMomentInfo {
        PastMomentInfo {
            events: Some(self.rows.events),
            kept: Some(self.took_ms.is_none()),
            ms: Some(self.took_ms.unwrap_or(0)),
            copied_position: self.copied.map(|position| position.to_string()),
            ..then.describe()
        }
    }
}

impl ReplayService {
    /// Returns the rows of `views` at the moment, replayed from the events of a filter, or from the cache.
    /// A view with snapshots in `live` starts from the last one before the moment, except with `valid_at`.
    /// Fails with `as-of-busy`, `as-of-too-slow` or `as-of-too-many-events`.
    pub async fn rows(
        &self,
        environment: &Environment,
        filter: EventFilter,
        views: Vec<Arc<dyn View>>,
        then: &ResolvedMoment,
        live: &dyn ReadDb,
    ) -> Result<PastRows, Problem> {
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
        // The question before this one in the queue may have been the same.
        if let Some(shown) = self.kept(&key) {
            return Ok(shown);
        }
        let of_campaign = filter.campaign.clone();
        let copied = of_campaign.filter(|one| filter == EventFilter::of_campaign(one.clone()));
        let (of_the_board, others): (Vec<_>, Vec<_>) = views
            .into_iter()
            .partition(|view| view.name() == campaign_board::NAME);
        let mut copy = None;
        // If the rows are unavailable or being rebuilt, the log is read instead; it contains everything.
        if !of_the_board.is_empty()
            && then.valid_at().is_none()
            && let Some(campaign) = copied
        {
            let found = campaign_board::read_last_snapshot(live, &campaign, then.position).await;
            copy = found.ok().flatten();
        }
        let shown = match copy {
            None => {
                let views = of_the_board.into_iter().chain(others).collect();
                fold_in(place, environment, ReplayInput::all_of(filter), views, then).await?
            }
            Some(copy) => {
                let copied = SnapshotViews {
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

    fn kept(&self, key: &Key) -> Option<PastRows> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let found = kept.iter().find(|(known, _)| known == key);
        found.map(|(_, rows)| PastRows {
            rows: Arc::clone(&rows.folded),
            copied: rows.copied,
            took_ms: None,
        })
    }

    fn keep(&self, key: Key, shown: &PastRows) {
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

    /// Replays `wanted` up to the moment; returns the rows of `views`, uncached. Waits for a slot.
    pub async fn fold(
        &self,
        environment: &Environment,
        wanted: ReplayInput,
        views: Vec<Arc<dyn View>>,
        then: &ResolvedMoment,
    ) -> Result<PastRows, Problem> {
        let place = self.place(environment.clock.as_ref()).await?;
        fold_in(place, environment, wanted, views, then).await
    }

    /// Runs `work`, a long read of the log, in one of the replay slots, on its own thread. `goes_on` of its
    /// context becomes false after `FOLD_WITHIN_MS`. Returns `None` when the process stops. Fails with
    /// `as-of-busy`.
    pub async fn apart<T: Send + 'static>(
        &self,
        environment: &Environment,
        work: impl FnOnce(&LongReadContext<'_>) -> T + Send + 'static,
    ) -> Result<Option<T>, Problem> {
        let place = self.place(environment.clock.as_ref()).await?;
        Ok(apart_in(place, environment, FOLD_WITHIN_MS, work).await)
    }

    /// Runs a rehearsal in its own slot, on its own thread, for at most `FOLD_WITHIN_MS`. Returns `None`
    /// when the process stops. Fails with `rehearsals-busy`.
    pub async fn run_rehearsal<T: Send + 'static>(
        &self,
        environment: &Environment,
        work: impl FnOnce(&LongReadContext<'_>) -> T + Send + 'static,
    ) -> Result<Option<T>, Problem> {
        let busy = || {
            let detail = "other flows are being rehearsed; try again".to_owned();
            Problem::new(ProblemKind::Unavailable, "rehearsals-busy", detail)
        };
        let place = self.rehearsals.place(environment.clock.as_ref(), busy).await?;
        Ok(apart_in(place, environment, FOLD_WITHIN_MS, work).await)
    }

    /// Runs a model training in its own slot, on its own thread, for at most `TRAINING_WITHIN_MS`. Returns
    /// `None` when the process stops. Fails with `trainings-busy`.
    pub async fn trained<T: Send + 'static>(
        &self,
        environment: &Environment,
        work: impl FnOnce(&LongReadContext<'_>) -> T + Send + 'static,
    ) -> Result<Option<T>, Problem> {
        let busy = || {
            let detail = format!("{TRAININGS_MAX} model is being trained and others are waiting; try again");
            Problem::new(ProblemKind::Unavailable, "trainings-busy", detail)
        };
        let place = self.trainings.place(environment.clock.as_ref(), busy).await?;
        Ok(apart_in(place, environment, TRAINING_WITHIN_MS, work).await)
    }

    /// Waits for a replay slot and returns its permit. Fails with `as-of-busy` if the queue is full or the
    /// wait exceeds `WAIT_MS_MAX`.
    pub async fn place(&self, clock: &dyn Clock) -> Result<OwnedSemaphorePermit, Problem> {
        let busy = || {
            let detail = format!("{FOLDS_MAX} historical queries are running; try again");
            Problem::new(ProblemKind::Unavailable, "as-of-busy", detail)
        };
        self.line.place(clock, busy).await
    }
}

async fn fold_in(
    place: OwnedSemaphorePermit,
    environment: &Environment,
    wanted: ReplayInput,
    views: Vec<Arc<dyn View>>,
    then: &ResolvedMoment,
) -> Result<PastRows, Problem> {
    let span = EventSpan {
        valid_at: then.valid_at(),
        after: wanted.after,
        ..EventSpan::until(wanted.filter, then.position)
    };
    let copied = (!wanted.begun.is_empty()).then_some(wanted.after);
    let begun = wanted.begun;
    shown_in(place, environment, copied, move |on| {
        let folding = fold_onto(on.store, &span, views, begun, on.goes_on, Some(on.tasks));
        on.runtime.block_on(folding)
    })
    .await
}

/// Replays views with a snapshot from it, and the other views from the first event.
async fn beside_in(
    place: OwnedSemaphorePermit,
    environment: &Environment,
    filter: EventFilter,
    copied: SnapshotViews,
    others: Vec<Arc<dyn View>>,
    then: &ResolvedMoment,
) -> Result<PastRows, Problem> {
    let span = EventSpan::until(filter, then.position);
    let upto = copied.upto;
    shown_in(place, environment, Some(upto), move |on| {
        let folding = fold_with_snapshot(on.store, &span, copied, others, on.goes_on);
        on.runtime.block_on(folding)
    })
    .await
}

/// Runs a replay in a slot and returns its rows with the duration in milliseconds.
async fn shown_in(
    place: OwnedSemaphorePermit,
    environment: &Environment,
    copied: Option<Position>,
    folding: impl FnOnce(&LongReadContext<'_>) -> Result<FoldedRows, FoldError> + Send + 'static,
) -> Result<PastRows, Problem> {
    let began = environment.clock.now();
    let folded = apart_in(place, environment, FOLD_WITHIN_MS, folding).await;
    let folded = folded
        .unwrap_or(Err(FoldError::Stopped { events: 0 }))
        .map_err(|error| explain(&error))?;
    Ok(PastRows {
        rows: Arc::new(folded),
        copied,
        took_ms: Some(environment.clock.now().ms_since(began)),
    })
}

async fn apart_in<T: Send + 'static>(
    place: OwnedSemaphorePermit,
    environment: &Environment,
    within_ms: u64,
    work: impl FnOnce(&LongReadContext<'_>) -> T + Send + 'static,
) -> Option<T> {
    let until = environment.clock.now().plus_ms(within_ms);
    let (done, answer) = oneshot::channel::<T>();
    let (store, clock) = (Arc::clone(&environment.store), Arc::clone(&environment.clock));
    let tasks = Arc::clone(&environment.tasks);
    let stop = environment.tasks.stop_signal();
    let runtime = Handle::current();
    let run = move || {
        let found = work(&LongReadContext {
            runtime: &runtime,
            store: store.as_ref(),
            tasks: tasks.as_ref(),
            goes_on: &|| clock.now() < until && !stop.is_stopping() && !done.is_closed(),
        });
        // Freed before the result is sent, so that the next caller can start even if this one has gone.
        drop(place);
        drop(done.send(found));
    };
    environment.tasks.thread("as-of", Box::new(run));
    answer.await.ok()
}

/// Returns the problem that a failed replay is reported as.
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
            ProblemKind::Unavailable,
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
    use store::test_ports::StoppedClock;

    #[tokio::test]
    async fn who_finds_no_place_waits_in_line_which_has_an_end() {
        let (past, clock) = (ReplayService::default(), StoppedClock::default());
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
        // A caller that goes away leaves room in the queue, and a free slot goes to the first in it.
        line.pop();
        let mut last = Box::pin(past.place(&clock));
        assert!(futures_util::poll!(&mut last).is_pending());
        held.pop();
        let first = line.remove(0).await;
        assert!(first.is_ok() && futures_util::poll!(&mut last).is_pending());
    }
}
