//! Id to mailbox: at most one live entity per id, started on demand, forgotten when idle or dead.
//!
//! A place in the mailbox is taken under the same lock that finds it, so an entity with work is never
//! forgotten. An entity that died of a panic may be started again a few times a minute; then it is a
//! fault until the minute has passed.
//!
//! Who only reads an entity that is not live loads it where he stands: it rests here, loaded, until it is
//! asked something, and is hosted then. It rests only if nobody hosted the same entity since it began to be
//! loaded, so there is never a second one, nor one that is behind its stream.

use crate::entity::Entity;
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
    /// Entities that their readers load, and which try each is.
    loading: BTreeMap<D::Id, u64>,
    deaths: BTreeMap<D::Id, Vec<Timestamp>>,
    generation: u64,
}

struct Slot<D: Decider> {
    home: Home<D>,
    generation: u64,
    used_at: Timestamp,
}

/// Where a live entity is.
enum Home<D: Decider> {
    Hosted(Mailbox<D>),
    /// Loaded, and asked nothing yet.
    Resting(Box<Entity<D>>),
}

impl<D: Decider> Home<D> {
    fn is_idle(&self) -> bool {
        match self {
            Self::Hosted(mailbox) => mailbox.is_idle(),
            Self::Resting(_) => true,
        }
    }
}

/// The right to load one entity outside its mailbox; dropping it gives the right back.
pub(crate) struct Loading<'a, D: Decider> {
    registry: &'a Registry<D>,
    id: &'a D::Id,
    generation: u64,
}

impl<D: Decider> Loading<'_, D> {
    /// Lets the loaded entity rest, unless it was hosted meanwhile: then that one is the entity.
    pub(crate) fn rest(self, entity: Box<Entity<D>>, now: Timestamp) {
        let mut slots = self.registry.lock();
        if slots.loading.get(self.id) == Some(&self.generation) {
            let slot = Slot {
                home: Home::Resting(entity),
                generation: self.generation,
                used_at: now,
            };
            slots.live.insert(self.id.clone(), slot);
        }
    }
}

