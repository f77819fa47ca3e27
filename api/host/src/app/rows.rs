//! Opens the read database that `--read-db` names: for a server, for a command that rebuilds views, or for
//! reading beside the processes that write them. Refuses rows of another log.

use crate::app::error::AppError;
use crate::app::log::ReadOnlyLog;
use crate::log_proofs::history;
use crate::read_db_spec::ReadDbSpec;
use crate::store_spec::StoreSpec;
use actors::Environment;
use domain::ports::clock::Clock;
use domain::ports::event_store::{EventStore, StoreError};
use domain::ports::tasks::{StopSignal, Tasks};
use projections::{
    Origin, PostgresReadDb, ReadDb, SqliteReadDb, bind_to_log, find_divergent_checkpoints,
    find_incompatible_tables, origin_of, reset_divergent_views, rows_of_other_build, views,
};
use std::path::Path;
use std::sync::Arc;
use store::DataLock;

/// The pause before a log or read database that was unavailable is asked again, in milliseconds.
const AGAIN_AFTER_MS: u64 = 1_000;

/// A read database that is open for writing.
pub(crate) struct OpenRows {
    pub db: Arc<dyn ReadDb>,
    /// The lock of its directory, if that is not the process's own.
    lock: Option<DataLock>,
}

impl OpenRows {
    /// Opens the read database for a process that holds the lock of the directory `own`.
    pub(super) async fn open(
        spec: &ReadDbSpec,
        own: &Path,
        clock: &Arc<dyn Clock>,
        tasks: &dyn Tasks,
    ) -> Result<Self, AppError> {
        match spec {
            ReadDbSpec::Sqlite(directory) => {
                let lock = match directory == own {
                    true => None,
                    false => Some(DataLock::acquire(directory)?),
                };
                let db = Arc::new(SqliteReadDb::open(directory, tasks)?);
                Ok(Self { db, lock })
            }
            ReadDbSpec::Postgres(url) => {
                let db = Arc::new(PostgresReadDb::open(url, clock, tasks).await?);
                Ok(Self { db, lock: None })
            }
        }
    }

    /// Fails if the rows are of another log. Rows of a log without events are marked when it has its first
    /// event.
    pub(super) async fn hold_to_log(
        &self,
        store: &Arc<dyn EventStore>,
        clock: &Arc<dyn Clock>,
        tasks: &dyn Tasks,
    ) -> Result<(), AppError> {
        match bind_to_log(self.db.as_ref(), store.as_ref()).await? {
            Origin::Same => {}
            Origin::Other => return Err(AppError::OtherRows),
            Origin::Unknown => {
                let waiting = mark_when_begun(
                    Arc::clone(&self.db),
                    Arc::clone(store),
                    Arc::clone(clock),
                    tasks.stop_signal(),
                );
                tasks.spawn("views-origin", Box::pin(waiting));
            }
        }
        Ok(())
    }

    /// Finds rows that were derived from events which the log does not contain, records the loss, and has
    /// those views rebuilt.
    pub(crate) async fn forget_ahead(&self, environment: &Environment) -> Result<(), AppError> {
        let store = environment.store.as_ref();
        let ahead = find_divergent_checkpoints(self.db.as_ref(), store).await?;
        let Some(known_head) = ahead.iter().map(|row| row.position).max() else {
            return Ok(());
        };
        history::note_rows_ahead(environment, known_head)
            .await
            .map_err(|failure| StoreError::Unavailable(failure.to_string()))?;
        reset_divergent_views(self.db.as_ref(), &ahead, store.head().await?).await?;
        Ok(())
    }

    /// Has views rebuilt whose rows were derived from events that the log does not contain, and records
    /// nothing: whether the log lost history is found and shown in the real realm.
    pub(crate) async fn rebuild_ahead(&self, store: &dyn EventStore) -> Result<(), AppError> {
        let ahead = find_divergent_checkpoints(self.db.as_ref(), store).await?;
        if !ahead.is_empty() {
            reset_divergent_views(self.db.as_ref(), &ahead, store.head().await?).await?;
        }
        Ok(())
    }

