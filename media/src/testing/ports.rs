//! The ports of a test suite: the wall clock, ids that count up, and tasks on the current runtime.

use async_trait::async_trait;
use domain::ports::clock::Clock;
use domain::ports::id_source::IdSource;
use domain::ports::tasks::{StopSignal, TaskFuture, Tasks};
use domain::time::Timestamp;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::watch;

/// Longest wait for the threads of a suite to end.
const THREADS_END_WITHIN: Duration = Duration::from_secs(10);

/// The clock of a suite: the wall clock.
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
        let nothing_comes = std::future::pending::<()>();
        drop(tokio::time::timeout(at.duration_since(self.now()), nothing_comes).await);
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

/// A clock that jumps to each time that is waited for, so that only datagrams take real time.
#[derive(Debug, Default)]
pub struct JumpingClock(AtomicU64);

#[async_trait]
impl Clock for JumpingClock {
    fn now(&self) -> Timestamp {
        Timestamp::EPOCH.plus_ms(self.0.load(Ordering::Relaxed))
    }
    async fn wait_until(&self, at: Timestamp) {
        self.0.fetch_max(at.ms_since(Timestamp::EPOCH), Ordering::Relaxed);
    }
}

/// An id source that counts up.
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

/// The tasks of a suite. `stop` awaits the threads; spawned tasks live as long as the runtime.
#[derive(Debug, Default)]
pub struct SuiteTasks {
    stop: watch::Sender<bool>,
    alive: Arc<watch::Sender<usize>>,
}

/// Counts a thread as alive until it is dropped.
struct ThreadGuard(Arc<watch::Sender<usize>>);

impl Drop for ThreadGuard {
    fn drop(&mut self) {
        self.0.send_modify(|alive| *alive -= 1);
    }
}

struct SuiteSignal(watch::Receiver<bool>);

#[async_trait]
impl StopSignal for SuiteSignal {
    fn is_stopping(&self) -> bool {
        *self.0.borrow()
    }
    /// Waits for the stop. It never completes if the tasks were dropped before.
    async fn stopping(&self) {
        let mut stopping = self.0.clone();
        if stopping.wait_for(|stopping| *stopping).await.is_err() {
            std::future::pending::<()>().await;
        }
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
        self.alive.send_modify(|alive| *alive += 1);
        let alive = ThreadGuard(Arc::clone(&self.alive));
        drop(std::thread::spawn(move || {
            work();
            drop(alive);
        }));
    }
    fn stop_signal(&self) -> Arc<dyn StopSignal> {
        Arc::new(SuiteSignal(self.stop.subscribe()))
    }
    fn alive_count(&self) -> usize {
        *self.alive.borrow()
    }
    /// Signals the stop and waits for the threads. Those that do not end within `THREADS_END_WITHIN` are
    /// left, and counted by `alive_count`.
    #[expect(clippy::disallowed_methods, reason = "a suite's own patience")]
    async fn stop(&self) {
        self.stop.send_replace(true);
        let mut alive = self.alive.subscribe();
        let ended = alive.wait_for(|alive| *alive == 0);
        drop(tokio::time::timeout(THREADS_END_WITHIN, ended).await);
    }
}
