//! Maps ids to entities: at most one live entity per id, created on demand, removed when idle or dead.
//!
//! A live entity rests here until it is asked. Then it is lent to the caller's task, which serves its request
//! there and gives it back. If another task asks meanwhile, it gets a host on an arbiter, with a mailbox,
//! moves there with the request that it serves, and stays there. So an id never has two entities, nor one
//! that is behind its own writes.
//!
//! A mailbox slot is taken under the same lock that finds it, so an entity with work is never removed. An
//! entity that died in a panic may be started again a few times a minute; after that it is a fault until the
//! minute has passed.

use crate::entity::Entity;
use crate::inline_execution::LentEntity;
use crate::lifespan::{FRESH_MS, FRESH_SHORTER, Lifespan, SWEEP_MS};
use crate::mailbox::{Mailbox, MailboxSlot};
use domain::decider::Decider;
use domain::ports::clock::Clock;
use domain::time::Timestamp;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;

/// Deaths that an entity may have within `RESTART_WINDOW_MS` before it is not restarted: a poisoned stream
/// would otherwise use up a core.
pub(crate) const RESTARTS_MAX: usize = 5;
/// The time within which an entity's deaths are counted, in milliseconds.
const RESTART_WINDOW_MS: u64 = 60_000;

/// Why a request was not accepted.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum ReserveError {
    Busy,
    /// The entity died too often recently.
    GivenUp,
}

/// The live entities of one kind. At most one entity per id is live.
pub(crate) struct Registry<D: Decider> {
    lifespan: Lifespan,
    slots: Mutex<Slots<D>>,
    /// Notified when an entity is created while there was none.
    occupied: Notify,
}

struct Slots<D: Decider> {
    live: BTreeMap<D::Id, Slot<D>>,
    deaths: BTreeMap<D::Id, Vec<Timestamp>>,
    generation: u64,
    /// Number of live entities at which those without work in progress are removed before the next sweep.
    crowd_at: usize,
}

struct Slot<D: Decider> {
    home: Home<D>,
    generation: u64,
    used_at: Timestamp,
}

/// Where a live entity is.
enum Home<D: Decider> {
    Hosted(Mailbox<D>),
    /// In the registry, without a request.
    Resting(Box<Entity<D>>),
    /// In the task of its caller.
    Lent(Arc<dyn LentEntity<D>>),
    /// Only while the registry is locked: it is being moved.
    OnTheWay,
}

impl<D: Decider> Home<D> {
    fn is_idle(&self) -> bool {
        match self {
            Self::Hosted(mailbox) => mailbox.is_idle(),
            Self::Resting(_) => true,
            Self::Lent(_) | Self::OnTheWay => false,
        }
    }

    /// Returns true if the entity has no request and no work in progress.
    fn is_settled(&self) -> bool {
        matches!(self, Self::Resting(entity) if !entity.is_underway())
    }

    /// Gives a lent entity a host, together with the request that it serves. Does nothing if it is not
    /// lent.
    fn host_lent(&mut self, host: impl FnOnce() -> Mailbox<D>) {
        *self = match std::mem::replace(self, Self::OnTheWay) {
            Self::Lent(lent) => {
                let mailbox = host();
                if let Some(place) = mailbox.reserve() {
                    place.deliver_lent(lent);
                }
                Self::Hosted(mailbox)
            }
            other => other,
        };
    }
}

/// Where a request is served.
pub(crate) enum ServeLocation<D: Decider, S> {
    /// In the caller's own task.
    Here(Arc<S>, Generation),
    /// By the entity's host.
    There(MailboxSlot<D>, Generation),
}