    /// Returns the lock of the rows' own directory, which keeps other processes out as long as it is held.
    pub(crate) fn into_lock(self) -> Option<DataLock> {
        self.lock
    }
}

/// Waits for the first event of a new log and then marks the rows with it: before that, it is unknown to
/// which log they belong. Logs an error if they are of another log.
async fn mark_when_begun(
    db: Arc<dyn ReadDb>,
    store: Arc<dyn EventStore>,
    clock: Arc<dyn Clock>,
    stop: Arc<dyn StopSignal>,
) {
    loop {
        match bind_to_log(db.as_ref(), store.as_ref()).await {
            Ok(Origin::Same) => return,
            Ok(Origin::Other) => {
                tracing::error!("the read database contains the views of another log");
                return;
            }
            Ok(Origin::Unknown) | Err(_) => {}
        }
        tokio::select! {
            biased;
            () = stop.stopping() => return,
            () = clock.wait_until(clock.now().plus_ms(AGAIN_AFTER_MS)) => {}
        }
    }
}

impl ReadOnlyLog {
    /// Opens the views of this log for reading. Fails if the rows are of another log or were written by
    /// another build.
    pub async fn rows(&self, spec: &ReadDbSpec) -> Result<Arc<dyn ReadDb>, AppError> {
        let rows = self.rows_of_log(spec).await?;
        match rows_of_other_build(rows.as_ref(), &views::all()).await? {
            Some(other) => Err(AppError::OtherBuild(other)),
            None => Ok(rows),
        }
    }

    /// As [`Self::rows`], but accepts views that another build wrote: to look at their state.
    pub async fn standing_rows(&self, spec: &ReadDbSpec) -> Result<Arc<dyn ReadDb>, AppError> {
        let rows = self.rows_of_log(spec).await?;
        match find_incompatible_tables(rows.as_ref()).await? {
            Some(other) => Err(AppError::OtherBuild(other)),
            None => Ok(rows),
        }
    }

    async fn rows_of_log(&self, spec: &ReadDbSpec) -> Result<Arc<dyn ReadDb>, AppError> {
        let rows: Arc<dyn ReadDb> = match spec {
            ReadDbSpec::Sqlite(directory) => Arc::new(SqliteReadDb::open_read_only(directory)?),
            ReadDbSpec::Postgres(url) => {
                let clock: Arc<dyn Clock> = Arc::new(crate::clock::SystemClock::default());
                Arc::new(PostgresReadDb::open_read_only(url, &clock, self.tasks.as_ref()).await?)
            }
        };
        match origin_of(rows.as_ref(), self.store.as_ref()).await? {
            Origin::Other => Err(AppError::OtherRows),
            Origin::Same | Origin::Unknown => Ok(rows),
        }
    }
}

/// A read database to write and a log to read, for a command. No server runs on the directory.
pub struct WritableRows {
    pub log: ReadOnlyLog,
    rows: OpenRows,
    _lock: DataLock,
}

impl WritableRows {
    /// Locks the directory, opens the log for reading and the read database for writing. Fails if a server
    /// uses the directory or the rows are of another log.
    pub async fn open(directory: &Path, spec: &StoreSpec, read_db: &ReadDbSpec) -> Result<Self, AppError> {
        let lock = DataLock::acquire(directory)?;
        let log = ReadOnlyLog::of(spec).await?;
        let clock: Arc<dyn Clock> = Arc::new(crate::clock::SystemClock::default());
        let tasks = log.tasks.as_ref();
        let rows = OpenRows::open(read_db, directory, &clock, tasks).await?;
        rows.hold_to_log(&log.store, &clock, tasks).await?;
        Ok(Self {
            log,
            rows,
            _lock: lock,
        })
    }

    /// Returns the read database, to be written.
    pub fn rows(&self) -> Arc<dyn ReadDb> {
        Arc::clone(&self.rows.db)
    }

    /// Closes the read database and the log, and releases the directory.
    pub async fn close(self) {
        drop(self.rows);
        self.log.close().await;
    }
}
