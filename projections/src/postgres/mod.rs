//! PostgreSQL as the read database: rows in the schema `ledgerline_views`, for many processes at once.
//!
//! One connection writes and some read, each on a thread of its own, as with SQLite. Writers of all processes
//! take turns; readers see one snapshot and pass a gate that a switch of tables closes. A server that goes
//! away is reached again at the next work; what was asked meanwhile is answered `Unavailable`.

mod bulk;
mod connect;
mod connection;
mod dialect;
mod grant;
#[cfg(test)]
mod parking_tests;
mod powers;
mod questions;
#[cfg(test)]
mod questions_tests;
mod schema;
#[cfg(test)]
mod secured_tests;
mod shown;
#[cfg(test)]
mod tests;
mod tx;
mod value;

use crate::database::{Dialect, ReadDb, TxWork};
use crate::error::ProjectionError;
use crate::threads::{READERS_COUNT, Threads};
use async_trait::async_trait;
pub use grant::missing_grant;
pub use powers::idle_powers;
pub use questions::PostgresQuestions;

use connect::{Purpose, read_url};
use connection::Connection;
use domain::ports::clock::Clock;
use domain::ports::tasks::Tasks;
use std::sync::Arc;

/// Rows in PostgreSQL.
pub struct PostgresReadDb {
    threads: Arc<Threads>,
    is_read_only: bool,
}

impl PostgresReadDb {
    /// Connects and makes the schema where it is missing. Its threads end when this is dropped or the tasks
    /// are stopping.
    pub async fn open(url: &str, clock: &Arc<dyn Clock>, tasks: &dyn Tasks) -> Result<Self, ProjectionError> {
        let base = read_url(url)?;
        let connection = |purpose| Connection::new(&base, purpose, clock).into_worker();
        let readers = (0..READERS_COUNT).map(|_| connection(Purpose::Read)).collect();
        let opened = Self {
            threads: Threads::begin(Some(connection(Purpose::Write)), readers, tasks),
            is_read_only: false,
        };
        // The first work connects: a server that is away, or not ours to write in, is known now.
        opened.transaction(Box::new(|_| Ok(()))).await?;
        Ok(opened)
    }

    /// More readers of rows that are open, which connect when they are asked first.
    pub fn open_beside(
        url: &str,
        clock: &Arc<dyn Clock>,
        tasks: &dyn Tasks,
    ) -> Result<Self, ProjectionError> {
        let base = read_url(url)?;
        let reader = |_| Connection::new(&base, Purpose::Read, clock).into_worker();
        Ok(Self {
            threads: Threads::begin(None, (0..READERS_COUNT).map(reader).collect(), tasks),
            is_read_only: true,
        })
    }

    /// Connects for reading only, beside the processes that write: whole tables may be read.
    pub async fn open_read_only(
        url: &str,
        clock: &Arc<dyn Clock>,
        tasks: &dyn Tasks,
    ) -> Result<Self, ProjectionError> {
        let reader = Connection::new(&read_url(url)?, Purpose::Check, clock).into_worker();
        let opened = Self {
            threads: Threads::begin(None, vec![reader], tasks),
            is_read_only: true,
        };
        opened.read(Box::new(|_| Ok(()))).await?;
        Ok(opened)
    }
}

#[async_trait]
impl ReadDb for PostgresReadDb {
    fn dialect(&self) -> Dialect {
        Dialect::Postgres
    }

    async fn transaction(&self, work: TxWork) -> Result<(), ProjectionError> {
        if self.is_read_only {
            return Err(ProjectionError::Fault(
                "rows opened for reading are not written".to_owned(),
            ));
        }
        self.threads.write(work).await
    }

    async fn read(&self, work: TxWork) -> Result<(), ProjectionError> {
        self.threads.read(work).await
    }
}
