//! Limits how many slow clients an export or upload serves at once. A client that is too slow keeps its
//! slot only until another client asks for one.
//!
//! Only the time that the server waits for the client counts, not the time of the database or of an import.

use domain::ports::clock::Clock;
use domain::time::Timestamp;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;

/// A client below this average pace (bytes per second, that of a slow mobile connection) loses its slot to
/// the next client.
const PACE_BYTES_PER_SECOND: u64 = 64 * 1024;

/// Total time in milliseconds that the server must have waited for a client before its pace is judged.
const PATIENCE_MS: u64 = 30_000;

/// Total time in milliseconds (10 minutes) after which a client loses its slot to the next client, at any
/// pace.
const WAITED_MS_MAX: u64 = 600_000;

/// A fixed number of slots for one kind of transfer, and the transfers that have them.
pub struct SlowClientSlots {
    count: usize,
    taken: Mutex<Vec<Arc<SlotHolder>>>,
}

/// A slot in use. Dropping it frees the slot.
pub struct SlowClientSlot {
    places: Arc<SlowClientSlots>,
    turn: Arc<SlotHolder>,
}

#[derive(Default)]
struct SlotHolder {
    pace: Mutex<Pace>,
    gives_way: Notify,
}

#[derive(Default)]
struct Pace {
    bytes: u64,
    waited_ms: u64,
    /// Start of the current wait for the client.
    since: Option<Timestamp>,
    /// True once the client has done its part. Nothing more is expected from it.
    is_over: bool,
}

impl Pace {
    fn waited_ms(&self, now: Timestamp) -> u64 {
        self.waited_ms + self.since.map_or(0, |since| now.ms_since(since))
    }

    /// Returns the client's pace in bytes per second if it must give its slot away to the next client;
    /// `None` if it may keep it.
    fn too_slow(&self, now: Timestamp) -> Option<u64> {
        let waited_ms = self.waited_ms(now);
        if self.is_over || waited_ms < PATIENCE_MS {
            return None;
        }
        let pace = self.bytes.saturating_mul(1_000) / waited_ms;
        (pace < PACE_BYTES_PER_SECOND || waited_ms >= WAITED_MS_MAX).then_some(pace)
    }
}

impl SlotHolder {
    fn pace(&self) -> MutexGuard<'_, Pace> {
        self.pace.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl SlowClientSlots {
    pub fn new(count: usize) -> Arc<Self> {
        Arc::new(Self {
            count,
            taken: Mutex::default(),
        })
    }

    /// Takes a free slot; if there is none, takes that of the slowest client that is too slow. `None` if no
    /// client is.
    pub fn enter(self: &Arc<Self>, now: Timestamp) -> Option<SlowClientSlot> {
        let mut taken = self.taken();
        if taken.len() >= self.count {
            let slow = taken.iter().enumerate();
            let slow = slow.filter_map(|(index, turn)| Some((turn.pace().too_slow(now)?, index)));
            let (_, slowest) = slow.min()?;
            taken.remove(slowest).gives_way.notify_one();
        }
        let turn = Arc::new(SlotHolder::default());
        taken.push(Arc::clone(&turn));
        drop(taken);
        Some(SlowClientSlot {
            places: Arc::clone(self),
            turn,
        })
    }

    fn taken(&self) -> MutexGuard<'_, Vec<Arc<SlotHolder>>> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl SlowClientSlot {
    /// Waits for the client to take or send a piece of data (`moves`), and adds its size to the client's
    /// pace. Returns `None` if the slot was given to another client in the meantime.
    pub async fn wait_for<T>(
        &self,
        clock: &dyn Clock,
        moves: impl Future<Output = T>,
        bytes: impl Fn(&T) -> usize,
    ) -> Option<T> {
        self.turn.pace().since = Some(clock.now());
        let moved = tokio::select! {
            biased;
            () = self.turn.gives_way.notified() => return None,
            moved = moves => moved,
        };
        let mut pace = self.turn.pace();
        pace.waited_ms = pace.waited_ms(clock.now());
        pace.since = None;
        pace.bytes = pace.bytes.saturating_add(bytes(&moved) as u64);
        Some(moved)
    }

    /// Marks that nothing more is expected from the client. It then keeps the slot until this is dropped.
    pub fn is_over(&self) {
        self.turn.pace().is_over = true;
    }
}

impl Drop for SlowClientSlot {
    fn drop(&mut self) {
        let mut taken = self.places.taken();
        taken.retain(|turn| !Arc::ptr_eq(turn, &self.turn));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use store::test_ports::StepClock;

    /// Transfers `bytes` after `after_ms` of waiting, `times` times.
    async fn take(place: &SlowClientSlot, clock: &StepClock, bytes: usize, after_ms: u64, times: u32) {
        for _ in 0..times {
            let late = clock.wait_until(clock.now().plus_ms(after_ms));
            assert!(place.wait_for(clock, late, |()| bytes).await.is_some());
        }
    }

    #[tokio::test]
    async fn the_slowest_gives_way_to_a_new_client_and_keeps_its_slot_until_then() {
        let clock = StepClock::default();
        let places = SlowClientSlots::new(2);
        let slow = places.enter(clock.now()).unwrap();
        let slower = places.enter(clock.now()).unwrap();
        // No client is slow at first, however little it took.
        assert!(places.enter(clock.now()).is_none());
        take(&slow, &clock, 64 * 1024, 29_000, 3).await;
        take(&slower, &clock, 4 * 1024, 29_000, 3).await;
        let next = places.enter(clock.now());
        assert!(next.is_some(), "two who take little keep others out for ever");
        let given_way = slower
            .wait_for(&clock, std::future::pending::<()>(), |()| 0)
            .await;
        assert_eq!(given_way, None);
        drop(slower);
        take(&slow, &clock, 64 * 1024, 1, 1).await;
        assert!(places.enter(clock.now()).is_some(), "the other slow one is next");
        drop((slow, next));
        let held = [places.enter(clock.now()), places.enter(clock.now())];
        assert!(held.iter().all(Option::is_some) && places.enter(clock.now()).is_none());
    }

    #[tokio::test]
    async fn who_takes_all_that_comes_keeps_a_place_and_one_for_ever_at_the_least_pace_does_not() {
        let clock = StepClock::default();
        let places = SlowClientSlots::new(1);
        let quick = places.enter(clock.now()).unwrap();
        take(&quick, &clock, 256 * 1024, 1_000, 60).await;
        // An hour in which the server reads rows and does not wait for the client.
        clock.set(clock.now().plus_ms(3_600_000));
        assert!(places.enter(clock.now()).is_none());
        take(&quick, &clock, 256 * 1024, 1_000, 600).await;
        assert!(
            places.enter(clock.now()).is_some(),
            "it was waited for 11 minutes"
        );
        drop(quick);
    }

    #[tokio::test]
    async fn what_has_been_received_keeps_its_place_however_slowly_it_came() {
        let clock = StepClock::default();
        let places = SlowClientSlots::new(1);
        let upload = places.enter(clock.now()).unwrap();
        take(&upload, &clock, 1, 60_000, 1).await;
        upload.is_over();
        assert!(places.enter(clock.now()).is_none());
    }
}