/// The life of an entity that a slot belongs to, so that a late report of a death cannot end the next life.
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
                crowd_at: lifespan.crowd_min.min(lifespan.live_max),
            }),
            occupied: Notify::new(),
        }
    }

    /// Decides where a request is served. `begin` begins it with the resting entity, or with a new one if
    /// none is live; `host` makes a host for an entity that another caller has. Fails if there is no room,
    /// or if the entity died too often.
    pub(crate) fn reserve<S: LentEntity<D> + 'static>(
        &self,
        id: &D::Id,
        now: Timestamp,
        begin: impl FnOnce(Option<Box<Entity<D>>>) -> Arc<S>,
        host: impl FnOnce() -> Mailbox<D>,
    ) -> Result<ServeLocation<D, S>, ReserveError> {
        let mut slots = self.lock();
        if let Some(slot) = slots.live.get_mut(id) {
            return slot.reserve(now, begin, host);
        }
        slots.make_room(self.lifespan, now)?;
        slots.check_deaths(id, now)?;
        slots.generation += 1;
        let generation = slots.generation;
        let serving = begin(None);
        let slot = Slot {
            home: Home::Lent(Arc::<S>::clone(&serving)),
            generation,
            used_at: now,
        };
        if slots.live.is_empty() {
            self.occupied.notify_one();
        }
        slots.live.insert(id.clone(), slot);
        Ok(ServeLocation::Here(serving, Generation(generation)))
    }

    /// Takes a lent entity back after its request. If it was given a host meanwhile, it stays there.
    pub(crate) fn give_back(&self, id: &D::Id, generation: Generation, served: &impl LentEntity<D>) {
        let mut slots = self.lock();
        if let Some(slot) = slots.lent(id, generation)
            && let Some(entity) = served.take_back()
        {
            slot.home = Home::Resting(entity);
        }
    }

    /// Handles a caller that was dropped before its answer: a host finishes the request of the lent entity.
    pub(crate) fn leave(&self, id: &D::Id, generation: Generation, host: impl FnOnce() -> Mailbox<D>) {
        if let Some(slot) = self.lock().lent(id, generation) {
            slot.home.host_lent(host);
        }
    }

    /// Removes an entity that died and records its death. Does nothing if it was created again since.
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

    /// Waits until an entity is created while there was none; returns at once if that happened since the
    /// last wait.
    pub(crate) async fn wait_until_occupied(&self) {
        self.occupied.notified().await;
    }

    /// Removes entities that have been idle for their aggregate's time. Returns true if none is left.
    pub(crate) fn passivate(&self, now: Timestamp) -> bool {
        let mut slots = self.lock();
        slots.live.retain(|_, slot| {
            let stays_ms = match slot.home.is_settled() {
                true => self.lifespan.settled_ms,
                false => self.lifespan.idle_ms,
            };
            !slot.home.is_idle() || now.ms_since(slot.used_at) < stays_ms
        });
        slots.note_crowd(self.lifespan);
        slots.deaths.retain(|_, deaths| {
            deaths
                .last()
                .is_some_and(|at| now.ms_since(*at) < RESTART_WINDOW_MS)
        });
        slots.live.is_empty() && slots.deaths.is_empty()
    }

    /// Removes idle entities every `SWEEP_MS`, for ever. Sleeps while the aggregate has no live entities.
    pub(crate) async fn keep_swept(&self, clock: &dyn Clock) {
        loop {
            self.wait_until_occupied().await;
            loop {
                clock.wait_until(clock.now().plus_ms(SWEEP_MS)).await;
                if self.passivate(clock.now()) {
                    break;
                }
            }
        }
    }

    pub(crate) fn live_count(&self) -> usize {
        self.lock().live.len()
    }

    fn lock(&self) -> MutexGuard<'_, Slots<D>> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<D: Decider> Slot<D> {
    fn reserve<S: LentEntity<D> + 'static>(
        &mut self,
        now: Timestamp,
        begin: impl FnOnce(Option<Box<Entity<D>>>) -> Arc<S>,
        host: impl FnOnce() -> Mailbox<D>,
    ) -> Result<ServeLocation<D, S>, ReserveError> {
        self.used_at = now;
        let generation = Generation(self.generation);
        self.home.host_lent(host);
        match std::mem::replace(&mut self.home, Home::OnTheWay) {
            Home::Resting(entity) => {
                let serving = begin(Some(entity));
                self.home = Home::Lent(Arc::<S>::clone(&serving));
                Ok(ServeLocation::Here(serving, generation))
            }
            Home::Hosted(mailbox) => {
                let place = mailbox.reserve();
                self.home = Home::Hosted(mailbox);
                Ok(ServeLocation::There(place.ok_or(ReserveError::Busy)?, generation))
            }
            // Unreachable: a lent entity has just got a host.
            other @ (Home::Lent(_) | Home::OnTheWay) => {
                self.home = other;
                Err(ReserveError::Busy)
            }
        }
    }
}

impl<D: Decider> Slots<D> {
    /// Returns the slot of an entity that is lent in this generation; otherwise `None`.
    fn lent(&mut self, id: &D::Id, generation: Generation) -> Option<&mut Slot<D>> {
        let slot = self.live.get_mut(id)?;
        (slot.generation == generation.0 && matches!(slot.home, Home::Lent(_))).then_some(slot)
    }

    /// Sets the number of live entities at which settled ones are removed next: twice the current number,
    /// so that the cost of a scan is spread over as many new ones; at most `live_max`.
    fn note_crowd(&mut self, lifespan: Lifespan) {
        let twice = lifespan.crowd_min.max(self.live.len() * 2);
        self.crowd_at = twice.min(lifespan.live_max);
    }

    fn make_room(&mut self, lifespan: Lifespan, now: Timestamp) -> Result<(), ReserveError> {
        if self.live.len() >= self.crowd_at {
            self.thin_out(lifespan.crowd_min, now);
            self.note_crowd(lifespan);
        }
        if self.live.len() >= lifespan.live_max {
            self.live.retain(|_, slot| !slot.home.is_idle());
        }
        if self.live.len() >= lifespan.live_max {
            return Err(ReserveError::Busy);
        }
        Ok(())
    }

    /// Removes settled entities that are not fresh. If the fresh ones alone are a crowd, shortens the time
    /// that counts as fresh, down to zero.
    fn thin_out(&mut self, crowd_min: usize, now: Timestamp) {
        let mut fresh_ms = FRESH_MS;
        loop {
            let mut fresh = 0;
            self.live.retain(|_, slot| {
                let is_fresh = now.ms_since(slot.used_at) < fresh_ms;
                let is_settled = slot.home.is_settled();
                fresh += usize::from(is_settled && is_fresh);
                !is_settled || is_fresh
            });
            if fresh < crowd_min.max(1) {
                return;
            }
            fresh_ms /= FRESH_SHORTER;
        }
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
