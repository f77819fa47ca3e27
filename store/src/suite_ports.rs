//! Ports for the contract suites: counted tasks on the current runtime.

use async_trait::async_trait;
use domain::ports::tasks::{StopSignal, TaskFuture, Tasks};
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// Runs tasks on the current runtime and threads of their own, and counts them.
#[derive(Clone)]
pub struct SuiteTasks {
    alive: Arc<AtomicUsize>,
    stopping: Arc<watch::Sender<bool>>,
}

impl Default for SuiteTasks {
    fn default() -> Self {
        Self {
            alive: Arc::new(AtomicUsize::new(0)),
            stopping: Arc::new(watch::Sender::new(false)),
        }
    }
}

struct SuiteTaskCount(Arc<AtomicUsize>);

impl SuiteTaskCount {
    fn one_more(count: &Arc<AtomicUsize>) -> Self {
        count.fetch_add(1, Ordering::SeqCst);
        Self(Arc::clone(count))
    }
}

impl Drop for SuiteTaskCount {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

struct Stop(watch::Receiver<bool>);

#[async_trait]
impl StopSignal for Stop {
    fn is_stopping(&self) -> bool {
        *self.0.borrow()
    }

    async fn stopping(&self) {
        // An error means that the tasks are gone, which also means stopping.
        drop(self.0.clone().wait_for(|stopping| *stopping).await);
    }
}

#[async_trait]
impl Tasks for SuiteTasks {
    fn spawn(&self, _name: &'static str, future: TaskFuture) {
        let alive = SuiteTaskCount::one_more(&self.alive);
        drop(start(async move {
            future.await;
            drop(alive);
        }));
    }

    #[expect(clippy::disallowed_methods, reason = "the suites have no supervisor")]
    fn thread(&self, _name: &'static str, work: Box<dyn FnOnce() + Send + 'static>) {
        let alive = SuiteTaskCount::one_more(&self.alive);
        std::thread::spawn(move || {
            work();
            drop(alive);
        });
    }

    fn stop_signal(&self) -> Arc<dyn StopSignal> {
        Arc::new(Stop(self.stopping.subscribe()))
    }

    fn alive_count(&self) -> usize {
        self.alive.load(Ordering::SeqCst)
    }

    async fn stop(&self) {
        self.stopping.send_replace(true);
        while self.alive_count() > 0 {
            tokio::task::yield_now().await;
        }
    }
}

/// Starts a future as a task on the current runtime.
#[expect(clippy::disallowed_methods, reason = "the suites have no supervisor")]
pub fn start<T: Send + 'static>(future: impl Future<Output = T> + Send + 'static) -> JoinHandle<T> {
    tokio::task::spawn(future)
}
