//! Reads the rows of a query from another database into an unnamed file, which is then imported like any
//! file.
//!
//! The command reads, on the user's machine: a server that opened any address it is given would be a way into
//! its network. The session is read-only, one SELECT runs in one snapshot, and rows are written as they
//! arrive, so memory does not grow with them. If the connection breaks, it is opened again and the query runs
//! from its beginning: nothing was imported yet.

mod address;
mod mysql;
mod postgres;
mod sheet;
mod statement;

pub(crate) use address::{Address, SCHEME};
pub(crate) use statement::Statement;

use crate::jdbc::address::Engine;
use crate::jdbc::sheet::Sheet;
use domain::ports::clock::Clock;
use domain::problem::Problem;
use host::clock::SystemClock;
use std::fs::File;
use std::io;

/// Most attempts to connect.
const TRIES_MAX: u32 = 4;

/// Pause before the next attempt, in milliseconds.
const PAUSE_MS: u64 = 1_000;

/// Longest wait for a connection, in milliseconds.
const CONNECT_MS_MAX: u64 = 15_000;

/// The result of a query.
pub(crate) struct Rows {
    /// The rows as CSV, at the first byte.
    pub file: File,
    /// Largest value of the column of `--since`, if given and if a row has one.
    pub last: Option<String>,
}

/// Why a query failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum JdbcError {
    /// The connection broke or was not established; worth another attempt.
    #[error("the database {0} cannot be reached: {1}")]
    Away(String, String),
    /// The database refused the query.
    #[error("the database refused the query: {0}")]
    Refused(String),
    /// More rows or bytes than an import accepts.
    #[error("{0} exceeds the limit of an import")]
    TooMuch(&'static str),
    /// The temporary file cannot be written.
    #[error("the rows cannot be stored: {0}")]
    Disk(#[from] io::Error),
}

impl From<JdbcError> for Problem {
    fn from(error: JdbcError) -> Self {
        let text = error.to_string();
        match error {
            JdbcError::Away(..) | JdbcError::Disk(_) => Self::unavailable(text),
            JdbcError::Refused(_) => Self::refused("query-refused", text),
            JdbcError::TooMuch(_) => Self::refused("too-large", text),
        }
    }
}

/// Runs the query to its end. A broken connection is opened again, up to `TRIES_MAX` attempts.
pub(crate) async fn read(address: &Address, statement: &Statement) -> Result<Rows, JdbcError> {
    let clock = SystemClock::default();
    let mut tries = 1;
    loop {
        let mut sheet = Sheet::new()?;
        let asked = match address.engine {
            Engine::Mysql => mysql::read(address, statement, &mut sheet, &clock).await,
            Engine::Postgres => postgres::read(address, statement, &mut sheet, &clock).await,
        };
        match asked {
            Ok(last) => {
                return Ok(Rows {
                    file: sheet.finish()?,
                    last,
                });
            }
            Err(JdbcError::Away(..)) if tries < TRIES_MAX => {
                tries += 1;
                clock.wait_until(clock.now().plus_ms(PAUSE_MS)).await;
            }
            Err(error) => return Err(error),
        }
    }
}

/// Waits for a connection. Fails if it is not established within `CONNECT_MS_MAX`.
async fn in_time<T>(
    address: &Address,
    clock: &SystemClock,
    connecting: impl Future<Output = Result<T, JdbcError>>,
) -> Result<T, JdbcError> {
    tokio::select! {
        biased;
        () = clock.wait_until(clock.now().plus_ms(CONNECT_MS_MAX)) => {
            Err(JdbcError::Away(address.shown(), format!("no connection within {CONNECT_MS_MAX} ms")))
        }
        connected = connecting => connected,
    }
}
