//! The rebuilds of a process: those of all views by name, and the task that feeds them without slowing down
//! the live views.

use super::shadow_rebuild::{RebuildError, ShadowRebuild, StepResult, SwitchResult};
use super::stored::{self, Rebuild};
use super::{ReplayProgress, Views, away};
use crate::context::ProjectionContext;
use crate::database::read_as;
use crate::error::ProjectionError;
use crate::progress::Progress;
use crate::runner::InlineRunner;
use crate::views;
use domain::stored_event::Position;
use domain::time::Timestamp;
use std::sync::Arc;
use tokio::sync::Notify;

/// Most events by which live views may lag while a rebuild is fed at full speed. If they lag more, one
/// batch is fed every `WAY_MS`, so that a rebuild also ends on a server that always lags.
const LIVE_LAG_EVENTS_MAX: u64 = 2_048;

/// The pause before a batch while live views lag, in milliseconds.
const WAY_MS: u64 = 100;

/// Longest pause after a batch, in milliseconds. The pause is a quarter of the batch's time and leaves the
/// processor to other work.
const BREATH_MS_MAX: u64 = 50;

/// Wait before a store or database that was unavailable is tried again, in milliseconds.
const AGAIN_AFTER_MS: u64 = 500;

/// The shadow rebuilds of a set of views.
pub struct Rebuilds {
    grounds: ProjectionContext,
    views: Views,
}

impl Rebuilds {
    /// Opens the rebuilds of all views of this build, in a process that runs no views. Creates the views'
    /// tables, or recreates those of another build.
    pub async fn open(grounds: ProjectionContext) -> Result<Self, ProjectionError> {
        InlineRunner::begin(Arc::clone(&grounds.db), views::all()).await?;
        Ok(Self::of(grounds, views::all()))
    }

    pub(crate) const fn of(grounds: ProjectionContext, views: Views) -> Self {
        Self { grounds, views }
    }

    pub(super) fn beside(&self, view: &str) -> Result<ShadowRebuild, RebuildError> {
        ShadowRebuild::of(&self.grounds, &self.views, view)
    }

    /// Brings the live rows of all views to the log's head, for a directory that no server uses. Returns
    /// that position. A view that an event parks stays there.
    pub async fn catch_up(&self, progress: ReplayProgress<'_>) -> Result<Position, ProjectionError> {
        let ProjectionContext { store, db, .. } = &self.grounds;
        let mut runner = InlineRunner::begin(Arc::clone(db), self.views.clone()).await?;
        let head = store.head().await.map_err(away)?;
        super::feed_to(&mut runner, store.as_ref(), head, progress).await?;
        Ok(head)
    }

    /// Returns every view's current or last rebuild, by name of view.
    pub async fn list(&self) -> Result<Vec<Rebuild>, ProjectionError> {
        read_as(self.grounds.db.as_ref(), stored::read_all).await
    }

    /// Resumes the open rebuild of a view, or starts one. With `restart` it starts at the first event in
    /// either case.
    pub async fn begin(&self, view: &str, restart: bool) -> Result<Rebuild, RebuildError> {
        Ok(self.beside(view)?.begin(restart).await?)
    }

    /// Cancels the rebuild of a view and drops its new rows; refused if none is open.
    pub async fn cancel(&self, view: &str) -> Result<(), RebuildError> {
        if !self.beside(view)?.cancel().await? {
            return Err(RebuildError::Refused(format!("no rebuild of {view} is open")));
        }
        Ok(())
    }

    /// Makes the new rows of a view the live ones. Refused while they are not ready, and if they differ
    /// from the live rows, unless `accept` gives a reason to accept that.
    pub async fn switch(&self, view: &str, accept: Option<&str>) -> Result<SwitchResult, RebuildError> {
        self.beside(view)?.switch(accept).await
    }

    /// Feeds the rebuild of a view until it is ready or has failed, and returns its state. `progress`
    /// receives the position of the new rows and that of the live rows.
    pub async fn feed(&self, view: &str, progress: ReplayProgress<'_>) -> Result<Rebuild, RebuildError> {
        let beside = self.beside(view)?;
        loop {
            let step = beside.step().await?;
            let kept = beside.kept().await?;
            let kept =
                kept.ok_or_else(|| RebuildError::Refused(format!("no rebuild of {view} was started")))?;
            if step != StepResult::Moved {
                return Ok(kept);
            }
            progress(kept.position, beside.live_position().await?);
        }
    }

