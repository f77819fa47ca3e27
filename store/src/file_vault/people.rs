//! Whether keys in a directory are those of people: asked before anything is opened for writing beside them.

use super::keys::{KEYS_FILE, SCHEMA};
use crate::durable_file;
use crate::error::OpenError;
use std::path::Path;

/// Whether the directory holds anybody's key; reads only, and needs no master key.
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
