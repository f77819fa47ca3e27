//! The right to dial on a log: held by one process at a time, for as long as nobody takes it away.

use super::AppError;
use crate::store_spec::StoreSpec;
use async_trait::async_trait;
use domain::ports::clock::Clock;
use domain::ports::event_store::{EventStore, Writers};
use domain::ports::tasks::Tasks;
use std::sync::Arc;
use store::DriverLock;

/// One lock a log, whatever dials on it.
const LOCK_NAME: &str = "drivers";

/// Held while it lives.
#[async_trait]
pub(crate) trait HeldLock: Send + Sync {
    /// Returns when the lock is this process's no longer. Cancel-safe.
    async fn lost(&self);
}

/// Where the right to dial is asked for.
#[async_trait]
pub(crate) trait DriverLocks: Send + Sync {
    /// `None` while another process holds it. An error says that it could not be asked.
    async fn acquire(&self) -> Result<Option<Box<dyn HeldLock>>, AppError>;
}

/// The locks of an open log.
pub(super) fn of(
    spec: &StoreSpec,
    store: &dyn EventStore,
    (clock, tasks): (&Arc<dyn Clock>, &Arc<dyn Tasks>),
) -> Arc<dyn DriverLocks> {
    if let StoreSpec::Postgres(url) = spec {
        return Arc::new(DatabaseLock {
            url: url.clone(),
            clock: Arc::clone(clock),
            tasks: Arc::clone(tasks),
        });
    }
    if store.capabilities().writers == Writers::ManyProcesses {
        tracing::warn!("this log has no driver lock: see to it that only one server on it has trunks");
    }
    Arc::new(OwnLog)
}

/// A log that this process alone writes: its data directory is locked, and that is enough.
struct OwnLog;

#[async_trait]
impl DriverLocks for OwnLog {
    async fn acquire(&self) -> Result<Option<Box<dyn HeldLock>>, AppError> {
        Ok(Some(Box::new(Self)))
    }
}

#[async_trait]
impl HeldLock for OwnLog {
    async fn lost(&self) {
        std::future::pending::<()>().await;
    }
}

/// The session lock of a PostgreSQL database. Each ask is a connection of its own.
struct DatabaseLock {
    url: String,
    clock: Arc<dyn Clock>,
    tasks: Arc<dyn Tasks>,
}

#[async_trait]
impl DriverLocks for DatabaseLock {
    async fn acquire(&self) -> Result<Option<Box<dyn HeldLock>>, AppError> {
        let clock = Arc::clone(&self.clock);
        let lock = DriverLock::acquire(&self.url, LOCK_NAME, clock, self.tasks.as_ref()).await?;
        Ok(lock.map(|lock| Box::new(lock) as Box<dyn HeldLock>))
    }
}

#[async_trait]
impl HeldLock for DriverLock {
    async fn lost(&self) {
        Self::lost(self).await;
    }
}
