//! The ports of a suite: the wall clock, and tasks on the runtime at hand.

use async_trait::async_trait;
use domain::ports::clock::Clock;
use domain::ports::id_source::IdSource;
use domain::ports::tasks::{StopSignal, TaskFuture, Tasks};
use domain::time::Timestamp;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// The wall clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SuiteClock;

#[async_trait]
impl Clock for SuiteClock {
    #[expect(clippy::disallowed_methods, reason = "a suite's own clock")]
    fn now(&self) -> Timestamp {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        Timestamp::EPOCH.plus(since.unwrap_or_default())
    }
    #[expect(clippy::disallowed_methods, reason = "a suite's own clock")]
    async fn wait_until(&self, at: Timestamp) {
        tokio::time::sleep(at.duration_since(self.now())).await;
    }
}

/// Ids that count.
#[derive(Debug, Default)]
pub struct SuiteIds(AtomicU64);

impl IdSource for SuiteIds {
    fn random(&self, buffer: &mut [u8]) {
        let number = self.0.fetch_add(1, Ordering::Relaxed).to_be_bytes();
        for (byte, drawn) in buffer.iter_mut().rev().zip(number.iter().rev()) {
            *byte = *drawn;
        }
    }
}

/// Tasks that live as long as the runtime.
#[derive(Debug, Clone, Copy, Default)]
pub struct SuiteTasks;

struct NeverStops;

#[async_trait]
impl StopSignal for NeverStops {
    fn is_stopping(&self) -> bool {
        false
    }
    async fn stopping(&self) {
        std::future::pending::<()>().await;
    }
}

#[async_trait]
impl Tasks for SuiteTasks {
    #[expect(clippy::disallowed_methods, reason = "a suite's own tasks")]
    fn spawn(&self, _name: &'static str, future: TaskFuture) {
        drop(tokio::spawn(future));
    }
    #[expect(clippy::disallowed_methods, reason = "a suite's own threads")]
    fn thread(&self, _name: &'static str, work: Box<dyn FnOnce() + Send + 'static>) {
        drop(std::thread::spawn(work));
    }
    fn stop_signal(&self) -> Arc<dyn StopSignal> {
        Arc::new(NeverStops)
    }
    fn alive_count(&self) -> usize {
        0
    }
    async fn stop(&self) {}
}
