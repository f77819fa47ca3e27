//! The log that `--store` names: opened for writing, or for reading beside the processes that write it.

use crate::app::closing::Closing;
use crate::app::driver_lock;
use crate::app::error::AppError;
use crate::app::kurrent_log;
use crate::app::shared;
use crate::clock::SystemClock;
use crate::data_dir::{self, Mode};
use crate::store_spec::StoreSpec;
use actors::Supervisor;
use domain::ports::clock::Clock;
use domain::ports::event_store::{EventStore, StoreError};
use domain::ports::tasks::Tasks;
use domain::stored_event::Position;
use domain::time::Timestamp;
use std::future::Future;
use std::path::Path;
use std::sync::Arc;
use store::{
    DataLock, DriverLock, EVENTS_FILE, Misleading, OpenError, PostgresEventStore, PostgresOptions,
    SqliteEventStore, SqliteOptions,
};
use tokio::runtime::Handle;

/// A log opened for writing.
pub(crate) struct OpenLog {
    pub store: Arc<dyn EventStore>,
    pub closing: Arc<dyn Closing>,
    /// Where several processes write, what they must agree on and take turns by.
    pub shared: Option<Arc<PostgresEventStore>>,
}

/// Which logs are opened.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Filled {
    /// Only whole ones.
    Whole,
    /// Also what a restore or a copy was cut off in.
    AlsoHalf,
}

/// Opens for writing. Of a directory's log the caller holds the `DataLock`.
pub(super) async fn open(
    spec: &StoreSpec,
    clock: &Arc<dyn Clock>,
    tasks: &dyn Tasks,
) -> Result<OpenLog, AppError> {
    open_with(spec, clock, tasks, Filled::Whole).await
}

async fn open_with(
    spec: &StoreSpec,
    clock: &Arc<dyn Clock>,
    tasks: &dyn Tasks,
    filled: Filled,
) -> Result<OpenLog, AppError> {
    let clock = Arc::clone(clock);
    match spec {
        StoreSpec::Sqlite(directory) => {
            let options = SqliteOptions {
                half_filled: filled == Filled::AlsoHalf,
                ..SqliteOptions::default()
            };
            let store = Arc::new(SqliteEventStore::open(directory, clock, tasks, &options)?);
            Ok(OpenLog {
                store: Arc::<SqliteEventStore>::clone(&store),
                closing: store,
                shared: None,
            })
        }
        StoreSpec::Postgres(url) => {
            let options = PostgresOptions {
                half_filled: filled == Filled::AlsoHalf,
                ..PostgresOptions::default()
            };
            let store = Arc::new(PostgresEventStore::connect(url, clock, tasks, &options).await?);
            Ok(OpenLog {
                store: Arc::<PostgresEventStore>::clone(&store),
                closing: Arc::<PostgresEventStore>::clone(&store),
                shared: Some(store),
            })
        }
        StoreSpec::Kurrent(url) => {
            let (store, closing) = kurrent_log::open(url, clock, tasks).await?;
            Ok(OpenLog {
                store,
                closing,
                shared: None,
            })
        }
    }
}

/// The log as it is found, for reading, before anything is opened for writing; `None` where there is none.
pub(super) async fn found(spec: &StoreSpec) -> Result<Option<ReadOnly>, AppError> {
    if let StoreSpec::Sqlite(directory) = spec
        && !directory.join(EVENTS_FILE).exists()
    {
        return Ok(None);
    }
    match ReadOnly::of(spec).await {
        Err(AppError::Open(OpenError::Missing(_))) => Ok(None),
        opened => opened.map(Some),
    }
}

/// A rehearsal's clock must not go below what is recorded, and it must exist before the store is opened.
pub(crate) async fn last_recorded(found: Option<&ReadOnly>) -> Result<Option<Timestamp>, AppError> {
    match found {
        Some(found) => Ok(found.store.last_recorded_at().await?),
        None => Ok(None),
    }
}

/// A log opened for reading, beside the processes that write it or without one. Needs no key.
pub struct ReadOnly {
    pub store: Arc<dyn EventStore>,
    pub tasks: Arc<dyn Tasks>,
    closing: Option<Arc<dyn Closing>>,
    /// Of a shared log.
    shared: Option<Arc<PostgresEventStore>>,
}

impl ReadOnly {
    /// Opens any log for reading.
    pub async fn of(spec: &StoreSpec) -> Result<Self, AppError> {
        let (clock, tasks) = surroundings();
        match spec {
            StoreSpec::Sqlite(directory) => Self::open(directory),
            StoreSpec::Postgres(url) => {
                let options = PostgresOptions::default();
                let store = PostgresEventStore::connect_read_only(url, clock, tasks.as_ref(), &options);
                let store = Arc::new(store.await?);
                Ok(Self {
                    store: Arc::<PostgresEventStore>::clone(&store),
                    tasks,
                    closing: Some(Arc::<PostgresEventStore>::clone(&store)),
                    shared: Some(store),
                })
            }
            StoreSpec::Kurrent(url) => {
                let (store, closing) = kurrent_log::open(url, clock, tasks.as_ref()).await?;
                Ok(Self {
                    store,
                    tasks,
                    closing: Some(closing),
                    shared: None,
                })
            }
        }
    }

    /// The log of a directory.
    pub fn open(directory: &Path) -> Result<Self, AppError> {
        let (clock, tasks) = surroundings();
        let store = SqliteEventStore::open_read_only(directory, clock, tasks.as_ref())?;
        Ok(Self {
            store: Arc::new(store),
            tasks,
            closing: None,
            shared: None,
        })
    }

