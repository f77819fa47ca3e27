//! The door for SQL from outside, on the rows that `--read-db` names.

use super::{AppError, Opened};
use crate::read_db_spec::ReadDbSpec;
use projections::PostgresQuestions;
use projections::ask::{Questions, SqliteQuestions};
use std::sync::Arc;

impl Opened {
    /// Questions to the rows in `read_db`, or else in the data directory; the rows must be open already.
    pub(crate) fn questions(&self, read_db: Option<&ReadDbSpec>) -> Result<Arc<dyn Questions>, AppError> {
        let (clock, tasks) = (&self.environment.clock, self.environment.tasks.as_ref());
        Ok(match read_db {
            None => Arc::new(SqliteQuestions::open(&self.directory, clock, tasks)),
            Some(ReadDbSpec::Sqlite(directory)) => Arc::new(SqliteQuestions::open(directory, clock, tasks)),
            Some(ReadDbSpec::Postgres(url)) => Arc::new(PostgresQuestions::open(url, clock, tasks)?),
        })
    }
}
