//! The file and schema of the event log, opened for writing or for reading beside a writer.

use crate::durable_file::{self, Schema, Writers};
use crate::error::OpenError;
use rusqlite::Connection;
use std::path::Path;

/// The database file inside the data directory.
pub const EVENTS_FILE: &str = "events.db";

/// The schema this build writes and the newest it reads. Rows are the same in all versions, so a file of an
/// older one is read as it is.
pub(super) const SCHEMA: Schema = Schema {
    sql: include_str!("schema.sql"),
    upgrades: &[
        include_str!("schema_2.sql"),
        include_str!("schema_3.sql"),
        include_str!("schema_4.sql"),
    ],
    writers: Writers::One,
};

pub(super) fn open_writer(dir: &Path) -> Result<Connection, OpenError> {
    durable_file::open_writer(&dir.join(EVENTS_FILE), &SCHEMA)
}

pub(super) fn open_reader(dir: &Path) -> Result<Connection, OpenError> {
    durable_file::open_reader(&dir.join(EVENTS_FILE), &SCHEMA)
}
