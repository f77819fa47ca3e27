//! Rows that a query of another database gives, read into a file without a name and then imported as a file
//! is.
//!
//! The command reads, on the machine of whoever runs it: a server that opened any address it is told would
//! be a way into its network. The session is read-only, one SELECT is asked within one snapshot, and rows
//! are written as they come, so that memory does not grow with them. A connection that is cut is made again,
//! and the query asked from its beginning: nothing was sent yet.

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

/// Times that a connection is made where it breaks.
const TRIES_MAX: u32 = 4;

/// Pause before it is made again.
const PAUSE_MS: u64 = 1_000;

/// Longest wait for a connection to stand.
const CONNECT_MS_MAX: u64 = 15_000;

/// What a query gave.
pub(crate) struct Rows {
    /// At its first byte.
    pub file: File,
    /// The largest value of the column, where one was asked for and a row has one.
    pub last: Option<String>,
}

/// Why a query gave nothing.
#[derive(Debug, thiserror::Error)]
pub(crate) enum JdbcError {
    /// The connection broke, or never stood: worth another try.
    #[error("the database {0} cannot be reached: {1}")]
    Away(String, String),
    /// The database said no.
    #[error("the database refused: {0}")]
    Refused(String),
    #[error("{0} is more than an import takes")]
    TooMuch(&'static str),
    #[error("the rows cannot be kept: {0}")]
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

/// Asks the query, up to its end or until it is given up.
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

/// Fails when a connection does not stand in time.
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
