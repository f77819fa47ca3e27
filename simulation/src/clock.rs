//! Virtual time and seeded chance: the clock follows tokio's paused clock, every byte follows from the seed.

use async_trait::async_trait;
use domain::ports::clock::Clock;
use domain::ports::id_source::IdSource;
use domain::time::Timestamp;
use rand::{RngCore, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::sync::Mutex;
use std::time::Duration;
use tokio::time::Instant;

/// Wall time that starts at a given instant and moves only when every task waits (tokio's paused clock).
pub(crate) struct VirtualClock {
    origin: Instant,
    start: Timestamp,
}

impl VirtualClock {
    /// Must be made inside the paused runtime whose time it follows.
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

/// A seeded stream of chance for one purpose. Purposes have streams of their own, so that a change in one
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

    /// Uniform in `0..below`; 0 when `below` is 0. The bias of the remainder is under 2⁻³².
    pub(crate) fn below(&self, below: u64) -> u64 {
        self.with(|rng| rng.next_u64().checked_rem(below).unwrap_or(0))
    }
}

impl IdSource for SeededChance {
    fn random(&self, buffer: &mut [u8]) {
        self.with(|rng| rng.fill_bytes(buffer));
    }
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
}
