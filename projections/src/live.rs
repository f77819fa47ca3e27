//! The running views of one process: a task that follows the log, one that makes next rows beside it, and the
//! doors through which others wait, look and ask for a rebuild.

use crate::checkpoint::Checkpoint;
use crate::database::ReadDb;
use crate::database::read_as;
use crate::error::ProjectionError;
use crate::grounds::Grounds;
use crate::lost_rows::{self, LostRows, ReadersDb};
use crate::progress::Progress;
use crate::rebuild::{Host, Rebuild, RebuildError, Rebuilds, Switched};
use crate::runner::Feeder;
use crate::spaced_pages::{GATHERING_MS, SpacedPages};
use crate::status::{ViewStatus, statuses};
use crate::view::View;
use crate::views::{self, SqlWorklist};
use domain::ports::tasks::{StopSignal, Tasks};
use domain::stored_event::Position;
use domain::time::Timestamp;
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::Notify;

/// Pause before a store or database that was away is asked again: short beside a reader's patience, long
/// beside the cost of asking.
const AGAIN_AFTER_MS: u64 = 500;

/// Parked views that are to try again.
#[derive(Default)]
struct Retries {
    wanted: Mutex<BTreeSet<String>>,
    asked: Notify,
}

impl Retries {
    fn ask(&self, view: &str) {
        let mut wanted = self.wanted.lock().unwrap_or_else(PoisonError::into_inner);
        wanted.insert(view.to_owned());
        self.asked.notify_one();
    }

