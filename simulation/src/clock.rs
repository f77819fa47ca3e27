//! Virtual time and seeded random numbers: the clock follows tokio's paused clock, and every byte is derived
//! from the seed.

use async_trait::async_trait;
use domain::ports::clock::Clock;
use domain::ports::id_source::IdSource;
use domain::time::Timestamp;
use rand::{RngCore, SeedableRng};
use rand_chacha::ChaCha8Rng;
use sha2::{Digest, Sha256};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::Instant;

/// Wall time that starts at a given instant and moves only when every task waits (tokio's paused clock).
pub(crate) struct VirtualClock {
    origin: Instant,
    start: Timestamp,
}

impl VirtualClock {
    /// Creates the clock. Call it inside the paused runtime that provides its time.
    #[expect(clippy::disallowed_methods, reason = "the simulation's clock is this file")]
    pub(crate) fn new(start: Timestamp) -> Self {
        Self {
            origin: Instant::now(),
            start,
        }
    }
}

#[async_trait]
impl Clock for VirtualClock {
    #[expect(clippy::disallowed_methods, reason = "the simulation's clock is this file")]
    fn now(&self) -> Timestamp {
        self.start.plus(Instant::now().duration_since(self.origin))
    }

    #[expect(clippy::disallowed_methods, reason = "the simulation's clock is this file")]
    async fn wait_until(&self, at: Timestamp) {
        let left: Duration = at.duration_since(self.now());
        if !left.is_zero() {
            tokio::time::sleep(left).await;
        }
    }
}

/// The clock of a machine's process. It starts from the wall clock, which may be wrong, and continues with
/// steady time. Only a process that started behind the true time is ever moved, and forward.
pub(crate) struct MachineClock {
    truth: Arc<VirtualClock>,
    apart_ms: AtomicI64,
    moved: Notify,
}

impl MachineClock {
    pub(crate) fn new(truth: Arc<VirtualClock>) -> Self {
        Self {
            truth,
            apart_ms: AtomicI64::new(0),
            moved: Notify::new(),
        }
    }

    /// Returns the process's time minus the true time, in milliseconds.
    pub(crate) fn apart_ms(&self) -> i64 {
        self.apart_ms.load(Ordering::Relaxed)
    }

    /// Sets how far the process's time is from the true time. Waiting tasks check their times again.
    pub(crate) fn set_apart(&self, apart_ms: i64) {
        self.apart_ms.store(apart_ms, Ordering::Relaxed);
        self.moved.notify_waiters();
    }
}

#[async_trait]
impl Clock for MachineClock {
    fn now(&self) -> Timestamp {
        let now = self.truth.now();
        match self.apart_ms() {
            0 => now,
            ahead @ 1.. => now.plus_ms(ahead.unsigned_abs()),
            behind => now.minus_ms(behind.unsigned_abs()),
        }
    }

    async fn wait_until(&self, at: Timestamp) {
        loop {
            let moved = self.moved.notified();
            let left = at.duration_since(self.now());
            if left.is_zero() {
                return;
            }
            tokio::select! {
                biased;
                () = moved => {}
                () = self.truth.wait_until(self.truth.now().plus(left)) => {}
            }
        }
    }
}

/// A seeded stream of random numbers for one purpose. Purposes have separate streams, so that a change in one
/// does not shift the draws of another.
pub(crate) struct SeededChance {
    rng: Mutex<ChaCha8Rng>,
}

impl SeededChance {
    pub(crate) fn new(seed: u64, purpose: u64) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        rng.set_stream(purpose);
        Self { rng: Mutex::new(rng) }
    }

    fn with<T>(&self, draw: impl FnOnce(&mut ChaCha8Rng) -> T) -> T {
        let mut rng = self.rng.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        draw(&mut rng)
    }

    /// Returns a number in `0..below`, uniformly distributed; 0 when `below` is 0. The bias of the
    /// remainder is under 2⁻³².
    pub(crate) fn below(&self, below: u64) -> u64 {
        self.with(|rng| rng.next_u64().checked_rem(below).unwrap_or(0))
    }
}

impl IdSource for SeededChance {
    fn random(&self, buffer: &mut [u8]) {
        self.with(|rng| rng.fill_bytes(buffer));
    }
}

/// Returns four numbers derived from a text alone, independent of the order of events.
pub(crate) fn drawn_of(text: &str) -> [u64; 4] {
    let digest: [u8; 32] = Sha256::digest(text).into();
    let mut drawn = [0; 4];
    for (draw, bytes) in drawn.iter_mut().zip(digest.chunks_exact(8)) {
        let add = |sum: u64, byte: &u8| (sum << 8) | u64::from(*byte);
        *draw = bytes.iter().fold(0, add);
    }
    drawn
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_seed_gives_one_stream_and_purposes_differ() {
        let draw = |seed, purpose| SeededChance::new(seed, purpose).below(u64::MAX);
        assert_eq!(draw(7, 1), draw(7, 1));
        assert_ne!(draw(7, 1), draw(7, 2));
        assert_ne!(draw(7, 1), draw(8, 1));
    }

    #[tokio::test(start_paused = true)]
    async fn virtual_time_moves_only_by_waiting() {
        let clock = VirtualClock::new(Timestamp::EPOCH);
        let hour = Timestamp::EPOCH.plus_ms(3_600_000);
        assert_eq!(clock.now(), Timestamp::EPOCH);
        clock.wait_until(hour).await;
        assert_eq!(clock.now(), hour);
    }

    #[tokio::test(start_paused = true)]
    async fn a_machine_that_began_behind_wakes_all_waiting_tasks_when_it_is_set_right() {
        let truth = Arc::new(VirtualClock::new(Timestamp::EPOCH.plus_ms(7_200_000)));
        let machine = Arc::new(MachineClock::new(Arc::clone(&truth)));
        machine.set_apart(-3_600_000);
        assert_eq!(machine.now(), Timestamp::EPOCH.plus_ms(3_600_000));
        let noon = Timestamp::EPOCH.plus_ms(7_200_500);
        let setting = async {
            truth.wait_until(truth.now().plus_ms(1_000)).await;
            machine.set_apart(0);
        };
        tokio::join!(machine.wait_until(noon), setting);
        assert_eq!(
            truth.now(),
            Timestamp::EPOCH.plus_ms(7_201_000),
            "not an hour later"
        );
    }
}
