//! The right to dial on a log: held by one process at a time, for as long as nobody takes it away.

use crate::app::error::AppError;
use crate::store_spec::StoreSpec;
use async_trait::async_trait;
use domain::ports::clock::Clock;
use domain::ports::event_store::{EventStore, Writers};
use domain::ports::tasks::Tasks;
use std::sync::Arc;
use store::{DriverLock, DriverLockAsker, PostgresEventStore};

/// One lock a log, whatever dials on it.
const LOCK_NAME: &str = "drivers";

/// Held while it lives.
#[async_trait]
pub trait HeldLock: Send + Sync {
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
    shared: Option<&Arc<PostgresEventStore>>,
    clock: &Arc<dyn Clock>,
    tasks: &Arc<dyn Tasks>,
) -> Result<Arc<dyn DriverLocks>, AppError> {
    if let (StoreSpec::Postgres(url), Some(shared)) = (spec, shared) {
        return Ok(Arc::new(DatabaseLock {
            asker: DriverLockAsker::new(url, LOCK_NAME, Arc::clone(clock))?,
            shared: Arc::clone(shared),
            tasks: Arc::clone(tasks),
        }));
    }
    if store.capabilities().writers == Writers::ManyProcesses {
        tracing::warn!("this log has no driver lock: see to it that only one server on it has trunks");
    }
    Ok(Arc::new(OwnLog))
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

/// The session lock of a PostgreSQL database, asked for over one connection.
struct DatabaseLock {
    asker: DriverLockAsker,
    shared: Arc<PostgresEventStore>,
    tasks: Arc<dyn Tasks>,
}

#[async_trait]
impl DriverLocks for DatabaseLock {
    /// A log that a restore or a copy has left half filled is refused: while it is being filled whoever does
    /// so holds the lock, and what a killed one leaves must not be dialed on by a server that stood by.
    async fn acquire(&self) -> Result<Option<Box<dyn HeldLock>>, AppError> {
        let Some(lock) = self.asker.ask(self.tasks.as_ref()).await? else {
            return Ok(None);
        };
        match self.shared.half_filled_by().await? {
            Some(by) => Err(AppError::HalfFilled(by)),
            None => Ok(Some(Box::new(lock))),
        }
    }
}

/// The right to dial on a database, taken by a command that fills its log: until it is dropped no server
/// dials there, and none may be dialing now.
pub(crate) async fn keep_servers_out(
    url: &str,
    clock: &Arc<dyn Clock>,
    tasks: &dyn Tasks,
) -> Result<DriverLock, AppError> {
    let lock = DriverLock::acquire(url, LOCK_NAME, Arc::clone(clock), tasks).await?;
    lock.ok_or(AppError::Driven)
}

#[async_trait]
impl HeldLock for DriverLock {
    async fn lost(&self) {
        Self::lost(self).await;
    }
}
