//! The Tasks port: every task and thread is named, counted and told to stop.
//!
//! The supervisor of `actors` implements it for the product; the simulation passes one that runs
//! everything on a single thread; a contract suite may hold a small one of its own.

use async_trait::async_trait;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

/// A task's future. It ends by itself once `StopSignal` has fired.
pub type TaskFuture = Pin<Box<dyn Future<Output = ()> + Send + 'static>>;

/// Tells a task that the process wants to stop.
#[async_trait]
pub trait StopSignal: Send + Sync {
    fn is_stopping(&self) -> bool;
    /// Returns when stopping begins; at once if it has begun. Cancel-safe.
    async fn stopping(&self);
}

/// Spawns named work and stops it, all at one signal: what needs an order keeps it before the signal.
#[async_trait]
pub trait Tasks: Send + Sync {
    /// Runs a future to its end. A panic is logged under `name` and counted; it does not end the process.
    fn spawn(&self, name: &'static str, future: TaskFuture);
    /// As `spawn`, for what the process cannot do without: where such a task panics, or ends before the stop
    /// signal, the product's tasks say so, health says no and the process ends.
    fn spawn_vital(&self, name: &'static str, future: TaskFuture) {
        self.spawn(name, future);
    }
    /// Runs blocking work on a thread of its own. A panic there ends the process: recovery is the tested
    /// path.
    fn thread(&self, name: &'static str, work: Box<dyn FnOnce() + Send + 'static>);
    fn stop_signal(&self) -> Arc<dyn StopSignal>;
    /// How many tasks and threads are alive now.
    fn alive_count(&self) -> usize;
    /// Fires the stop signal and waits until all have ended, or until the implementation's limit; idempotent.
    async fn stop(&self);
}