    fn take(&self) -> BTreeSet<String> {
        std::mem::take(&mut *self.wanted.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Views that follow the log until the process stops.
pub struct Projections {
    grounds: Grounds,
    progress: Arc<Progress>,
    host: Arc<Host>,
    retries: Arc<Retries>,
    readers: Arc<dyn ReadDb>,
    lost_rows: Arc<LostRows>,
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
        Self::start_apart(grounds, views, GATHERING_MS, tasks).await
    }

    /// Starts the given views, whose transactions begin so many milliseconds apart at least where nobody
    /// waits for them: for the simulation, in which rows are late by more in some worlds than in others.
    pub async fn start_apart(
        grounds: Grounds,
        views: Vec<Arc<dyn View>>,
        apart_ms: u64,
        tasks: &dyn Tasks,
    ) -> Result<Arc<Self>, ProjectionError> {
        let feeder = Feeder::begin(Arc::clone(&grounds.db), views.clone().into()).await?;
        let once = read_as(grounds.db.as_ref(), lost_rows::read).await?;
        let lost_rows = Arc::new(LostRows::new(&views, &once, feeder.progress()));
        let rebuilds = Rebuilds::of(grounds.clone(), views);
        let projections = Arc::new(Self {
            grounds: grounds.clone(),
            progress: feeder.progress(),
            host: Arc::new(Host::new(rebuilds, feeder.progress())),
            retries: Arc::new(Retries::default()),
            readers: Arc::new(ReadersDb {
                inner: Arc::clone(&grounds.db),
                lost_rows: Arc::clone(&lost_rows),
            }),
            lost_rows,
        });
        let (stop, host) = (tasks.stop_signal(), Arc::clone(&projections.host));
        tasks.spawn_vital(
            "projections-rebuild",
            Box::pin(async move {
                tokio::select! {
                    biased;
                    () = stop.stopping() => {}
                    () = host.work() => {}
                }
            }),
        );
        let retries = Arc::clone(&projections.retries);
        let following = Following {
            grounds,
            retries,
            apart_ms,
        };
        let stop = tasks.stop_signal();
        tasks.spawn_vital(
            "projections",
            Box::pin(async move {
                tokio::select! {
                    biased;
                    () = stop.stopping() => {}
                    () = following.follow(feeder, stop.as_ref()) => {}
                }
            }),
        );
        Ok(projections)
    }

    /// The rows, for readers: `Remade` where one asks for those of a view that lost them with this build and
    /// has not come as far again.
    pub fn db(&self) -> Arc<dyn ReadDb> {
        Arc::clone(&self.readers)
    }

    /// Refuses a question in SQL over documented views for the same reason.
    pub fn refuse_remade(&self, sql: &str) -> Result<(), ProjectionError> {
        self.lost_rows.refuse_question(sql)
    }

    /// The worklist that drivers read.
    pub fn worklist(&self) -> SqlWorklist {
        SqlWorklist::over(self.db(), self.progress())
    }

    pub fn progress(&self) -> Arc<Progress> {
        Arc::clone(&self.progress)
    }

    /// Every view that is not parked is complete up to here; `None` when all are parked.
    pub fn position(&self) -> Option<Position> {
        self.progress.position()
    }

    /// Whether every view has all of the log up to here, and none is parked.
    pub fn has_all(&self, head: Position) -> bool {
        self.progress.has_all(head)
    }

    /// Why the views could not go on from where they are; `None` once they have moved.
    pub fn waits_because(&self) -> Option<String> {
        self.progress.waits_because()
    }

    /// Every view's version, position and, where it is parked, the event that keeps it and why.
    pub fn status(&self) -> Vec<Checkpoint> {
        self.progress.checkpoints()
    }

    /// As `status`, with lags and rebuilds, from what is stored.
    pub async fn statuses(&self) -> Result<Vec<ViewStatus>, ProjectionError> {
        let Grounds { store, db, clock } = &self.grounds;
        statuses(store.as_ref(), db.as_ref(), clock.now()).await
    }

    fn refuse_unknown(&self, view: &str) -> Result<(), RebuildError> {
        let known = self.status().iter().any(|row| row.view == view);
        let unknown = || RebuildError::NoView(view.to_owned());
        known.then_some(()).ok_or_else(unknown)
    }

    /// Makes the next rows of a view beside the live ones, or goes on with that; with `restart` from the
    /// first event. Returns when it is begun; `statuses` tells when it is ready. A parked view also tries
    /// again.
    pub async fn rebuild(&self, view: &str, restart: bool) -> Result<Rebuild, RebuildError> {
        let begun = self.host.rebuilds.begin(view, restart).await?;
        let (generation, position) = (begun.generation, begun.position.0);
        tracing::warn!(
            view,
            generation,
            position,
            restart,
            "the next rows of a view are being made"
        );
        self.host.wake();
        self.retries.ask(view);
        Ok(begun)
    }

    /// Makes the next rows of a view the live ones, in one transaction. Refused while they are not ready, and
    /// where they differ from the live ones unless a reason is given to accept that.
    pub async fn switch(&self, view: &str, accept: Option<&str>) -> Result<Switched, RebuildError> {
        let switched = self.host.rebuilds.switch(view, accept).await?;
        let (position, accepted) = (switched.position.0, accept.unwrap_or_default());
        tracing::warn!(view, position, accepted, "a view's rows were switched");
        self.retries.ask(view);
        Ok(switched)
    }

    /// Drops the next rows of a view.
    pub async fn cancel(&self, view: &str) -> Result<(), RebuildError> {
        self.host.rebuilds.cancel(view).await?;
        tracing::warn!(view, "the next rows of a view were dropped");
        Ok(())
    }

    /// Lets a parked view try its event again; of others it does nothing.
    pub fn retry(&self, view: &str) -> Result<(), RebuildError> {
        self.refuse_unknown(view)?;
        tracing::warn!(view, "a parked view tries again");
        self.retries.ask(view);
        Ok(())
    }

    /// Every view's present or last rebuild, by name.
    pub async fn rebuilds(&self) -> Result<Vec<Rebuild>, ProjectionError> {
        self.host.rebuilds.list().await
    }

    /// Waits until all views that are not parked have reached `position`; `Late` after `deadline`.
    pub async fn wait_for(&self, position: Position, deadline: Timestamp) -> Result<(), ProjectionError> {
        let clock = self.grounds.clock.as_ref();
        self.progress.wait_until(None, position, clock, deadline).await
    }

    /// Waits until one view has reached `position`; `Parked` when it cannot, `Late` after `deadline`.
    pub async fn wait_for_view(
        &self,
        view: &str,
        position: Position,
        deadline: Timestamp,
    ) -> Result<(), ProjectionError> {
        let clock = self.grounds.clock.as_ref();
        self.progress
            .wait_until(Some(view), position, clock, deadline)
            .await
    }
}

/// What following the log goes by.
struct Following {
    grounds: Grounds,
    retries: Arc<Retries>,
    apart_ms: u64,
}

impl Following {
    /// Follows the log for ever; whatever is away is asked again, and said once until the views have moved.
    async fn follow(&self, mut feeder: Feeder, stop: &dyn StopSignal) {
        let mut said_at = None;
        loop {
            let why = match self.follow_on(&mut feeder).await {
                Ok(()) => continue,
                Err(why) => why,
            };
            if stop.is_stopping() {
                return;
            }
            feeder.progress().note_wait(why.to_string());
            if said_at != Some(feeder.after()) {
                said_at = Some(feeder.after());
                tracing::warn!(after = ?feeder.after(), %why, "views wait and try again");
            }
            let clock = &self.grounds.clock;
            clock.wait_until(clock.now().plus_ms(AGAIN_AFTER_MS)).await;
        }
    }

    /// Follows until a view is to try again, or something fails.
    async fn follow_on(&self, feeder: &mut Feeder) -> Result<(), ProjectionError> {
        let wanted = self.retries.take();
        if let Err(why) = feeder.retry(&wanted).await {
            wanted.iter().for_each(|view| self.retries.ask(view));
            return Err(why);
        }
        let Some(after) = feeder.after() else {
            tracing::error!("all views are parked");
            self.retries.asked.notified().await;
            return Ok(());
        };
        tokio::select! {
            biased;
            () = self.retries.asked.notified() => Ok(()),
            done = self.follow_from(feeder, after) => done,
        }
    }

    /// One subscription, until something fails or a newly parked view changes where to read from.
    async fn follow_from(&self, feeder: &mut Feeder, after: Position) -> Result<(), ProjectionError> {
        let away =
            |error: domain::ports::event_store::StoreError| ProjectionError::Unavailable(error.to_string());
        let pages = SpacedPages::after(after, &self.grounds, feeder.progress(), self.apart_ms).await;
        let mut pages = pages.map_err(away)?;
        loop {
            let page = pages.next().await.map_err(away)?;
            feeder.feed(&page).await?;
            let last = page.last().map(|event| event.position);
            // Farther, behind (rows that were moved elsewhere), or all parked: the next page is another.
            if feeder.after() != last {
                return Ok(());
            }
        }
    }
}