impl<D: Decider> Drop for Loading<'_, D> {
    fn drop(&mut self) {
        let mut slots = self.registry.lock();
        if slots.loading.get(self.id) == Some(&self.generation) {
            slots.loading.remove(self.id);
        }
    }
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
                loading: BTreeMap::new(),
                deaths: BTreeMap::new(),
                generation: 0,
            }),
        }
    }

    /// A place in the entity's mailbox; `host` hosts it when it is not hosted: the one that rests, or anew.
    pub(crate) fn reserve(
        &self,
        id: &D::Id,
        now: Timestamp,
        host: impl FnOnce(Option<Box<Entity<D>>>) -> Mailbox<D>,
    ) -> Result<(Place<D>, Generation), ReserveError> {
        let mut slots = self.lock();
        if let Some(slot) = slots.live.get_mut(id)
            && let Home::Hosted(mailbox) = &slot.home
        {
            slot.used_at = now;
            let place = mailbox.reserve().ok_or(ReserveError::Busy)?;
            return Ok((place, Generation(slot.generation)));
        }
        // Whoever is loading it outside loads it for himself alone.
        slots.loading.remove(id);
        let resting = match slots.live.remove(id) {
            Some(Slot {
                home: Home::Resting(entity),
                ..
            }) => Some(entity),
            Some(_) | None => {
                slots.make_room(self.lifespan.live_max)?;
                slots.check_deaths(id, now)?;
                None
            }
        };
        slots.generation += 1;
        let generation = slots.generation;
        let mailbox = host(resting);
        let place = mailbox.reserve();
        let slot = Slot {
            home: Home::Hosted(mailbox),
            generation,
            used_at: now,
        };
        slots.live.insert(id.clone(), slot);
        Ok((place.ok_or(ReserveError::Busy)?, Generation(generation)))
    }

    /// The right to load an entity outside its mailbox; `None` when it is live, or somebody else loads it.
    pub(crate) fn begin_loading<'a>(
        &'a self,
        id: &'a D::Id,
        now: Timestamp,
    ) -> Result<Option<Loading<'a, D>>, ReserveError> {
        let mut slots = self.lock();
        if slots.live.contains_key(id) || slots.loading.contains_key(id) {
            return Ok(None);
        }
        slots.make_room(self.lifespan.live_max)?;
        slots.check_deaths(id, now)?;
        slots.generation += 1;
        let generation = slots.generation;
        slots.loading.insert(id.clone(), generation);
        Ok(Some(Loading {
            registry: self,
            id,
            generation,
        }))
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
            .retain(|_, slot| !slot.home.is_idle() || now.ms_since(slot.used_at) < idle_ms);
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
        if self.live.len() + self.loading.len() >= live_max {
            self.live.retain(|_, slot| !slot.home.is_idle());
        }
        if self.live.len() + self.loading.len() >= live_max {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hosting::{Hosting, Place};
    use crate::testing::counter::Counter;
    use crate::testing::{Fakes, on_one_thread};

    const LIFESPAN: Lifespan = Lifespan {
        idle_ms: 15_000,
        live_max: 1,
    };

    /// Hosts what is given, or a new one; `true` when one rested.
    fn reserve(registry: &Registry<Counter>, fakes: &Fakes, id: &str) -> Result<bool, ReserveError> {
        let hosting = Hosting::start(Place::Local, &fakes.environment.tasks);
        let mut has_rested = false;
        let host = |resting: Option<Box<Entity<Counter>>>| {
            has_rested = resting.is_some();
            let anew = || Box::new(Entity::new(id.to_owned(), fakes.environment.clone()));
            Mailbox::new(hosting.host(resting.unwrap_or_else(anew)))
        };
        registry
            .reserve(&id.to_owned(), Timestamp::EPOCH, host)
            .map(drop)?;
        Ok(has_rested)
    }

    fn entity(fakes: &Fakes, id: &str) -> Box<Entity<Counter>> {
        Box::new(Entity::new(id.to_owned(), fakes.environment.clone()))
    }

    #[test]
    fn what_was_loaded_outside_rests_and_is_hosted_by_the_first_who_asks() {
        on_one_thread(async {
            let (fakes, registry) = (Fakes::new(), Registry::<Counter>::new(LIFESPAN));
            let (id, now) = ("one".to_owned(), Timestamp::EPOCH);
            let loading = registry.begin_loading(&id, now).unwrap().unwrap();
            assert!(
                registry.begin_loading(&id, now).unwrap().is_none(),
                "one at a time"
            );
            assert_eq!(registry.live_count(), 0);
            loading.rest(entity(&fakes, "one"), now);
            assert_eq!(registry.live_count(), 1);
            assert!(registry.begin_loading(&id, now).unwrap().is_none(), "it is live");
            assert_eq!(reserve(&registry, &fakes, "one"), Ok(true));
            assert_eq!(
                reserve(&registry, &fakes, "one"),
                Ok(false),
                "it is hosted already"
            );
            assert_eq!(registry.live_count(), 1);
        });
    }

    #[test]
    fn what_was_loaded_while_the_same_entity_was_hosted_does_not_rest() {
        on_one_thread(async {
            let (fakes, registry) = (Fakes::new(), Registry::<Counter>::new(LIFESPAN));
            let (id, now) = ("one".to_owned(), Timestamp::EPOCH);
            let late = registry.begin_loading(&id, now).unwrap().unwrap();
            // There is room for one: whoever is loading it takes none of it away once it is hosted.
            assert_eq!(reserve(&registry, &fakes, "one"), Ok(false));
            late.rest(entity(&fakes, "one"), now);
            assert_eq!(reserve(&registry, &fakes, "one"), Ok(false));
            registry.bury(&id, Generation(2), now);
            assert_eq!(registry.live_count(), 0);
            // A right that is older than the life just ended is worth nothing to the next.
            let again = registry.begin_loading(&id, now).unwrap();
            assert!(again.is_some());
        });
    }

    #[test]
    fn a_right_to_load_counts_against_the_room_until_it_is_given_back() {
        on_one_thread(async {
            let (fakes, registry) = (Fakes::new(), Registry::<Counter>::new(LIFESPAN));
            let (one, other, now) = ("one".to_owned(), "other".to_owned(), Timestamp::EPOCH);
            let loading = registry.begin_loading(&one, now).unwrap();
            assert_eq!(
                registry.begin_loading(&other, now).err(),
                Some(ReserveError::Busy)
            );
            drop(loading);
            let loading = registry.begin_loading(&other, now).unwrap().unwrap();
            loading.rest(entity(&fakes, "other"), now);
            // What rests is idle, and makes room.
            assert!(registry.begin_loading(&one, now).unwrap().is_some());
            assert_eq!(registry.live_count(), 0);
        });
    }
}