    /// Cancels open rebuilds with another version of their view than this build's; their new rows are
    /// useless.
    async fn drop_outdated(&self) -> Result<(), ProjectionError> {
        for kept in self.list().await?.iter().filter(|kept| kept.state.is_open()) {
            let view = self.views.iter().find(|view| view.name() == kept.view);
            if let (Some(view), Ok(beside)) = (view, self.beside(&kept.view))
                && view.version() != kept.version
            {
                beside.cancel().await?;
            }
        }
        Ok(())
    }
}

/// The rebuilds of a running server, with their task.
pub(crate) struct RebuildHost {
    pub(crate) rebuilds: Rebuilds,
    progress: Arc<Progress>,
    wake: Notify,
}

impl RebuildHost {
    pub(crate) fn new(rebuilds: Rebuilds, progress: Arc<Progress>) -> Self {
        Self {
            rebuilds,
            progress,
            wake: Notify::new(),
        }
    }

    /// Wakes the task of rebuilds, because one was started, switched or canceled.
    pub(crate) fn wake(&self) {
        self.wake.notify_one();
    }

    /// Feeds all open rebuilds for ever, one batch each in turn; sleeps while there is nothing to feed.
    pub(crate) async fn work(&self) {
        let mut said = false;
        while let Err(why) = self.rebuilds.drop_outdated().await {
            self.wait_out(&mut said, &why).await;
        }
        loop {
            let live = self.progress.positions();
            match self.round().await {
                Ok(true) => said = false,
                Ok(false) => tokio::select! {
                    biased;
                    () = self.wake.notified() => {}
                    () = self.progress.wait_beyond(&live) => {}
                },
                Err(why) => self.wait_out(&mut said, &why).await,
            }
        }
    }

    async fn wait_out(&self, said: &mut bool, why: &ProjectionError) {
        if !std::mem::replace(said, true) {
            tracing::warn!(%why, "rebuilds of views failed and are tried again");
        }
        self.pause(AGAIN_AFTER_MS).await;
    }

    async fn pause(&self, ms: u64) {
        let clock = &self.rebuilds.grounds.clock;
        clock.wait_until(clock.now().plus_ms(ms)).await;
    }

    /// Feeds one batch to each open rebuild. Returns true if any of them advanced.
    async fn round(&self) -> Result<bool, ProjectionError> {
        let mut moved = false;
        let open = self.rebuilds.list().await?;
        for kept in open.into_iter().filter(|kept| kept.state.is_fed()) {
            // A rebuild of a view unknown to this build is left as it is.
            let Ok(beside) = self.rebuilds.beside(&kept.view) else {
                continue;
            };
            self.make_way().await?;
            let began = self.rebuilds.grounds.clock.now();
            let step = beside.step().await?;
            if step == StepResult::Moved || step == StepResult::Compared {
                moved = true;
                self.breathe(began).await;
            }
        }
        Ok(moved)
    }

    /// Pauses for `WAY_MS` if the live views lag, because they come first.
    async fn make_way(&self) -> Result<(), ProjectionError> {
        let head = self.rebuilds.grounds.store.head().await.map_err(away)?;
        let reached = self.progress.position().unwrap_or(head);
        if head.0.saturating_sub(reached.0) > LIVE_LAG_EVENTS_MAX {
            self.pause(WAY_MS).await;
        }
        Ok(())
    }

    async fn breathe(&self, began: Timestamp) {
        let took = self.rebuilds.grounds.clock.now().micros() - began.micros();
        let quarter_ms = u64::try_from(took / 4_000).unwrap_or(0);
        tokio::task::yield_now().await;
        if quarter_ms > 0 {
            self.pause(quarter_ms.min(BREATH_MS_MAX)).await;
        }
    }
}

impl ShadowRebuild {
    async fn live_position(&self) -> Result<Position, ProjectionError> {
        let rows = crate::checkpoint::checkpoints(self.db()).await?;
        let mine = rows.into_iter().find(|row| row.view == self.name());
        Ok(mine.map_or(Position(0), |row| row.position))
    }
}
