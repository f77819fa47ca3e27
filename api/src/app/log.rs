//! The log that `--store` names: opened for writing, or for reading beside the processes that write it.

use super::AppError;
use super::closing::Closing;
use crate::clock::SystemClock;
use crate::store_spec::StoreSpec;
use actors::Supervisor;
use domain::ports::clock::Clock;
use domain::ports::event_store::EventStore;
use domain::ports::tasks::Tasks;
use domain::time::Timestamp;
use projections::SqliteReadDb;
use std::path::Path;
use std::sync::Arc;
use store::{DataLock, EVENTS_FILE, SqliteEventStore, SqliteOptions};
use tokio::runtime::Handle;

/// What a build without the KurrentDB client answers.
const NO_KURRENT: &str = "this build has no KurrentDB client; build with --features kurrent";

/// What a build answers for PostgreSQL until its store is there.
const NO_POSTGRES: &str = "this build has no PostgreSQL store";

/// A log opened for writing, and how it is closed.
pub(super) type OpenLog = (Arc<dyn EventStore>, Arc<dyn Closing>);

/// Opens for writing. Of a directory's log the caller holds the `DataLock`.
#[expect(clippy::unused_async, reason = "databases are connected to")]
pub(super) async fn open(
    spec: &StoreSpec,
    clock: &Arc<dyn Clock>,
    tasks: &dyn Tasks,
) -> Result<OpenLog, AppError> {
    match spec {
        StoreSpec::Sqlite(directory) => {
            let options = SqliteOptions::default();
            let store = SqliteEventStore::open(directory, Arc::clone(clock), tasks, &options)?;
            let store = Arc::new(store);
            Ok((Arc::<SqliteEventStore>::clone(&store), store))
        }
        StoreSpec::Postgres(_) => Err(AppError::NotBuilt(NO_POSTGRES)),
        StoreSpec::Kurrent(_) => Err(AppError::NotBuilt(NO_KURRENT)),
    }
}

/// A rehearsal's clock must not go below what is recorded, and it must exist before the store is opened.
pub(super) async fn last_recorded(spec: &StoreSpec) -> Result<Option<Timestamp>, AppError> {
    if let StoreSpec::Sqlite(directory) = spec
        && !directory.join(EVENTS_FILE).exists()
    {
        return Ok(None);
    }
    let opened = ReadOnly::of(spec).await?;
    let last = opened.store.last_recorded_at().await;
    opened.close().await;
    Ok(last?)
}

/// A log opened for reading, beside the processes that write it or without one. Needs no key.
pub(crate) struct ReadOnly {
    pub(crate) store: Arc<dyn EventStore>,
    pub(super) tasks: Arc<dyn Tasks>,
    closing: Option<Arc<dyn Closing>>,
}

impl ReadOnly {
    /// Opens any log for reading.
    pub(crate) async fn of(spec: &StoreSpec) -> Result<Self, AppError> {
        match spec {
            StoreSpec::Sqlite(directory) => Self::open(directory),
            StoreSpec::Postgres(_) | StoreSpec::Kurrent(_) => {
                let (clock, tasks) = surroundings();
                let (store, closing) = open(spec, &clock, tasks.as_ref()).await?;
                Ok(Self {
                    store,
                    tasks,
                    closing: Some(closing),
                })
            }
        }
    }

    /// The log of a directory.
    pub(crate) fn open(directory: &Path) -> Result<Self, AppError> {
        let (clock, tasks) = surroundings();
        let store = SqliteEventStore::open_read_only(directory, clock, tasks.as_ref())?;
        Ok(Self {
            store: Arc::new(store),
            tasks,
            closing: None,
        })
    }

    /// The rows beside the log.
    pub(crate) fn rows(directory: &Path) -> Result<Arc<SqliteReadDb>, AppError> {
        Ok(Arc::new(SqliteReadDb::open_read_only(directory)?))
    }

    pub(crate) async fn close(self) {
        drop(self.store);
        if let Some(closing) = &self.closing {
            closing.close().await;
        }
        self.tasks.stop().await;
    }
}

/// A log that events are copied or restored into: nobody else may write a directory's meanwhile.
pub(crate) struct WritableLog {
    pub(crate) store: Arc<dyn EventStore>,
    closing: Arc<dyn Closing>,
    tasks: Arc<dyn Tasks>,
    /// Of a directory's log.
    _lock: Option<DataLock>,
}

#[expect(
    dead_code,
    reason = "copy and restore, which come with the commands of that name"
)]
impl WritableLog {
    /// Makes what does not exist; refuses a directory that a server uses.
    pub(crate) async fn open(spec: &StoreSpec) -> Result<Self, AppError> {
        let lock = match spec {
            StoreSpec::Sqlite(directory) => Some(DataLock::acquire(directory)?),
            StoreSpec::Postgres(_) | StoreSpec::Kurrent(_) => None,
        };
        let (clock, tasks) = surroundings();
        let (store, closing) = open(spec, &clock, tasks.as_ref()).await?;
        Ok(Self {
            store,
            closing,
            tasks,
            _lock: lock,
        })
    }

    /// What was appended is durable and the log is free when this returns.
    pub(crate) async fn close(self) {
        drop(self.store);
        self.closing.close().await;
        self.tasks.stop().await;
    }
}

/// The clock and tasks of a command that is no server.
fn surroundings() -> (Arc<dyn Clock>, Arc<Supervisor>) {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::default());
    let tasks = Supervisor::new(Handle::current(), Arc::clone(&clock));
    (clock, tasks)
}
