//! The Tasks port: starts named tasks and threads, counts them, and stops them by one signal.
//!
//! The supervisor of `actors` implements it for the product; the simulation has one that runs everything on a
//! single thread; a contract suite may have a small one of its own.

use async_trait::async_trait;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

/// A task's future. It ends by itself once `StopSignal` has fired.
pub type TaskFuture = Pin<Box<dyn Future<Output = ()> + Send + 'static>>;

/// The signal that the process is stopping.
#[async_trait]
pub trait StopSignal: Send + Sync {
    fn is_stopping(&self) -> bool;
    /// Returns when stopping begins; at once if it has begun. Cancel-safe.
    async fn stopping(&self);
}

/// Starts named tasks and threads, and stops all of them by one signal. Work that must stop in an order
/// does so before the signal.
#[async_trait]
pub trait Tasks: Send + Sync {
    /// Starts a task that runs the future to its end. A panic is logged under `name` and counted; it does
    /// not end the process.
    fn spawn(&self, name: &'static str, future: TaskFuture);
    /// As `spawn`, for work that the process needs. If the task panics or ends before the stop signal, the
    /// product's implementation logs it, reports itself unhealthy and ends the process.
    fn spawn_vital(&self, name: &'static str, future: TaskFuture) {
        self.spawn(name, future);
    }
    /// Runs blocking work on a thread of its own. A panic there ends the process: recovery after a restart is
    /// tested, continuing is not.
    fn thread(&self, name: &'static str, work: Box<dyn FnOnce() + Send + 'static>);
    fn stop_signal(&self) -> Arc<dyn StopSignal>;
    /// Returns the number of tasks and threads that are alive.
    fn alive_count(&self) -> usize;
    /// Fires the stop signal and waits until all tasks and threads have ended, or until the
    /// implementation's limit. A repeated call does no harm.
    async fn stop(&self);
}
