//! What the stores are measured against: the same bytes with as little as possible around them.
//!
//! For `ledgerline bench` only. A yardstick keeps no promise of the `EventStore` port but durability: no
//! expected version, no idempotency, no digest. Its files have the same settings as the store beside it.

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

/// Records of one stream, as they are given to a store or to a yardstick.
#[derive(Debug, Clone)]
pub struct Batch {
    pub stream: StreamId,
    pub expected: StreamVersion,
    pub records: Vec<Record>,
}

/// Why a yardstick could not be used.
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
