//! The running views of one process: a task that follows the log, and the doors through which others wait and
//! look.

use crate::database::{Checkpoint, ReadDb};
use crate::error::ProjectionError;
use crate::progress::Progress;
use crate::runner::{BATCH_EVENTS_MAX, Feeder};
use crate::view::View;
use crate::views;
use domain::ports::clock::Clock;
use domain::ports::event_store::EventStore;
use domain::ports::tasks::{StopSignal, Tasks};
use domain::stored_event::Position;
use domain::time::Timestamp;
use std::sync::Arc;

/// Pause before a store or database that was away is asked again: short beside a reader's patience, long
/// beside the cost of asking.
const AGAIN_AFTER_MS: u64 = 500;

/// How often tasks that are ready go first, so that what they append joins the transaction: commits cost more
/// than rows. Time does not pass while they do; whoever waits for the views is not ready.
const GATHERING_TURNS_MAX: usize = 8;

/// What the views stand on.
#[derive(Clone)]
pub struct Grounds {
    pub store: Arc<dyn EventStore>,
    pub db: Arc<dyn ReadDb>,
    pub clock: Arc<dyn Clock>,
}

/// Views that follow the log until the process stops.
pub struct Projections {
    db: Arc<dyn ReadDb>,
    clock: Arc<dyn Clock>,
    progress: Arc<Progress>,
}

impl Projections {
    /// Starts all views of this build. When it returns, every table exists; `wait_for` tells when rows do.
    pub async fn start(grounds: Grounds, tasks: &dyn Tasks) -> Result<Arc<Self>, ProjectionError> {
        Self::start_views(grounds, views::all(), tasks).await
    }

    /// Starts only the given views.
    pub async fn start_views(
        grounds: Grounds,
        views: Vec<Arc<dyn View>>,
        tasks: &dyn Tasks,
    ) -> Result<Arc<Self>, ProjectionError> {
        let feeder = Feeder::begin(Arc::clone(&grounds.db), views.into()).await?;
        let projections = Arc::new(Self {
            db: Arc::clone(&grounds.db),
            clock: Arc::clone(&grounds.clock),
            progress: feeder.progress(),
        });
        let stop = tasks.stop_signal();
        tasks.spawn(
            "projections",
            Box::pin(async move {
                tokio::select! {
                    biased;
                    () = stop.stopping() => {}
                    () = follow(feeder, &grounds, stop.as_ref()) => {}
                }
            }),
        );
        Ok(projections)
    }

    pub fn db(&self) -> Arc<dyn ReadDb> {
        Arc::clone(&self.db)
    }

    pub fn progress(&self) -> Arc<Progress> {
        Arc::clone(&self.progress)
    }

    /// Every view that is not parked is complete up to here; `None` when all are parked.
    pub fn position(&self) -> Option<Position> {
        self.progress.position()
    }

    /// Every view's version, position and, where it is parked, the event that keeps it and why.
    pub fn status(&self) -> Vec<Checkpoint> {
        self.progress.checkpoints()
    }

    /// Waits until all views that are not parked have reached `position`; `Late` after `deadline`.
    pub async fn wait_for(&self, position: Position, deadline: Timestamp) -> Result<(), ProjectionError> {
        let until = (self.clock.as_ref(), deadline);
        self.progress.wait_until(None, position, until).await
    }

    /// Waits until one view has reached `position`; `Parked` when it cannot, `Late` after `deadline`.
    pub async fn wait_for_view(
        &self,
        view: &str,
        position: Position,
        deadline: Timestamp,
    ) -> Result<(), ProjectionError> {
        let until = (self.clock.as_ref(), deadline);
        self.progress.wait_until(Some(view), position, until).await
    }
}

/// Follows the log for ever; whatever is away is asked again, and said once until the views have moved.
async fn follow(mut feeder: Feeder, grounds: &Grounds, stop: &dyn StopSignal) {
    let mut said_at = None;
    while let Some(after) = feeder.after() {
        let why = match follow_from(&mut feeder, grounds, after).await {
            Ok(()) => continue,
            Err(why) => why,
        };
        if stop.is_stopping() {
            return;
        }
        if said_at != Some(feeder.after()) {
            said_at = Some(feeder.after());
            tracing::warn!(after = after.0, %why, "views wait and try again");
        }
        let again = grounds.clock.now().plus_ms(AGAIN_AFTER_MS);
        grounds.clock.wait_until(again).await;
    }
    tracing::error!("all views are parked");
}

/// One subscription, until something fails or a newly parked view changes where to read from.
async fn follow_from(feeder: &mut Feeder, grounds: &Grounds, after: Position) -> Result<(), ProjectionError> {
    let away =
        |error: domain::ports::event_store::StoreError| ProjectionError::Unavailable(error.to_string());
    let mut subscription = grounds.store.subscribe(after).await.map_err(away)?;
    loop {
        let mut page = subscription.next().await.map_err(away)?;
        for _ in 0..GATHERING_TURNS_MAX {
            tokio::task::yield_now().await;
            tokio::select! {
                biased;
                more = subscription.next() => page.extend(more.map_err(away)?),
                () = std::future::ready(()) => break,
            }
            if page.len() >= BATCH_EVENTS_MAX {
                break;
            }
        }
        feeder.feed(&page).await?;
        let last = page.last().map(|event| event.position);
        if feeder.after() > last || feeder.after().is_none() {
            return Ok(());
        }
    }
}
