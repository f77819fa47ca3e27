//! The running views of one process: a task that follows the log, a task for shadow rebuilds, and the methods
//! with which others wait for rows, read their status and control rebuilds.

use crate::checkpoint::Checkpoint;
use crate::context::ProjectionContext;
use crate::database::ReadDb;
use crate::database::read_as;
use crate::error::ProjectionError;
use crate::lost_rows::{self, LostRows, ReadersDb};
use crate::progress::Progress;
use crate::rebuild::{Rebuild, RebuildError, RebuildHost, Rebuilds, SwitchResult};
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

/// Wait before a store or database that was unavailable is tried again, in milliseconds: short compared
/// with a reader's patience, long compared with the cost of a try.
const AGAIN_AFTER_MS: u64 = 500;

/// Names of parked views that are to try their event again.
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

/// The views of this process, which follow the log until the process stops.
pub struct Projections {
    grounds: ProjectionContext,
    progress: Arc<Progress>,
    host: Arc<RebuildHost>,
    retries: Arc<Retries>,
    readers: Arc<dyn ReadDb>,
    lost_rows: Arc<LostRows>,
}

impl Projections {
    /// Starts all views of this build. Every table exists when it returns, with rows that may be behind;
    /// `wait_for` waits for them.
    pub async fn start(grounds: ProjectionContext, tasks: &dyn Tasks) -> Result<Arc<Self>, ProjectionError> {
        Self::start_views(grounds, views::all(), tasks).await
    }

    /// Starts only the given views.
    pub async fn start_views(
        grounds: ProjectionContext,
        views: Vec<Arc<dyn View>>,
        tasks: &dyn Tasks,
    ) -> Result<Arc<Self>, ProjectionError> {
        Self::start_with_spacing(grounds, views, GATHERING_MS, tasks).await
    }

