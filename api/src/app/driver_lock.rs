//! The right to dial on a log: held by one process at a time, for as long as nobody takes it away.

use super::AppError;
use async_trait::async_trait;
use domain::ports::event_store::{EventStore, Writers};
use std::sync::Arc;

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
pub(super) fn of(store: &Arc<dyn EventStore>) -> Arc<dyn DriverLocks> {
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
