//! Live figures: one task folds the event log and publishes snapshots that all watchers share.
//!
//! The task starts one hour back and keeps the figures in memory. It publishes at most five snapshots per
//! second, and at least one every five seconds so that the stated ages stay correct.

use actors::Environment;
use domain::ports::event_store::StoreError;
use domain::problem::Problem;
use domain::stored_event::Position;
use domain::time::Timestamp;
use projections::live_figures::{CallCounters, CallCounting, KEPT_MS, LiveFigures, LiveSnapshot};
use projections::{ProjectionError, ViewEvent, position_at};
use std::sync::Arc;
use tokio::sync::watch;

/// Time between two snapshots while events arrive, in milliseconds.
const PUSH_MS: u64 = 200;

/// Time between two snapshots while no events arrive, in milliseconds. The windows move on and the stated
/// age must be correct.
const STILL_MS: u64 = 5_000;

/// Wait before a log that was unavailable is read again, in milliseconds.
const AGAIN_MS: u64 = 500;

/// The state of the live figures that a watcher receives.
#[derive(Debug, Clone)]
pub enum LiveUpdate {
    /// The last hour is still being read.
    Starting,
    Figures(Arc<LiveSnapshot>),
    /// An event cannot be read. The figures stay as they were at this position.
    Damaged {
        at: Position,
        why: Arc<str>,
    },
}

/// The follower of the log that computes the live figures, and the channel that publishes them.
pub struct LiveHub {
    pictures: watch::Sender<LiveUpdate>,
    /// Counters of calls since the start of the task, for monitoring.
    pub counters: Arc<CallCounters>,
}

impl Default for LiveHub {
    /// A hub without figures yet.
    fn default() -> Self {
        Self {
            pictures: watch::Sender::new(LiveUpdate::Starting),
            counters: Arc::default(),
        }
    }
}

impl LiveHub {
    /// Returns a receiver that holds the latest state and signals each new one.
    pub fn watch(&self) -> watch::Receiver<LiveUpdate> {
        self.pictures.subscribe()
    }

    /// Returns the latest figures. Fails with `Unavailable` while the last hour is being read, and if an
    /// event of the log cannot be read.
    pub fn latest(&self) -> Result<Arc<LiveSnapshot>, Problem> {
        match &*self.pictures.borrow() {
            LiveUpdate::Starting => Err(Problem::unavailable(
                "the last hour is still being read; try again",
            )),
            LiveUpdate::Figures(figures) => Ok(Arc::clone(figures)),
            LiveUpdate::Damaged { at, why } => Err(Problem::unavailable(format!(
                "the log cannot be read after position {at}: {why}"
            ))),
        }
    }

    /// Starts the task that follows the log until the process stops.
    pub fn begin(self: &Arc<Self>, environment: &Environment) {
        let (hub, ports) = (Arc::clone(self), environment.clone());
        let stop = environment.tasks.stop_signal();
        environment.tasks.spawn(
            "live figures",
            Box::pin(async move {
                tokio::select! {
                    biased;
                    () = stop.stopping() => {}
                    () = hub.follow(&ports) => {}
                }
            }),
        );
    }

    async fn follow(&self, ports: &Environment) {
        let mut fold = Fold::new(Arc::clone(&self.counters), ports.clock.now());
        loop {
            match self.follow_from(ports, &mut fold).await {
                Ok(()) => return,
                Err(why) => tracing::warn!(%why, "live figures wait and try again"),
            }
            ports.clock.wait_until(ports.clock.now().plus_ms(AGAIN_MS)).await;
        }
    }

    /// Reads events through one subscription and publishes figures, until the subscription fails. Returns
    /// `Ok` if an event cannot be read: the figures then end before it.
    async fn follow_from(&self, ports: &Environment, fold: &mut Fold) -> Result<(), StoreError> {
        let after = match fold.after {
            Some(after) => after,
            None => {
                let hour_ago = ports.clock.now().minus_ms(KEPT_MS);
                position_at(ports.store.as_ref(), hour_ago).await?
            }
        };
        fold.after = Some(after);
        let target = ports.store.head().await?;
        let mut subscription = ports.store.subscribe(after).await?;
        let mut next_push = self.push(ports, fold, target).plus_ms(STILL_MS);
        loop {
            tokio::select! {
                biased;
                () = ports.clock.wait_until(next_push) => {
                    next_push = self.push(ports, fold, target).plus_ms(STILL_MS);
                }
                page = subscription.next() => {
                    let page = page?;
                    for stored in &page {
                        if let Err(why) = fold.take(stored) {
                            self.damaged(fold.after.unwrap_or_default(), &why);
                            return Ok(());
                        }
                    }
                    next_push = next_push.min(ports.clock.now().plus_ms(PUSH_MS));
                }
            }
        }
    }

    /// Publishes the figures, unless events up to `target` (the log's end at the start) are still unread.
    /// Returns the current time.
    fn push(&self, ports: &Environment, fold: &mut Fold, target: Position) -> Timestamp {
        let now = ports.clock.now();
        if fold.after.unwrap_or_default() < target {
            return now;
        }
        fold.figures.forget_before(now);
        let picture = LiveUpdate::Figures(Arc::new(fold.figures.snapshot(now)));
        self.pictures.send_replace(picture);
        now
    }

    fn damaged(&self, at: Position, why: &ProjectionError) {
        tracing::error!(position = at.0, %why, "live figures end: the next event cannot be read");
        let why = why.to_string().into();
        self.pictures.send_replace(LiveUpdate::Damaged { at, why });
    }
}

/// The figures and counters, and the position of the last event in them.
struct Fold {
    figures: LiveFigures,
    counting: CallCounting,
    after: Option<Position>,
}

impl Fold {
    fn new(counters: Arc<CallCounters>, now: Timestamp) -> Self {
        Self {
            figures: LiveFigures::new(),
            counting: CallCounting::new(counters, now),
            after: None,
        }
    }

    fn take(&mut self, stored: &domain::stored_event::StoredEvent) -> Result<(), ProjectionError> {
        let event = ViewEvent::read(stored).map_err(|error| ProjectionError::Corrupt(error.to_string()))?;
        self.figures.apply(&event)?;
        self.counting.apply(&event)?;
        self.after = Some(stored.position);
        Ok(())
    }
}
