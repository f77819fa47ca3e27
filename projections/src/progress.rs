//! How far each view has come, for those who wait for a position.
//!
//! Waiters wake in the order in which they came (tokio's `watch` would wake them in random order, which a
//! simulation from a seed could not repeat).

use crate::checkpoint::Checkpoint;
use crate::error::ProjectionError;
use domain::ports::clock::Clock;
use domain::stored_event::Position;
use domain::time::Timestamp;
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;

/// Checkpoints as committed, never ahead of the rows.
pub struct Progress {
    checkpoints: Mutex<Vec<Checkpoint>>,
    changed: Notify,
    /// Positions that are waited for in a hurry, and by how many.
    awaited: Mutex<BTreeMap<Position, usize>>,
    hurried: Notify,
    /// Where the views stood when they last failed, and why.
    waits: Mutex<Option<(Option<Position>, String)>>,
}

impl Progress {
    pub(crate) fn new(checkpoints: Vec<Checkpoint>) -> Self {
        Self {
            checkpoints: Mutex::new(checkpoints),
            changed: Notify::new(),
            awaited: Mutex::default(),
            hurried: Notify::new(),
            waits: Mutex::new(None),
        }
    }

    /// The views could not go on from where they are.
    pub(crate) fn note_wait(&self, why: String) {
        let position = self.position();
        *self.waits.lock().unwrap_or_else(PoisonError::into_inner) = Some((position, why));
    }

    /// Why the views could not go on from where they are; `None` once they have moved.
    pub fn waits_because(&self) -> Option<String> {
        let position = self.position();
        let waits = self.waits.lock().unwrap_or_else(PoisonError::into_inner);
        let (_, why) = waits.as_ref().filter(|(at, _)| *at == position)?;
        Some(why.clone())
    }

    fn held(&self) -> MutexGuard<'_, Vec<Checkpoint>> {
        self.checkpoints.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn publish(&self, checkpoints: Vec<Checkpoint>) {
        *self.held() = checkpoints;
        self.changed.notify_waiters();
    }

    /// Every view's checkpoint.
    pub fn checkpoints(&self) -> Vec<Checkpoint> {
        self.held().clone()
    }

    /// The least advanced view that is not parked; `None` when all are parked.
    pub fn position(&self) -> Option<Position> {
        let held = self.held();
        let active = held.iter().filter(|row| row.parked.is_none());
        active.map(|row| row.position).min()
    }

    /// Whether every view has all of the log up to here, and none is parked.
    pub fn has_all(&self, head: Position) -> bool {
        let held = self.held();
        held.iter()
            .all(|row| row.position == head && row.parked.is_none())
    }

    /// Where every view stands, parked or not.
    pub(crate) fn positions(&self) -> Vec<Position> {
        self.held().iter().map(|row| row.position).collect()
    }

    /// Returns when some view stands elsewhere than in `positions`. Cancel-safe.
    pub(crate) async fn wait_beyond(&self, positions: &[Position]) {
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            if self.positions() != positions {
                return;
            }
            changed.await;
        }
    }

    /// Whether the rows of one view, or of all that are not parked, are complete up to `wanted`.
    fn reached(&self, view: Option<&str>, wanted: Position) -> Result<bool, ProjectionError> {
        let held = self.held();
        let Some(name) = view else {
            let mut behind = held.iter().filter(|row| row.position < wanted);
            return Ok(behind.all(|row| row.parked.is_some()));
        };
        let row = held
            .iter()
            .find(|row| row.view == name)
            .ok_or_else(|| ProjectionError::Fault(format!("there is no view {name}")))?;
        match &row.parked {
            _ if row.position >= wanted => Ok(true),
            None => Ok(false),
            Some((position, why)) => Err(ProjectionError::Parked {
                view: row.view.clone(),
                position: *position,
                why: why.clone(),
            }),
        }
    }

    /// Returns when the rows are complete up to `wanted`: of one view, or of all that are not parked.
    /// Cancel-safe. A parked view that is waited for by name is an error. Views that gather events do so no
    /// longer once they have that one.
    pub async fn wait_for(&self, view: Option<&str>, wanted: Position) -> Result<(), ProjectionError> {
        if self.reached(view, wanted)? {
            return Ok(());
        }
        let _hurry = Hurry::begin(self, wanted);
        self.wait_patiently(view, wanted).await
    }

    /// As `wait_for`, for whom the views gather events as long as for nobody.
    pub(crate) async fn wait_patiently(
        &self,
        view: Option<&str>,
        wanted: Position,
    ) -> Result<(), ProjectionError> {
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            // Enabled before looking: a change in between is not missed.
            changed.as_mut().enable();
            if self.reached(view, wanted)? {
                return Ok(());
            }
            changed.await;
        }
    }

    fn awaited(&self) -> MutexGuard<'_, BTreeMap<Position, usize>> {
        self.awaited.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns when somebody waits in a hurry for `last` or a position before it. Cancel-safe.
    pub(crate) async fn hurried_by(&self, last: Position) {
        loop {
            let hurried = self.hurried.notified();
            tokio::pin!(hurried);
            // Enabled before looking: who comes in between is not missed.
            hurried.as_mut().enable();
            if self
                .awaited()
                .first_key_value()
                .is_some_and(|(first, _)| *first <= last)
            {
                return;
            }
            hurried.await;
        }
    }

    /// As `wait_for`, but no longer than until `deadline`.
    pub async fn wait_until(
        &self,
        view: Option<&str>,
        wanted: Position,
        clock: &dyn Clock,
        deadline: Timestamp,
    ) -> Result<(), ProjectionError> {
        tokio::select! {
            biased;
            result = self.wait_for(view, wanted) => result,
            () = clock.wait_until(deadline) => Err(ProjectionError::Late {
                wanted,
                reached: self.position().unwrap_or_default(),
            }),
        }
    }
}

/// One who waits for a position, until dropped.
struct Hurry<'a> {
    progress: &'a Progress,
    wanted: Position,
}

impl<'a> Hurry<'a> {
    fn begin(progress: &'a Progress, wanted: Position) -> Self {
        *progress.awaited().entry(wanted).or_default() += 1;
        progress.hurried.notify_waiters();
        Self { progress, wanted }
    }
}

impl Drop for Hurry<'_> {
    fn drop(&mut self) {
        let mut awaited = self.progress.awaited();
        if let Some(count) = awaited.get_mut(&self.wanted) {
            *count -= 1;
            if *count == 0 {
                awaited.remove(&self.wanted);
            }
        }
    }
}
