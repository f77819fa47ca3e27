//! Tasks on one thread: every future runs in the world's `LocalSet`, so that a crash drops them all at once,
//! and none takes another step once the power is off.

use super::power::{Power, PoweredTask};
use async_trait::async_trait;
use domain::ports::tasks::{StopSignal, TaskFuture, Tasks};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::sync::watch;

/// Spawns into the `LocalSet` it is called in. There are no blocking threads: virtual time would not wait for
/// them.
pub(crate) struct LocalTasks {
    power: Arc<Power>,
    stop: Arc<LocalStop>,
    alive: Arc<AtomicUsize>,
}

struct LocalStop {
    sender: watch::Sender<bool>,
}

#[async_trait]
impl StopSignal for LocalStop {
    fn is_stopping(&self) -> bool {
        *self.sender.borrow()
    }

    async fn stopping(&self) {
        let mut receiver = self.sender.subscribe();
        // The sender lives as long as this value: waiting cannot fail.
        drop(receiver.wait_for(|stopping| *stopping).await);
    }
}

impl LocalTasks {
    pub(crate) fn new(power: Arc<Power>) -> Self {
        let (sender, _) = watch::channel(false);
        Self {
            power,
            stop: Arc::new(LocalStop { sender }),
            alive: Arc::new(AtomicUsize::new(0)),
        }
    }
}

/// Counts a running task; when the task ends or is dropped, the count falls.
struct TaskCount(Arc<AtomicUsize>);

impl Drop for TaskCount {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

#[async_trait]
impl Tasks for LocalTasks {
    #[expect(clippy::disallowed_methods, reason = "the simulation's Tasks is this file")]
    fn spawn(&self, _name: &'static str, future: TaskFuture) {
        self.alive.fetch_add(1, Ordering::SeqCst);
        let alive = TaskCount(Arc::clone(&self.alive));
        let work = async move {
            future.await;
            drop(alive);
        };
        tokio::task::spawn_local(PoweredTask {
            power: Arc::clone(&self.power),
            work: Box::pin(work),
        });
    }

    fn thread(&self, name: &'static str, _work: Box<dyn FnOnce() + Send + 'static>) {
        tracing::error!(
            name,
            "a thread was asked for in the simulation and was not started"
        );
    }

    fn stop_signal(&self) -> Arc<dyn StopSignal> {
        Arc::clone(&self.stop) as Arc<dyn StopSignal>
    }

    fn alive_count(&self) -> usize {
        self.alive.load(Ordering::SeqCst)
    }

    async fn stop(&self) {
        self.stop.sender.send_replace(true);
    }
}
