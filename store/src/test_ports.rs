//! Small ports for test suites: clocks that are set by hand, stand still or are always late, and ids from
//! a seed.

use async_trait::async_trait;
use domain::ports::clock::Clock;
use domain::ports::id_source::IdSource;
use domain::time::Timestamp;
use sha2::{Digest, Sha256};
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

/// A clock that moves only when it is set or waited for: a wait moves it to its deadline and returns at
/// once.
#[derive(Debug, Default)]
pub struct StepClock {
    micros: AtomicI64,
}

impl StepClock {
    pub fn set(&self, at: Timestamp) {
        self.micros.store(at.micros(), Ordering::SeqCst);
    }
}

#[async_trait]
impl Clock for StepClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.micros.load(Ordering::SeqCst))
    }

    async fn wait_until(&self, at: Timestamp) {
        self.micros.fetch_max(at.micros(), Ordering::SeqCst);
        tokio::task::yield_now().await;
    }
}

/// A clock that never moves: no deadline arrives. It shows the epoch unless it is given another time.
#[derive(Debug, Clone, Copy, Default)]
pub struct StoppedClock(pub Timestamp);

#[async_trait]
impl Clock for StoppedClock {
    fn now(&self) -> Timestamp {
        self.0
    }
    async fn wait_until(&self, _: Timestamp) {
        std::future::pending::<()>().await;
    }
}

/// A clock whose waits are over at once. It always shows the epoch.
#[derive(Debug, Clone, Copy, Default)]
pub struct ElapsedClock;

#[async_trait]
impl Clock for ElapsedClock {
    fn now(&self) -> Timestamp {
        Timestamp::EPOCH
    }
    async fn wait_until(&self, _: Timestamp) {}
}

/// An id source for suites only. Its random bytes are SHA-256 of the seed and a counter.
#[derive(Debug)]
pub struct HashIds {
    seed: u64,
    drawn: AtomicU64,
}

impl HashIds {
    pub const fn new(seed: u64) -> Self {
        Self {
            seed,
            drawn: AtomicU64::new(0),
        }
    }
}

impl IdSource for HashIds {
    fn random(&self, buffer: &mut [u8]) {
        for chunk in buffer.chunks_mut(32) {
            let count = self.drawn.fetch_add(1, Ordering::SeqCst);
            let block = Sha256::new()
                .chain_update(self.seed.to_be_bytes())
                .chain_update(count.to_be_bytes())
                .finalize();
            for (to, from) in chunk.iter_mut().zip(block) {
                *to = from;
            }
        }
    }
}
