//! Opens the read database that `--read-db` names for external SQL queries and for exports.

use crate::app::error::AppError;
use crate::app::open_data_dir::OpenDataDir;
use crate::clock::SystemClock;
use crate::read_db_spec::ReadDbSpec;
use actors::Supervisor;
use domain::ports::clock::Clock;
use domain::ports::tasks::Tasks;
use projections::ask::{Questions, SqliteQuestions};
use projections::{PostgresQuestions, PostgresReadDb, ReadDb, SqliteReadDb};
use std::sync::Arc;
use tokio::runtime::Handle;

/// Returns the first grant that the database role of this read database lacks; `None` if it has all. May run
/// beside a server.
pub async fn missing_grant(url: &str) -> Result<Option<String>, AppError> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::default());
    let tasks = Supervisor::new(Handle::current(), clock);
    let found = projections::missing_grant(url, tasks.as_ref()).await;
    tasks.stop().await;
    Ok(found?)
}

/// Returns the privileges that the database role of this read database has although this program does not
/// need them.
pub async fn idle_powers(url: &str) -> Result<Vec<String>, AppError> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::default());
    let tasks = Supervisor::new(Handle::current(), clock);
    let found = projections::idle_powers(url, tasks.as_ref()).await;
    tasks.stop().await;
    Ok(found?)
}

impl OpenDataDir {
    /// Opens the interface for SQL queries of the views in `read_db`, or else in the data directory. The
    /// views must be open already.
    pub fn questions(&self, read_db: Option<&ReadDbSpec>) -> Result<Arc<dyn Questions>, AppError> {
        let (clock, tasks) = (&self.environment.clock, self.environment.tasks.as_ref());
        Ok(match read_db {
            None => Arc::new(SqliteQuestions::open(&self.directory, clock, tasks)),
            Some(ReadDbSpec::Sqlite(directory)) => Arc::new(SqliteQuestions::open(directory, clock, tasks)),
            Some(ReadDbSpec::Postgres(url)) => Arc::new(PostgresQuestions::open(url, clock, tasks)?),
        })
    }
    /// Opens the read database of the views on connections of its own, read-only: a page of an export reads
    /// thousands of rows and must not delay other queries.
    pub(crate) fn export_rows(&self, read_db: Option<&ReadDbSpec>) -> Result<Arc<dyn ReadDb>, AppError> {
        let (clock, tasks) = (&self.environment.clock, self.environment.tasks.as_ref());
        Ok(match read_db {
            None => Arc::new(SqliteReadDb::open_readers(&self.directory, tasks)?),
            Some(ReadDbSpec::Sqlite(directory)) => Arc::new(SqliteReadDb::open_readers(directory, tasks)?),
            Some(ReadDbSpec::Postgres(url)) => Arc::new(PostgresReadDb::open_readers(url, clock, tasks)?),
        })
    }
}
