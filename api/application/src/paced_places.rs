//! Few places for what goes at a client's pace, an export or an upload: whoever is slow keeps a place only
//! while nobody else asks for one.
//!
//! Only time in which the client is waited for counts: not what the database or an import takes.

use domain::ports::clock::Clock;
use domain::time::Timestamp;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;

/// Below this on average a client gives its place to whoever asks: a slow line of a mobile phone.
const PACE_BYTES_PER_SECOND: u64 = 64 * 1024;

/// Nobody is called slow before they were waited for so long.
const PATIENCE_MS: u64 = 30_000;

/// Whoever was waited for so long gives its place to whoever asks, however much came: 10 minutes.
const WAITED_MS_MAX: u64 = 600_000;

/// The places, and who has them.
pub struct PacedPlaces {
    count: usize,
    taken: Mutex<Vec<Arc<Turn>>>,
}

/// A place that somebody has; given back when it is dropped.
pub struct PacedPlace {
    places: Arc<PacedPlaces>,
    turn: Arc<Turn>,
}

#[derive(Default)]
struct Turn {
    pace: Mutex<Pace>,
    gives_way: Notify,
}

#[derive(Default)]
struct Pace {
    bytes: u64,
    waited_ms: u64,
    /// Waited for since then.
    since: Option<Timestamp>,
    /// Nothing is to come of the client any more.
    is_over: bool,
}

impl Pace {
    fn waited_ms(&self, now: Timestamp) -> u64 {
        self.waited_ms + self.since.map_or(0, |since| now.ms_since(since))
    }

    /// Bytes a second, of one who gives way.
    fn too_slow(&self, now: Timestamp) -> Option<u64> {
        let waited_ms = self.waited_ms(now);
        if self.is_over || waited_ms < PATIENCE_MS {
            return None;
        }
        let pace = self.bytes.saturating_mul(1_000) / waited_ms;
        (pace < PACE_BYTES_PER_SECOND || waited_ms >= WAITED_MS_MAX).then_some(pace)
    }
}

impl Turn {
    fn pace(&self) -> MutexGuard<'_, Pace> {
        self.pace.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl PacedPlaces {
    pub fn new(count: usize) -> Arc<Self> {
        Arc::new(Self {
            count,
            taken: Mutex::default(),
        })
    }

    /// A free place, else that of the slowest who is too slow; `None` when nobody is.
    pub fn enter(self: &Arc<Self>, now: Timestamp) -> Option<PacedPlace> {
        let mut taken = self.taken();
        if taken.len() >= self.count {
            let slow = taken.iter().enumerate();
            let slow = slow.filter_map(|(index, turn)| Some((turn.pace().too_slow(now)?, index)));
            let (_, slowest) = slow.min()?;
            taken.remove(slowest).gives_way.notify_one();
        }
        let turn = Arc::new(Turn::default());
        taken.push(Arc::clone(&turn));
        drop(taken);
        Some(PacedPlace {
            places: Arc::clone(self),
            turn,
        })
    }

    fn taken(&self) -> MutexGuard<'_, Vec<Arc<Turn>>> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl PacedPlace {
    /// Waits for the client to take or send so many bytes; `None` when the place went to another meanwhile.
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

    /// The client has done its part: from here the place is kept to the end.
    pub fn is_over(&self) {
        self.turn.pace().is_over = true;
    }
}

impl Drop for PacedPlace {
    fn drop(&mut self) {
        let mut taken = self.places.taken();
        taken.retain(|turn| !Arc::ptr_eq(turn, &self.turn));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use store::test_ports::StepClock;

    /// Takes so many bytes after so long, so often.
    async fn take(place: &PacedPlace, clock: &StepClock, bytes: usize, after_ms: u64, times: u32) {
        for _ in 0..times {
            let late = clock.wait_until(clock.now().plus_ms(after_ms));
            assert!(place.wait_for(clock, late, |()| bytes).await.is_some());
        }
    }

    #[tokio::test]
    async fn the_slowest_gives_way_to_who_asks_and_keeps_its_place_while_nobody_does() {
        let clock = StepClock::default();
        let places = PacedPlaces::new(2);
        let slow = places.enter(clock.now()).unwrap();
        let slower = places.enter(clock.now()).unwrap();
        // Nobody is slow at once, whatever they took.
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
        let places = PacedPlaces::new(1);
        let quick = places.enter(clock.now()).unwrap();
        take(&quick, &clock, 256 * 1024, 1_000, 60).await;
        // An hour in which rows are read, not waited for.
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
        let places = PacedPlaces::new(1);
        let upload = places.enter(clock.now()).unwrap();
        take(&upload, &clock, 1, 60_000, 1).await;
        upload.is_over();
        assert!(places.enter(clock.now()).is_none());
    }
}
