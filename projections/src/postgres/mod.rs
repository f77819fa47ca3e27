//! PostgreSQL as the read database: rows in the schema `ledgerline_views`, shared by many processes.
//!
//! One connection writes and some read, each on its own thread, as with SQLite. The writers of all processes
//! take turns. Readers see one snapshot and pass a gate, which a switch of tables closes. A lost server is
//! reconnected at the next unit of work; work in between gets `Unavailable`.

mod bulk;
mod connect;
mod connection;
mod dialect;
mod grant;
#[cfg(test)]
mod outage_tests;
#[cfg(test)]
mod parking_tests;
mod privileges;
mod questions;
#[cfg(test)]
mod questions_tests;
mod result_value;
mod schema;
#[cfg(test)]
mod secured_tests;
#[cfg(test)]
mod tests;
mod tx;
mod value;

use crate::database::{Dialect, ReadDb, TxWork};
use crate::error::ProjectionError;
use crate::threads::{READERS_COUNT, Threads};
use async_trait::async_trait;
pub use grant::missing_grant;
pub use privileges::idle_powers;
pub use questions::PostgresQuestions;

use connect::{Purpose, read_url};
use connection::Connection;
use domain::ports::clock::Clock;
use domain::ports::tasks::Tasks;
use std::sync::Arc;

/// A read database in PostgreSQL.
pub struct PostgresReadDb {
    threads: Arc<Threads>,
    is_read_only: bool,
}

impl PostgresReadDb {
    /// Connects and creates the schema if it is missing. The threads end when this is dropped or the tasks
    /// stop.
    pub async fn open(url: &str, clock: &Arc<dyn Clock>, tasks: &dyn Tasks) -> Result<Self, ProjectionError> {
        let base = read_url(url)?;
        let connection = |purpose| Connection::new(&base, purpose, clock).into_worker();
        let readers = (0..READERS_COUNT).map(|_| connection(Purpose::Read)).collect();
        let opened = Self {
            threads: Threads::begin(Some(connection(Purpose::Write)), readers, tasks),
            is_read_only: false,
        };
        // The first work connects, so a server that cannot be reached or written to is noticed here.
        opened.transaction(Box::new(|_| Ok(()))).await?;
        Ok(opened)
    }

    /// Opens more readers of a database that is in use. They connect at their first query.
    pub fn open_readers(
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

    /// Connects for reading only, in parallel to the processes that write; whole tables may be read.
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
                "this read database is open for reading only".to_owned(),
            ));
        }
        self.threads.write(work).await
    }

    async fn read(&self, work: TxWork) -> Result<(), ProjectionError> {
        self.threads.read(work).await
    }
}
