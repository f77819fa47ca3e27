//! The progress of every view, for callers that wait for a position.
//!
//! Waiters are woken in the order in which they came. tokio's `watch` would wake them in random order, which
//! a simulation from a seed could not repeat.

use crate::checkpoint::Checkpoint;
use crate::error::ProjectionError;
use domain::ports::clock::Clock;
use domain::stored_event::Position;
use domain::time::Timestamp;
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;

/// The committed checkpoints of all views of this process, never ahead of the rows, for callers that wait
/// for them.
pub struct Progress {
    checkpoints: Mutex<Vec<Checkpoint>>,
    changed: Notify,
    /// Positions that callers of `wait_for` wait for, with the number of callers.
    awaited: Mutex<BTreeMap<Position, usize>>,
    hurried: Notify,
    /// The position at which the views last failed to go on, and why.
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

    /// Records why the views could not continue from their current position.
    pub(crate) fn note_wait(&self, why: String) {
        let position = self.position();
        *self.waits.lock().unwrap_or_else(PoisonError::into_inner) = Some((position, why));
    }

    /// Returns why the views could not continue from their current position; `None` once they have moved.
    pub fn wait_reason(&self) -> Option<String> {
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

    /// Returns every view's checkpoint.
    pub fn checkpoints(&self) -> Vec<Checkpoint> {
        self.held().clone()
    }

    /// Returns the position of the view that is furthest behind, without parked views; `None` if all are
    /// parked.
    pub fn position(&self) -> Option<Position> {
        let held = self.held();
        let active = held.iter().filter(|row| row.parked.is_none());
        active.map(|row| row.position).min()
    }

    /// Returns true if every view is exactly at `head`, and none is parked.
    pub fn has_all(&self, head: Position) -> bool {
        let held = self.held();
        held.iter()
            .all(|row| row.position == head && row.parked.is_none())
    }

    /// Returns the position of every view, parked or not.
    pub(crate) fn positions(&self) -> Vec<Position> {
        self.held().iter().map(|row| row.position).collect()
    }

    /// Waits until some view has another position than in `positions`. Cancel-safe.
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

    /// Returns true if the named view, or every view that is not parked, is complete up to `wanted`.
    /// Returns `Parked` for a parked view that was asked for by name.
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

    /// Waits until the named view, or every view that is not parked, is complete up to `wanted`. Returns
    /// `Parked` if the named view is parked. Cancel-safe. Views that gather events for a transaction begin
    /// it as soon as they have the wanted one.
    pub async fn wait_for(&self, view: Option<&str>, wanted: Position) -> Result<(), ProjectionError> {
        if self.reached(view, wanted)? {
            return Ok(());
        }
        let _hurry = UrgentWait::begin(self, wanted);
        self.wait_patiently(view, wanted).await
    }

    /// Waits as `wait_for` does, but does not shorten the time for which views gather events.
    pub(crate) async fn wait_patiently(
        &self,
        view: Option<&str>,
        wanted: Position,
    ) -> Result<(), ProjectionError> {
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            // Enabled before the check, so that a change in between is not missed.
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

    /// Waits until a caller of `wait_for` waits for `last` or a position before it. Cancel-safe.
    pub(crate) async fn hurried_by(&self, last: Position) {
        loop {
            let hurried = self.hurried.notified();
            tokio::pin!(hurried);
            // Enabled before the check, so that a waiter that comes in between is not missed.
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

    /// Waits as `wait_for` does, but returns `Late` at `deadline`.
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

/// A registered urgent wait for a position; dropping it ends the registration.
struct UrgentWait<'a> {
    progress: &'a Progress,
    wanted: Position,
}

impl<'a> UrgentWait<'a> {
    fn begin(progress: &'a Progress, wanted: Position) -> Self {
        *progress.awaited().entry(wanted).or_default() += 1;
        progress.hurried.notify_waiters();
        Self { progress, wanted }
    }
}

impl Drop for UrgentWait<'_> {
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
