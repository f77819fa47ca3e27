//! The right to dial on a log: held by one process at a time, for as long as nobody takes it away.

use crate::app::error::AppError;
use crate::app::lock_right::LockRight;
use crate::store_spec::StoreSpec;
use actors::DialRight;
use async_trait::async_trait;
use domain::ports::clock::Clock;
use domain::ports::event_store::{EventStore, Writers};
use domain::ports::tasks::Tasks;
use std::sync::Arc;
use store::{DriverLock, DriverLockAsker, LockAnswer, PostgresEventStore};

/// One lock a log, whatever dials on it.
const LOCK_NAME: &str = "drivers";

/// Held while it lives.
#[async_trait]
pub trait HeldLock: Send + Sync {
    /// Returns when the lock is this process's no longer. Cancel-safe.
    async fn lost(&self);
}

/// What an ask for the right to dial came to.
pub(crate) enum Asked {
    Held(Box<dyn HeldLock>),
    OfAnother,
    /// An earlier session of this process holds it: the database has not ended that session yet.
    OfEarlierSession,
}

/// Where the right to dial is asked for.
#[async_trait]
pub(crate) trait DriverLocks: Send + Sync {
    /// An error says that it could not be asked.
    async fn acquire(&self) -> Result<Asked, AppError>;

    /// What drivers have to hold for each command; `None` where no other process can hold it.
    fn right(&self) -> Option<Arc<dyn DialRight>>;
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
        let asker = DriverLockAsker::new(url, LOCK_NAME, Arc::clone(clock))?;
        return Ok(Arc::new(DatabaseLock {
            right: LockRight::new(&asker, clock),
            asker,
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
    async fn acquire(&self) -> Result<Asked, AppError> {
        Ok(Asked::Held(Box::new(Self)))
    }

    fn right(&self) -> Option<Arc<dyn DialRight>> {
        None
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
    right: Arc<LockRight>,
    asker: DriverLockAsker,
    shared: Arc<PostgresEventStore>,
    tasks: Arc<dyn Tasks>,
}

#[async_trait]
impl DriverLocks for DatabaseLock {
    /// A log that a restore or a copy has left half filled is refused: while it is being filled whoever does
    /// so holds the lock, and what a killed one leaves must not be dialed on by a server that stood by.
    async fn acquire(&self) -> Result<Asked, AppError> {
        let lock = match self.asker.ask(self.tasks.as_ref()).await? {
            LockAnswer::Held(lock) => lock,
            LockAnswer::OfEarlierSession => return Ok(Asked::OfEarlierSession),
            LockAnswer::OfAnother => {
                self.right.set_lost(true);
                return Ok(Asked::OfAnother);
            }
        };
        self.right.set_lost(false);
        match self.shared.half_filled_by().await? {
            Some(by) => Err(AppError::HalfFilled(by)),
            None => Ok(Asked::Held(Box::new(lock))),
        }
    }

    fn right(&self) -> Option<Arc<dyn DialRight>> {
        Some(Arc::clone(&self.right) as Arc<dyn DialRight>)
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
