//! Id to mailbox: at most one live entity per id, started on demand, forgotten when idle or dead.
//!
//! A place in the mailbox is taken under the same lock that finds it, so an entity with work is never
//! forgotten. An entity that died of a panic may be started again a few times a minute; then it is a
//! fault until the minute has passed.

use crate::lifespan::Lifespan;
use crate::mailbox::{Mailbox, Place};
use domain::decider::Decider;
use domain::time::Timestamp;
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Deaths an entity may have in `RESTART_WINDOW_MS` before it is left alone: a poisoned stream would
/// otherwise burn a core.
pub(crate) const RESTARTS_MAX: usize = 5;
/// The window of the restart budget.
const RESTART_WINDOW_MS: u64 = 60_000;

/// Why no place was given.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum ReserveError {
    Busy,
    /// It died too often lately.
    GivenUp,
}

pub(crate) struct Registry<D: Decider> {
    lifespan: Lifespan,
    slots: Mutex<Slots<D>>,
}

struct Slots<D: Decider> {
    live: BTreeMap<D::Id, Slot<D>>,
    deaths: BTreeMap<D::Id, Vec<Timestamp>>,
    generation: u64,
}

struct Slot<D: Decider> {
    mailbox: Mailbox<D>,
    generation: u64,
    used_at: Timestamp,
}

/// Which life of an entity a place belongs to, so that a late report of a death cannot end the next one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Generation(u64);

impl<D: Decider> Registry<D> {
    pub(crate) fn new(lifespan: Lifespan) -> Self {
        Self {
            lifespan,
            slots: Mutex::new(Slots {
                live: BTreeMap::new(),
                deaths: BTreeMap::new(),
                generation: 0,
            }),
        }
    }

    /// A place in the entity's mailbox; `start` hosts it when it is not live.
    pub(crate) fn reserve(
        &self,
        id: &D::Id,
        now: Timestamp,
        start: impl FnOnce() -> Mailbox<D>,
    ) -> Result<(Place<D>, Generation), ReserveError> {
        let mut slots = self.lock();
        if !slots.live.contains_key(id) {
            slots.make_room(self.lifespan.live_max)?;
            slots.check_deaths(id, now)?;
            slots.generation += 1;
            let slot = Slot {
                mailbox: start(),
                generation: slots.generation,
                used_at: now,
            };
            slots.live.insert(id.clone(), slot);
        }
        let slot = slots.live.get_mut(id).ok_or(ReserveError::GivenUp)?;
        slot.used_at = now;
        let place = slot.mailbox.reserve().ok_or(ReserveError::Busy)?;
        Ok((place, Generation(slot.generation)))
    }

    /// Forgets an entity that died, unless it lives again already.
    pub(crate) fn bury(&self, id: &D::Id, generation: Generation, now: Timestamp) {
        let mut slots = self.lock();
        if slots
            .live
            .get(id)
            .is_some_and(|slot| slot.generation == generation.0)
        {
            slots.live.remove(id);
            slots.deaths.entry(id.clone()).or_default().push(now);
            tracing::error!(aggregate = D::AGGREGATE, %id, "an entity died; it is loaded again when asked");
        }
    }

    /// Forgets what has been idle for its aggregate's time.
    pub(crate) fn passivate(&self, now: Timestamp) {
        let idle_ms = self.lifespan.idle_ms;
        let mut slots = self.lock();
        slots
            .live
            .retain(|_, slot| !slot.mailbox.is_idle() || now.ms_since(slot.used_at) < idle_ms);
        slots.deaths.retain(|_, deaths| {
            deaths
                .last()
                .is_some_and(|at| now.ms_since(*at) < RESTART_WINDOW_MS)
        });
    }

    pub(crate) fn live_count(&self) -> usize {
        self.lock().live.len()
    }

    fn lock(&self) -> MutexGuard<'_, Slots<D>> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<D: Decider> Slots<D> {
    fn make_room(&mut self, live_max: usize) -> Result<(), ReserveError> {
        if self.live.len() >= live_max {
            self.live.retain(|_, slot| !slot.mailbox.is_idle());
        }
        if self.live.len() >= live_max {
            return Err(ReserveError::Busy);
        }
        Ok(())
    }

    fn check_deaths(&mut self, id: &D::Id, now: Timestamp) -> Result<(), ReserveError> {
        let Some(deaths) = self.deaths.get_mut(id) else {
            return Ok(());
        };
        deaths.retain(|at| now.ms_since(*at) < RESTART_WINDOW_MS);
        if deaths.len() >= RESTARTS_MAX {
            return Err(ReserveError::GivenUp);
        }
        Ok(())
    }
}
