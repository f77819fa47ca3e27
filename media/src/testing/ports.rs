//! What the lines' suite runs on: the wall clock, ids that count, and tasks of its own.

use async_trait::async_trait;
use domain::ports::clock::Clock;
use domain::ports::id_source::IdSource;
use domain::ports::tasks::{StopSignal, TaskFuture, Tasks};
use domain::time::Timestamp;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::watch;

/// The wall clock of a suite.
pub(crate) struct WallClock;

#[async_trait]
impl Clock for WallClock {
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
pub(crate) struct CountingIds(pub(crate) AtomicU64);

impl IdSource for CountingIds {
    fn random(&self, buffer: &mut [u8]) {
        let number = self.0.fetch_add(1, Ordering::Relaxed).to_be_bytes();
        for (byte, drawn) in buffer.iter_mut().rev().zip(number.iter().rev()) {
            *byte = *drawn;
        }
    }
}

/// Tasks of a suite: spawned on the runtime at hand, awaited by `stop`.
pub(crate) struct SuiteTasks {
    stop: watch::Sender<bool>,
    threads: Mutex<Vec<std::thread::JoinHandle<()>>>,
}

impl SuiteTasks {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self {
            stop: watch::Sender::new(false),
            threads: Mutex::new(Vec::new()),
        })
    }
}

struct SuiteSignal(watch::Receiver<bool>);

#[async_trait]
impl StopSignal for SuiteSignal {
    fn is_stopping(&self) -> bool {
        *self.0.borrow()
    }
    async fn stopping(&self) {
        let mut stopping = self.0.clone();
        // An error means that the tasks are gone, which is stopping too.
        drop(stopping.wait_for(|stopping| *stopping).await);
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
        let mut threads = self.threads.lock().unwrap_or_else(PoisonError::into_inner);
        threads.push(std::thread::spawn(work));
    }
    fn stop_signal(&self) -> Arc<dyn StopSignal> {
        Arc::new(SuiteSignal(self.stop.subscribe()))
    }
    fn alive_count(&self) -> usize {
        let threads = self.threads.lock().unwrap_or_else(PoisonError::into_inner);
        threads.iter().filter(|thread| !thread.is_finished()).count()
    }
    /// Fires the signal; threads that do not end within ten seconds are left.
    async fn stop(&self) {
        self.stop.send_replace(true);
        for _ in 0..500 {
            if self.alive_count() == 0 {
                return;
            }
            WallClock.wait_until(WallClock.now().plus_ms(20)).await;
        }
    }
}
