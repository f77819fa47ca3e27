//! The file and schema of the event log, opened for writing or for reading beside a writer.

use crate::durable_file::{self, Schema, Writers};
use crate::error::OpenError;
use rusqlite::Connection;
use std::path::Path;

/// The database file inside the data directory.
pub const EVENTS_FILE: &str = "events.db";

/// The schema this build writes and the newest it reads.
pub(super) const SCHEMA: Schema = Schema {
    sql: include_str!("schema.sql"),
    upgrades: &[include_str!("schema_2.sql"), include_str!("schema_3.sql")],
    writers: Writers::One,
};

/// The first version with indexes for campaigns and customers.
const INDEXED_SINCE: i64 = 2;

/// The first version whose index for customers leaves out the customers' own streams.
const OWN_STREAMS_APART_SINCE: i64 = 3;

pub(super) fn open_writer(dir: &Path) -> Result<Connection, OpenError> {
    durable_file::open_writer(&dir.join(EVENTS_FILE), &SCHEMA)
}

/// A connection for reading, and which indexes the file has for campaigns and customers: a file of an older
/// version that nobody has opened for writing since is read as it is.
pub(super) fn open_reader(dir: &Path) -> Result<(Connection, Indexes), OpenError> {
    let file = dir.join(EVENTS_FILE);
    let connection = durable_file::open_reader(&file, &SCHEMA)?;
    let version =
        durable_file::schema_version(&connection).map_err(|error| durable_file::failed(&file, &error))?;
    let indexes = if version >= OWN_STREAMS_APART_SINCE {
        Indexes::OwnStreamsApart
    } else if version >= INDEXED_SINCE {
        Indexes::Whole
    } else {
        Indexes::OfStreamsOnly
    };
    Ok((connection, indexes))
}

/// What the file can be asked without reading it through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Indexes {
    /// A customer's events are those of the index and those of the stream `customer-<id>`.
    OwnStreamsApart,
    /// Version 2: the index has all of them.
    Whole,
    OfStreamsOnly,
}
