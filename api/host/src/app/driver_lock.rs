//! The driver lock: the right to dial on a log. One process holds it at a time, until it releases or loses
//! it.

use crate::app::error::AppError;
use crate::app::lock_right::LockRight;
use crate::store_spec::StoreSpec;
use actors::DialRight;
use async_trait::async_trait;
use domain::ports::clock::Clock;
use domain::ports::event_store::{EventStore, WriterConcurrency};
use domain::ports::tasks::Tasks;
use std::sync::Arc;
use store::{DriverLock, DriverLockClient, LockAnswer, PostgresEventStore};

/// The name of the driver lock: one per log.
const LOCK_NAME: &str = "drivers";
/// The name of the lock of the sandbox's drivers: one per log.
const SANDBOX_LOCK_NAME: &str = "sandbox drivers";

/// A driver lock that this process holds until the value is dropped.
#[async_trait]
pub trait HeldLock: Send + Sync {
    /// Returns when this process has lost the lock. Cancel-safe.
    async fn lost(&self);
}

/// The answer to a request for the driver lock.
pub(crate) enum DriverLockAnswer {
    Held(Box<dyn HeldLock>),
    OfAnother,
    /// An earlier session of this process still holds it: the database has not ended that session yet.
    OfEarlierSession,
}

/// Requests the driver lock of one log.
#[async_trait]
pub(crate) trait DriverLocks: Send + Sync {
    /// Requests the driver lock once, without waiting for another holder. An error means that it could not
    /// be requested, for example because the database is unavailable.
    async fn acquire(&self) -> Result<DriverLockAnswer, AppError>;

    /// Returns the right that drivers check before each command; `None` if no other process can take the
    /// lock.
    fn right(&self) -> Option<Arc<dyn DialRight>>;
}

/// Where the driver locks of an open log are requested.
pub(super) struct RealmLocks {
    pub(super) real: Arc<dyn DriverLocks>,
    pub(super) sandbox: Arc<dyn DriverLocks>,
}

/// Returns where the driver locks of both realms are requested. Warns if several processes may write a log
/// that has none.
pub(super) fn of_realms(
    spec: &StoreSpec,
    store: &dyn EventStore,
    shared: Option<&Arc<PostgresEventStore>>,
    clock: &Arc<dyn Clock>,
    tasks: &Arc<dyn Tasks>,
) -> Result<RealmLocks, AppError> {
    if shared.is_none() && store.capabilities().writers == WriterConcurrency::ManyProcesses {
        tracing::warn!("this log has no driver lock: make sure that only one server on it has trunks");
    }
    Ok(RealmLocks {
        real: of(spec, LOCK_NAME, shared, clock, tasks)?,
        sandbox: of(spec, SANDBOX_LOCK_NAME, shared, clock, tasks)?,
    })
}

/// Returns where the driver lock of an open log is requested: at its PostgreSQL database. For any other log
/// it is always held.
fn of(
    spec: &StoreSpec,
    name: &str,
    shared: Option<&Arc<PostgresEventStore>>,
    clock: &Arc<dyn Clock>,
    tasks: &Arc<dyn Tasks>,
) -> Result<Arc<dyn DriverLocks>, AppError> {
    if let (StoreSpec::Postgres(url), Some(shared)) = (spec, shared) {
        let asker = DriverLockClient::new(url, name, Arc::clone(clock))?;
        return Ok(Arc::new(DatabaseLock {
            right: LockRight::new(&asker, clock),
            asker,
            shared: Arc::clone(shared),
            tasks: Arc::clone(tasks),
        }));
    }
    Ok(Arc::new(OwnLogLock))
}

/// The driver lock of a log that only this process writes. It is always held, because the data directory is
/// locked.
struct OwnLogLock;

#[async_trait]
impl DriverLocks for OwnLogLock {
    async fn acquire(&self) -> Result<DriverLockAnswer, AppError> {
        Ok(DriverLockAnswer::Held(Box::new(Self)))
    }

    fn right(&self) -> Option<Arc<dyn DialRight>> {
        None
    }
}

#[async_trait]
impl HeldLock for OwnLogLock {
    async fn lost(&self) {
        std::future::pending::<()>().await;
    }
}

/// The driver lock of a PostgreSQL log: a session lock, requested over one connection.
struct DatabaseLock {
    right: Arc<LockRight>,
    asker: DriverLockClient,
    shared: Arc<PostgresEventStore>,
    tasks: Arc<dyn Tasks>,
}

#[async_trait]
impl DriverLocks for DatabaseLock {
    /// Requests the lock. Refuses a log that a restore or copy has left half filled. The command that fills a
    /// log holds the lock meanwhile; if it is killed, no standby may dial on what it left.
    async fn acquire(&self) -> Result<DriverLockAnswer, AppError> {
        let lock = match self.asker.ask(self.tasks.as_ref()).await? {
            LockAnswer::Held(lock) => lock,
            LockAnswer::OfEarlierSession => return Ok(DriverLockAnswer::OfEarlierSession),
            LockAnswer::OfAnother => {
                self.right.set_lost(true);
                return Ok(DriverLockAnswer::OfAnother);
            }
        };
        self.right.set_lost(false);
        match self.shared.half_filled_by().await? {
            Some(by) => Err(AppError::HalfFilled(by)),
            None => Ok(DriverLockAnswer::Held(Box::new(lock))),
        }
    }

    fn right(&self) -> Option<Arc<dyn DialRight>> {
        Some(Arc::clone(&self.right) as Arc<dyn DialRight>)
    }
}

/// Takes the driver lock for a command that fills a log: until it is dropped no server dials on that
/// database. Fails with `Driven` if one dials now.
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
