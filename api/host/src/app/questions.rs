//! The doors for SQL from outside and for exports, on the rows that `--read-db` names.

use crate::app::error::AppError;
use crate::app::opened::Opened;
use crate::clock::SystemClock;
use crate::read_db_spec::ReadDbSpec;
use actors::Supervisor;
use domain::ports::clock::Clock;
use domain::ports::tasks::Tasks;
use projections::ask::{Questions, SqliteQuestions};
use projections::{PostgresQuestions, PostgresReadDb, ReadDb, SqliteReadDb};
use std::sync::Arc;
use tokio::runtime::Handle;

/// The grant that the role of this read database lacks, asked beside whoever writes it.
pub async fn missing_grant(url: &str) -> Result<Option<String>, AppError> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::default());
    let tasks = Supervisor::new(Handle::current(), clock);
    let found = projections::missing_grant(url, tasks.as_ref()).await;
    tasks.stop().await;
    Ok(found?)
}

/// What the role of a database may do beyond our work there.
pub async fn idle_powers(url: &str) -> Result<Vec<String>, AppError> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::default());
    let tasks = Supervisor::new(Handle::current(), clock);
    let found = projections::idle_powers(url, tasks.as_ref()).await;
    tasks.stop().await;
    Ok(found?)
}

impl Opened {
    /// Questions to the rows in `read_db`, or else in the data directory; the rows must be open already.
    pub fn questions(&self, read_db: Option<&ReadDbSpec>) -> Result<Arc<dyn Questions>, AppError> {
        let (clock, tasks) = (&self.environment.clock, self.environment.tasks.as_ref());
        Ok(match read_db {
            None => Arc::new(SqliteQuestions::open(&self.directory, clock, tasks)),
            Some(ReadDbSpec::Sqlite(directory)) => Arc::new(SqliteQuestions::open(directory, clock, tasks)),
            Some(ReadDbSpec::Postgres(url)) => Arc::new(PostgresQuestions::open(url, clock, tasks)?),
        })
    }
    /// The same rows on connections of their own, for reading only: a page of an export reads thousands of
    /// rows, and nobody else waits for it.
    pub(crate) fn export_rows(&self, read_db: Option<&ReadDbSpec>) -> Result<Arc<dyn ReadDb>, AppError> {
        let (clock, tasks) = (&self.environment.clock, self.environment.tasks.as_ref());
        Ok(match read_db {
            None => Arc::new(SqliteReadDb::open_beside(&self.directory, tasks)?),
            Some(ReadDbSpec::Sqlite(directory)) => Arc::new(SqliteReadDb::open_beside(directory, tasks)?),
            Some(ReadDbSpec::Postgres(url)) => Arc::new(PostgresReadDb::open_beside(url, clock, tasks)?),
        })
    }
}