    /// The first event of a shared log whose columns, by which it is found, are not what its record says.
    pub async fn misleading_column(&self) -> Result<Option<Misleading>, StoreError> {
        match &self.shared {
            Some(shared) => shared.find_misleading().await,
            None => Ok(None),
        }
    }

    /// Where commands that read a log run their threads.
    pub fn tasks(&self) -> &dyn Tasks {
        self.tasks.as_ref()
    }

    pub async fn close(self) {
        drop(self.store);
        if let Some(closing) = &self.closing {
            closing.close().await;
        }
        self.tasks.stop().await;
    }
}

/// A log that events are copied or restored into: nobody else may write a directory's meanwhile.
pub struct WritableLog {
    pub store: Arc<dyn EventStore>,
    closing: Arc<dyn Closing>,
    tasks: Arc<dyn Tasks>,
    shared: Option<Arc<PostgresEventStore>>,
    /// Of a directory's log.
    lock: Option<DataLock>,
    /// Of a shared log: no server dials on it meanwhile.
    driver_lock: Option<DriverLock>,
}

impl WritableLog {
    /// Makes what does not exist; refuses a directory that a server uses, and a database where one dials.
    pub async fn open(spec: &StoreSpec) -> Result<Self, AppError> {
        let lock = lock_of(spec)?;
        let (clock, tasks) = surroundings();
        let driver_lock = match spec {
            StoreSpec::Postgres(url) => {
                Some(driver_lock::keep_servers_out(url, &clock, tasks.as_ref()).await?)
            }
            StoreSpec::Sqlite(_) | StoreSpec::Kurrent(_) => None,
        };
        let log = open_with(spec, &clock, tasks.as_ref(), Filled::AlsoHalf).await?;
        Ok(Self {
            store: log.store,
            closing: log.closing,
            tasks,
            shared: log.shared,
            lock,
            driver_lock,
        })
    }

    /// Fills the log by `work`, the command `by`. Until that is done the log counts as half filled and is
    /// refused to everybody else, also when this process is killed; one that was left as it was does not.
    pub async fn fill<T, E: From<AppError>>(
        &self,
        by: &str,
        work: impl Future<Output = Result<T, E>>,
    ) -> Result<T, E> {
        let (before, is_new) = self.begin_filling(by).await?;
        let filled = work.await;
        let is_untouched = is_new && self.store.head().await == Ok(before);
        if filled.is_ok() || is_untouched {
            self.end_filling().await?;
        }
        filled
    }

    async fn begin_filling(&self, by: &str) -> Result<(Position, bool), AppError> {
        let before = self.store.head().await?;
        let is_new = match (&self.shared, &self.lock) {
            (Some(shared), _) => shared.begin_filling(by).await?,
            (None, Some(lock)) => store::begin_filling(lock.dir(), by)?,
            (None, None) => true,
        };
        Ok((before, is_new))
    }

    async fn end_filling(&self) -> Result<(), AppError> {
        match (&self.shared, &self.lock) {
            (Some(shared), _) => shared.end_filling().await?,
            (None, Some(lock)) => store::end_filling(lock.dir())?,
            (None, None) => {}
        }
        Ok(())
    }

    /// Holds the log to what it was made for, or marks a new one.
    pub async fn hold_to_mode(&self, mode: Mode) -> Result<(), AppError> {
        if let Some(lock) = &self.lock {
            data_dir::hold_to_mode(lock.dir(), mode)?;
        }
        if let Some(shared) = &self.shared {
            shared::hold_to_mode(shared, mode).await?;
        }
        Ok(())
    }

    /// What was appended is durable and the log is free when this returns.
    pub async fn close(self) {
        drop((self.store, self.shared));
        self.closing.close().await;
        if let Some(lock) = self.driver_lock {
            lock.release().await;
        }
        self.tasks.stop().await;
    }
}

/// A log into which a command puts an event of its own, beside the servers of a shared one.
pub struct RecordableLog {
    log: OpenLog,
    tasks: Arc<Supervisor>,
    /// Of a directory's log.
    lock: Option<DataLock>,
}

impl RecordableLog {
    /// Refuses a directory that a server uses, which is to be asked instead. The log must exist.
    pub async fn open(spec: &StoreSpec) -> Result<Self, AppError> {
        if let StoreSpec::Sqlite(directory) = spec
            && !directory.join(EVENTS_FILE).exists()
        {
            return Err(OpenError::Missing(directory.join(EVENTS_FILE)).into());
        }
        let lock = lock_of(spec)?;
        let (clock, tasks) = surroundings();
        let log = open(spec, &clock, tasks.as_ref()).await?;
        Ok(Self { log, tasks, lock })
    }

    pub fn store(&self) -> &dyn EventStore {
        self.log.store.as_ref()
    }

    /// What was wrong with an index that had to be made again when the log was opened.
    pub fn index_remade(&self) -> Option<String> {
        self.log.closing.index_remade()
    }

    /// What was appended is durable and the log is free when this returns.
    pub async fn close(self) {
        let OpenLog {
            store,
            closing,
            shared,
        } = self.log;
        drop((store, shared));
        closing.close().await;
        self.tasks.stop().await;
        drop(self.lock);
    }
}

/// Of a directory's log the lock that its one writer holds; other stores have fences of their own.
fn lock_of(spec: &StoreSpec) -> Result<Option<DataLock>, AppError> {
    match spec {
        StoreSpec::Sqlite(directory) => Ok(Some(DataLock::acquire(directory)?)),
        StoreSpec::Postgres(_) | StoreSpec::Kurrent(_) => Ok(None),
    }
}

/// The clock and tasks of a command that is no server.
fn surroundings() -> (Arc<dyn Clock>, Arc<Supervisor>) {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::default());
    let tasks = Supervisor::new(Handle::current(), Arc::clone(&clock));
    (clock, tasks)
}
