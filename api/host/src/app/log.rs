//! Opens the log that `--store` names: for writing, or for reading beside the processes that write it.

use crate::app::closable::ClosableResource;
use crate::app::driver_lock;
use crate::app::error::AppError;
use crate::app::kurrent_log;
use crate::app::shared_log;
use crate::clock::SystemClock;
use crate::data_dir::{self, Mode};
use crate::store_spec::StoreSpec;
use actors::Supervisor;
use domain::ports::clock::Clock;
use domain::ports::event_store::{EventStore, StoreError};
use domain::ports::tasks::Tasks;
use domain::realm::Real;
use domain::stored_event::Position;
use domain::time::Timestamp;
use std::future::Future;
use std::path::Path;
use std::sync::Arc;
use store::{
    DataLock, DriverLock, EVENTS_FILE, LookupMismatch, OpenError, PostgresEventStore, PostgresOptions,
    RealmStore, SqliteEventStore, SqliteOptions,
};
use tokio::runtime::Handle;

/// A log that is open for writing.
pub(crate) struct OpenLog {
    pub store: Arc<dyn EventStore>,
    pub closing: Arc<dyn ClosableResource>,
    /// The PostgreSQL store, if several processes may write this log: for what they must agree on.
    pub shared: Option<Arc<PostgresEventStore>>,
}

/// Which logs may be opened: complete ones only, or half-filled ones too.
#[derive(Clone, Copy, PartialEq, Eq)]
enum LogCompleteness {
    /// Complete logs only.
    Whole,
    /// Also logs with an interrupted restore or copy.
    AlsoHalf,
}

/// Opens a complete log for writing. For a log in a directory the caller holds the `DataLock`.
pub(super) async fn open(
    spec: &StoreSpec,
    clock: &Arc<dyn Clock>,
    tasks: &dyn Tasks,
) -> Result<OpenLog, AppError> {
    open_with(spec, clock, tasks, LogCompleteness::Whole).await
}

