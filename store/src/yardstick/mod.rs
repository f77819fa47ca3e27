//! Baselines for measurements of the stores: they write the same bytes with as little work as possible.
//!
//! For `ledgerline-bench` only. Of the `EventStore` port's contract, a baseline offers only durability: no
//! expected version, no idempotency, no digest. Its files have the same settings as the store that it is
//! compared with.

mod bare_sqlite;
mod postgres;
mod raw_file;
mod records;

pub use bare_sqlite::{BareSqlite, Scan};
pub use postgres::{BarePostgres, Method, drop_database, fresh_database};
pub use raw_file::RawFile;
pub use records::make_record;
#[cfg(any(test, feature = "testing"))]
pub(crate) use records::{facts, recorded, written};

use domain::ids::StreamId;
use domain::stored_event::{Record, StreamVersion};

/// The records of one append, for a store or a baseline.
#[derive(Debug, Clone)]
pub struct Batch {
    pub stream: StreamId,
    pub expected: StreamVersion,
    pub records: Vec<Record>,
}

/// The reason why a baseline failed.
#[derive(Debug, thiserror::Error)]
#[error("a measurement's baseline failed: {0}")]
pub struct YardstickError(pub(crate) String);

impl From<YardstickError> for domain::problem::Problem {
    fn from(error: YardstickError) -> Self {
        Self::unavailable(error.to_string())
    }
}

impl From<std::io::Error> for YardstickError {
    fn from(error: std::io::Error) -> Self {
        Self(error.to_string())
    }
}

impl From<rusqlite::Error> for YardstickError {
    fn from(error: rusqlite::Error) -> Self {
        Self(error.to_string())
    }
}

impl From<tls::TlsError> for YardstickError {
    fn from(error: tls::TlsError) -> Self {
        Self(error.to_string())
    }
}

impl From<tokio_postgres::Error> for YardstickError {
    fn from(error: tokio_postgres::Error) -> Self {
        match std::error::Error::source(&error) {
            Some(source) => Self(format!("{error}: {source}")),
            None => Self(error.to_string()),
        }
    }
}
