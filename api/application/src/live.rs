//! The one fold of the log behind all live figures, and its pictures.
//!
//! One task follows the log from an hour back and keeps the figures in memory; at most five times a second,
//! and at least every five seconds so that ages stay true, it makes one picture that every watcher shares.

use actors::Environment;
use domain::ports::event_store::StoreError;
use domain::problem::Problem;
use domain::stored_event::Position;
use domain::time::Timestamp;
use projections::live_figures::{KEPT_MS, LiveFigures, LiveSnapshot};
use projections::{ProjectionError, ViewEvent, position_at};
use std::sync::Arc;
use tokio::sync::watch;

/// Between two pictures while events come: five a second are smooth to the eye, and one second is promised.
const PUSH_MS: u64 = 200;

/// Between two pictures while nothing comes: the windows move on, and the age must be true.
const STILL_MS: u64 = 5_000;

/// Before a log that was away is asked again.
const AGAIN_MS: u64 = 500;

/// What a watcher is shown.
#[derive(Debug, Clone)]
pub enum Picture {
    /// The last hour is being read.
    Starting,
    Figures(Arc<LiveSnapshot>),
    /// The log cannot be read behind a position; the figures stand still there.
    Damaged {
        at: Position,
        why: Arc<str>,
    },
}

/// The one fold, and the door to its pictures.
pub struct LiveHub {
    pictures: watch::Sender<Picture>,
}

impl Default for LiveHub {
    /// Nobody watches yet.
    fn default() -> Self {
        Self {
            pictures: watch::Sender::new(Picture::Starting),
        }
    }
}

impl LiveHub {
    /// The latest picture, and news of the next.
    pub fn watch(&self) -> watch::Receiver<Picture> {
        self.pictures.subscribe()
    }

    /// The latest figures; a problem while there are none.
    pub fn latest(&self) -> Result<Arc<LiveSnapshot>, Problem> {
        match &*self.pictures.borrow() {
            Picture::Starting => Err(Problem::unavailable(
                "the last hour is still being read; try again",
            )),
            Picture::Figures(figures) => Ok(Arc::clone(figures)),
            Picture::Damaged { at, why } => Err(Problem::unavailable(format!(
                "the log cannot be read after position {at}: {why}"
            ))),
        }
    }

    /// Follows the log until the process stops.
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
        let mut fold = Fold::default();
        loop {
            match self.follow_from(ports, &mut fold).await {
                Ok(()) => return,
                Err(why) => tracing::warn!(%why, "live figures wait and try again"),
            }
            ports.clock.wait_until(ports.clock.now().plus_ms(AGAIN_MS)).await;
        }
    }

    /// One subscription; `Ok` when a record cannot be read, behind which nothing can be told.
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

    /// Shows the figures, once what was there at the start has been read.
    fn push(&self, ports: &Environment, fold: &mut Fold, target: Position) -> Timestamp {
        let now = ports.clock.now();
        if fold.after.unwrap_or_default() < target {
            return now;
        }
        fold.figures.forget_before(now);
        let picture = Picture::Figures(Arc::new(fold.figures.snapshot(now)));
        self.pictures.send_replace(picture);
        now
    }

    fn damaged(&self, at: Position, why: &ProjectionError) {
        tracing::error!(position = at.0, %why, "live figures end: the next event cannot be read");
        let why = why.to_string().into();
        self.pictures.send_replace(Picture::Damaged { at, why });
    }
}

/// The figures, and the last event in them.
#[derive(Default)]
struct Fold {
    figures: LiveFigures,
    after: Option<Position>,
}

impl Fold {
    fn take(&mut self, stored: &domain::stored_event::StoredEvent) -> Result<(), ProjectionError> {
        let event = ViewEvent::read(stored).map_err(|error| ProjectionError::Corrupt(error.to_string()))?;
        self.figures.apply(&event)?;
        self.after = Some(stored.position);
        Ok(())
    }
}
