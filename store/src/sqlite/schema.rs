//! The file and schema of the event log, opened for writing or for reading.

use crate::durable_file::{self, Schema, Writers};
use crate::error::OpenError;
use rusqlite::Connection;
use std::path::Path;

/// The name of the database file in the data directory.
pub const EVENTS_FILE: &str = "events.db";

/// The schema that this build writes, which is the newest that it reads. Rows are the same in all versions,
/// so a file of an older one is read without an upgrade.
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
    let file = dir.join(EVENTS_FILE);
    keeping_plans(durable_file::open_writer(&file, &SCHEMA)?, &file)
}

pub(super) fn open_reader(dir: &Path) -> Result<Connection, OpenError> {
    let file = dir.join(EVENTS_FILE);
    keeping_plans(durable_file::open_reader(&file, &SCHEMA)?, &file)
}

fn keeping_plans(connection: Connection, file: &Path) -> Result<Connection, OpenError> {
    durable_file::keep_plans(&connection).map_err(|error| durable_file::failed(file, &error))?;
    Ok(connection)
}