    /// Starts the given views with at least `apart_ms` milliseconds between the starts of two transactions,
    /// unless a caller waits for rows. For the simulation, which varies how late rows are.
    pub async fn start_with_spacing(
        grounds: ProjectionContext,
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
            host: Arc::new(RebuildHost::new(rebuilds, feeder.progress())),
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
        let following = LogFollower {
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

    /// Returns the database for readers. Reading rows of a view that this build is still rebuilding fails
    /// with `Remade`.
    pub fn db(&self) -> Arc<dyn ReadDb> {
        Arc::clone(&self.readers)
    }

    /// Returns the error `Remade` if an analyst's SQL query names a documented view with rows that this
    /// build is still rebuilding.
    pub fn refuse_remade(&self, sql: &str) -> Result<(), ProjectionError> {
        self.lost_rows.refuse_question(sql)
    }

    /// Returns the worklist that drivers read.
    pub fn worklist(&self) -> SqlWorklist {
        SqlWorklist::over(self.db(), self.progress())
    }

    /// Returns the progress of the views, by which a caller waits until they have applied an event.
    pub fn progress(&self) -> Arc<Progress> {
        Arc::clone(&self.progress)
    }

    /// Returns the position up to which every view that is not parked is complete; `None` if all are parked.
    pub fn position(&self) -> Option<Position> {
        self.progress.position()
    }

    /// Returns true if every view is exactly at `head`, and none is parked.
    pub fn has_all(&self, head: Position) -> bool {
        self.progress.has_all(head)
    }

    /// Returns why the views could not continue from their current position; `None` once they have moved.
    pub fn wait_reason(&self) -> Option<String> {
        self.progress.wait_reason()
    }

    /// Returns every view's version and position and, if it is parked, the event that stopped it and why.
    /// From memory.
    pub fn status(&self) -> Vec<Checkpoint> {
        self.progress.checkpoints()
    }

    /// Reads the stored status of every view from the database, with lag and rebuild.
    pub async fn statuses(&self) -> Result<Vec<ViewStatus>, ProjectionError> {
        let ProjectionContext { store, db, clock } = &self.grounds;
        statuses(store.as_ref(), db.as_ref(), clock.now()).await
    }

    fn refuse_unknown(&self, view: &str) -> Result<(), RebuildError> {
        let known = self.status().iter().any(|row| row.view == view);
        let unknown = || RebuildError::NoView(view.to_owned());
        known.then_some(()).ok_or_else(unknown)
    }

    /// Starts or resumes a shadow rebuild of a view; with `restart` from the first event. Returns when it
    /// has started; `statuses` shows when it is ready. A parked view also tries its event again.
    pub async fn rebuild(&self, view: &str, restart: bool) -> Result<Rebuild, RebuildError> {
        let begun = self.host.rebuilds.begin(view, restart).await?;
        let (generation, position) = (begun.generation, begun.position.0);
        tracing::warn!(
            view,
            generation,
            position,
            restart,
            "the shadow rebuild of a view was started"
        );
        self.host.wake();
        self.retries.ask(view);
        Ok(begun)
    }

    /// Switches a view to the new rows of its shadow rebuild, in one transaction. Refused while they are not
    /// ready, and if they differ from the live rows, unless `accept` gives a reason to accept that.
    pub async fn switch(&self, view: &str, accept: Option<&str>) -> Result<SwitchResult, RebuildError> {
        let switched = self.host.rebuilds.switch(view, accept).await?;
        let (position, accepted) = (switched.position.0, accept.unwrap_or_default());
        tracing::warn!(view, position, accepted, "a view was switched to its new rows");
        self.retries.ask(view);
        Ok(switched)
    }

    /// Cancels the shadow rebuild of a view and drops its new rows.
    pub async fn cancel(&self, view: &str) -> Result<(), RebuildError> {
        self.host.rebuilds.cancel(view).await?;
        tracing::warn!(view, "the shadow rebuild of a view was canceled");
        Ok(())
    }

    /// Lets a parked view try its event again. Does nothing for a view that is not parked.
    pub fn retry(&self, view: &str) -> Result<(), RebuildError> {
        self.refuse_unknown(view)?;
        tracing::warn!(view, "a parked view tries its event again");
        self.retries.ask(view);
        Ok(())
    }

    /// Returns the current or last rebuild of every view that has one, by name of view.
    pub async fn rebuilds(&self) -> Result<Vec<Rebuild>, ProjectionError> {
        self.host.rebuilds.list().await
    }

    /// Waits until all views that are not parked have reached `position`. Returns `Late` after `deadline`.
    pub async fn wait_for(&self, position: Position, deadline: Timestamp) -> Result<(), ProjectionError> {
        let clock = self.grounds.clock.as_ref();
        self.progress.wait_until(None, position, clock, deadline).await
    }

    /// Waits until one view has reached `position`. Returns `Parked` if it cannot reach it, `Late` after
    /// `deadline`.
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

/// The task that follows the log: its ports, the requested retries, and the least time between transactions.
struct LogFollower {
    grounds: ProjectionContext,
    retries: Arc<Retries>,
    apart_ms: u64,
}

impl LogFollower {
    /// Follows the log until the process stops. After an error it tries again, and logs the error once until
    /// the views have moved.
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
                tracing::warn!(after = ?feeder.after(), %why, "views cannot read on and try again");
            }
            let clock = &self.grounds.clock;
            clock.wait_until(clock.now().plus_ms(AGAIN_AFTER_MS)).await;
        }
    }

    /// Follows the log until a retry of a parked view is requested. Fails if the store or database fails.
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

    /// Follows one subscription until something fails or the views' position is no longer that of the last
    /// event, for example because a view was parked.
    async fn follow_from(&self, feeder: &mut Feeder, after: Position) -> Result<(), ProjectionError> {
        let away =
            |error: domain::ports::event_store::StoreError| ProjectionError::Unavailable(error.to_string());
        let pages = SpacedPages::after(after, &self.grounds, feeder.progress(), self.apart_ms).await;
        let mut pages = pages.map_err(away)?;
        loop {
            let page = pages.next().await.map_err(away)?;
            feeder.feed(&page).await?;
            let last = page.last().map(|event| event.position);
            // Another position than the last event: ahead, behind (another process moved the rows) or all
            // parked. Reading starts again from there.
            if feeder.after() != last {
                return Ok(());
            }
        }
    }
}
