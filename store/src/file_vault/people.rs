//! Looks for keys of persons in a directory, before anything there is opened for writing.

use super::keys::{KEYS_FILE, SCHEMA};
use crate::durable_file;
use crate::error::OpenError;
use std::path::Path;

/// Returns true if the directory holds a key of any person. Only reads; needs no master key.
pub fn has_people(dir: &Path) -> Result<bool, OpenError> {
    let file = dir.join(KEYS_FILE);
    let connection = match durable_file::open_reader(&file, &SCHEMA) {
        Err(OpenError::Missing(_)) => return Ok(false),
        opened => opened?,
    };
    let sql = "SELECT EXISTS (SELECT 1 FROM person_key)";
    connection
        .query_row(sql, [], |row| row.get(0))
        .map_err(|error| durable_file::failed(&file, &error))
}