async fn open_with(
    spec: &StoreSpec,
    clock: &Arc<dyn Clock>,
    tasks: &dyn Tasks,
    filled: LogCompleteness,
) -> Result<OpenLog, AppError> {
    let clock = Arc::clone(clock);
    match spec {
        StoreSpec::Sqlite(directory) => {
            let options = SqliteOptions {
                half_filled: filled == LogCompleteness::AlsoHalf,
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
                half_filled: filled == LogCompleteness::AlsoHalf,
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

/// Opens the existing log for reading, before anything is opened for writing; `None` if there is none.
pub(super) async fn open_existing_log(spec: &StoreSpec) -> Result<Option<ReadOnlyLog>, AppError> {
    if let StoreSpec::Sqlite(directory) = spec
        && !directory.join(EVENTS_FILE).exists()
    {
        return Ok(None);
    }
    match ReadOnlyLog::of(spec).await {
        Err(AppError::Open(OpenError::Missing(_))) => Ok(None),
        opened => opened.map(Some),
    }
}

/// Returns when the last event was recorded; `None` without a log or an event. A rehearsal's clock must not
/// be behind it, and must exist before the store is opened for writing.
pub(crate) async fn last_recorded(found: Option<&ReadOnlyLog>) -> Result<Option<Timestamp>, AppError> {
    match found {
        Some(found) => Ok(found.store.last_recorded_at().await?),
        None => Ok(None),
    }
}

/// A log that is open for reading only, beside the processes that write it or without any. Needs no key.
pub struct ReadOnlyLog {
    /// The real realm of the log.
    pub store: Arc<dyn EventStore>,
    /// The whole log, with the sandbox: for proofs, checks, copies and backups.
    pub log: Arc<dyn EventStore>,
    pub tasks: Arc<dyn Tasks>,
    closing: Option<Arc<dyn ClosableResource>>,
    /// The PostgreSQL store of a shared log.
    shared: Option<Arc<PostgresEventStore>>,
}

impl ReadOnlyLog {
    /// Opens a log of any kind for reading.
    pub async fn of(spec: &StoreSpec) -> Result<Self, AppError> {
        let (clock, tasks) = surroundings();
        match spec {
            StoreSpec::Sqlite(directory) => Self::open(directory),
            StoreSpec::Postgres(url) => {
                let options = PostgresOptions::default();
                let store = PostgresEventStore::connect_read_only(url, clock, tasks.as_ref(), &options);
                let store = Arc::new(store.await?);
                Ok(Self {
                    shared: Some(Arc::clone(&store)),
                    closing: Some(Arc::<PostgresEventStore>::clone(&store)),
                    ..Self::reading(store, tasks)
                })
            }
            StoreSpec::Kurrent(url) => {
                let (store, closing) = kurrent_log::open(url, clock, tasks.as_ref()).await?;
                Ok(Self {
                    closing: Some(closing),
                    ..Self::reading(store, tasks)
                })
            }
        }
    }

    /// Opens the log of a directory for reading.
    pub fn open(directory: &Path) -> Result<Self, AppError> {
        let (clock, tasks) = surroundings();
        let store = SqliteEventStore::open_read_only(directory, clock, tasks.as_ref())?;
        Ok(Self::reading(Arc::new(store), tasks))
    }

    fn reading(log: Arc<dyn EventStore>, tasks: Arc<dyn Tasks>) -> Self {
        Self {
            store: Arc::new(RealmStore::<Real>::new(Arc::clone(&log))),
            log,
            tasks,
            closing: None,
            shared: None,
        }
    }

    /// Returns the first event of a shared log that has other values in its table columns, which queries use,
    /// than in its record.
    pub async fn misleading_column(&self) -> Result<Option<LookupMismatch>, StoreError> {
        match &self.shared {
            Some(shared) => shared.find_misleading().await,
            None => Ok(None),
        }
    }

    /// Returns the tasks on which commands that read a log run their threads.
    pub fn tasks(&self) -> &dyn Tasks {
        self.tasks.as_ref()
    }

    /// Closes the store, stops the tasks, and returns when both are done.
    pub async fn close(self) {
        drop((self.store, self.log));
        if let Some(closing) = &self.closing {
            closing.close().await;
        }
        self.tasks.stop().await;
    }
}

/// A log that a command fills with events, by a copy or restore. No other process may write it meanwhile.
pub struct WritableLog {
    pub store: Arc<dyn EventStore>,
    closing: Arc<dyn ClosableResource>,
    tasks: Arc<dyn Tasks>,
    shared: Option<Arc<PostgresEventStore>>,
    /// The lock of a log in a directory.
    lock: Option<DataLock>,
    /// The driver lock of a shared log: no server dials on it meanwhile.
    driver_lock: Option<DriverLock>,
}

impl WritableLog {
    /// Opens the log, creating it if it does not exist. Fails if a server uses the directory or dials on the
    /// database.
    pub async fn open(spec: &StoreSpec) -> Result<Self, AppError> {
        let lock = lock_of(spec)?;
        let (clock, tasks) = surroundings();
        let driver_lock = match spec {
            StoreSpec::Postgres(url) => {
                Some(driver_lock::keep_servers_out(url, &clock, tasks.as_ref()).await?)
            }
            StoreSpec::Sqlite(_) | StoreSpec::Kurrent(_) => None,
        };
        let log = open_with(spec, &clock, tasks.as_ref(), LogCompleteness::AlsoHalf).await?;
        Ok(Self {
            store: log.store,
            closing: log.closing,
            tasks,
            shared: log.shared,
            lock,
            driver_lock,
        })
    }

    /// Runs `work`, which fills the log for the command `by`. Until it succeeds the log is marked as half
    /// filled and cannot be opened otherwise, even if this process is killed. The mark is removed if `work`
    /// fails without having changed a log that had no mark before.
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

    /// Fails if the log has the other mode, rehearsal or real. A log without a mode gets this one.
    pub async fn hold_to_mode(&self, mode: Mode) -> Result<(), AppError> {
        if let Some(lock) = &self.lock {
            data_dir::hold_to_mode(lock.dir(), mode)?;
        }
        if let Some(shared) = &self.shared {
            shared_log::hold_to_mode(shared, mode).await?;
        }
        Ok(())
    }

    /// Closes the log. When this returns, appended events are durable and the log is released.
    pub async fn close(self) {
        drop((self.store, self.shared));
        self.closing.close().await;
        if let Some(lock) = self.driver_lock {
            lock.release().await;
        }
        self.tasks.stop().await;
    }
}

/// A log into which a command writes an event of its own. Servers on a shared log may run meanwhile.
pub struct RecordableLog {
    log: OpenLog,
    /// The real realm of the log.
    store: RealmStore<Real>,
    tasks: Arc<Supervisor>,
    /// The lock of a log in a directory.
    lock: Option<DataLock>,
}

impl RecordableLog {
    /// Opens an existing log. Fails if a server uses the directory: the command is sent to that server
    /// instead.
    pub async fn open(spec: &StoreSpec) -> Result<Self, AppError> {
        if let StoreSpec::Sqlite(directory) = spec
            && !directory.join(EVENTS_FILE).exists()
        {
            return Err(OpenError::Missing(directory.join(EVENTS_FILE)).into());
        }
        let lock = lock_of(spec)?;
        let (clock, tasks) = surroundings();
        let log = open(spec, &clock, tasks.as_ref()).await?;
        let store = RealmStore::new(Arc::clone(&log.store));
        Ok(Self {
            log,
            store,
            tasks,
            lock,
        })
    }

    /// Returns the real realm of the log, to read it and to append the command's event.
    pub fn store(&self) -> &dyn EventStore {
        &self.store
    }

    /// Returns what was wrong with an index that was rebuilt when the log was opened; `None` if it was not.
    pub fn index_remade(&self) -> Option<String> {
        self.log.closing.index_remade()
    }

    /// Closes the log. When this returns, appended events are durable and the log is released.
    pub async fn close(self) {
        let OpenLog {
            store,
            closing,
            shared,
        } = self.log;
        drop((store, shared, self.store));
        closing.close().await;
        self.tasks.stop().await;
        drop(self.lock);
    }
}

/// Takes the lock of a directory's log, which its single writer holds. Other stores have their own
/// protection.
fn lock_of(spec: &StoreSpec) -> Result<Option<DataLock>, AppError> {
    match spec {
        StoreSpec::Sqlite(directory) => Ok(Some(DataLock::acquire(directory)?)),
        StoreSpec::Postgres(_) | StoreSpec::Kurrent(_) => Ok(None),
    }
}

/// Makes the clock and tasks of a command that is not a server.
fn surroundings() -> (Arc<dyn Clock>, Arc<Supervisor>) {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::default());
    let tasks = Supervisor::new(Handle::current(), Arc::clone(&clock));
    (clock, tasks)
}
