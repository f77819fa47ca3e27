//! Reads and writes the wrapped content of a key file unchanged, for key backups, which unwrap nothing.

use super::keys::{KEYS_FILE, SCHEMA, failed, opening};
use crate::durable_file;
use crate::wrapped_keys::rows::{WrappedContent, WrappedInstallation};
use domain::ids::CustomerId;
use domain::ports::vault::VaultError;
use rusqlite::{Connection, OptionalExtension, params};
use std::collections::BTreeMap;
use std::path::Path;

pub(super) const INSERT_INSTALLATION: &str =
    "INSERT INTO installation (one, id, check_value, secret, wrapping) VALUES (1, ?1, ?2, ?3, ?4)";

pub(super) const INSERT_KEY: &str = "INSERT INTO person_key (customer, version, wrapped) VALUES (?1, ?2, ?3)";

/// The wrapped installation secret, and the wrapped key of each person.
type Rows = (WrappedInstallation, BTreeMap<CustomerId, Vec<u8>>);

/// Reads all wrapped values of a directory's key file, in one transaction. A running server may have the
/// file open. Fails if it holds no installation.
pub(super) fn read_rows(dir: &Path) -> Result<Rows, VaultError> {
    let connection =
        durable_file::open_reader(&dir.join(KEYS_FILE), &SCHEMA).map_err(|error| opening(&error))?;
    // One transaction, so that installation and keys have the same wrapping version.
    let snapshot = connection
        .unchecked_transaction()
        .map_err(|error| failed(&error))?;
    let installation = installation_of(&snapshot)?
        .ok_or_else(|| VaultError::WrongMaster("the key file holds no installation".to_owned()))?;
    let rows = all_wrapped(&snapshot).map_err(|error| failed(&error))?;
    let mut keys = BTreeMap::new();
    for (person, bytes) in rows {
        let person = person
            .parse()
            .map_err(|error| VaultError::WrongMaster(format!("the key file names no person: {error}")))?;
        keys.insert(person, bytes);
    }
    Ok((installation, keys))
}

fn all_wrapped(connection: &Connection) -> rusqlite::Result<Vec<(String, Vec<u8>)>> {
    let mut statement = connection.prepare("SELECT customer, wrapped FROM person_key ORDER BY customer")?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    rows.collect()
}

/// Creates a key file with these wrapped values and destroyed persons. It is durable and closed when this
/// returns.
pub(super) fn write_rows(file: &Path, wrapped: &WrappedContent) -> Result<(), VaultError> {
    let (installation, keys) = (&wrapped.installation, &wrapped.keys);
    let mut connection = durable_file::open_writer(file, &SCHEMA).map_err(|error| opening(&error))?;
    let mut write = || -> rusqlite::Result<()> {
        let transaction = connection.transaction()?;
        transaction.execute(
            INSERT_INSTALLATION,
            params![
                installation.id,
                installation.check_value,
                installation.secret,
                installation.wrapping
            ],
        )?;
        for (person, bytes) in keys {
            transaction.prepare_cached(INSERT_KEY)?.execute(params![
                person.as_str(),
                installation.wrapping,
                bytes
            ])?;
        }
        transaction.commit()?;
        connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
    };
    write().map_err(|error| failed(&error))
}

/// Returns the installation's row, if the file has one.
pub(super) fn installation_of(connection: &Connection) -> Result<Option<WrappedInstallation>, VaultError> {
    connection
        .query_row(
            "SELECT id, check_value, secret, wrapping FROM installation",
            [],
            |row| {
                Ok(WrappedInstallation {
                    id: row.get(0)?,
                    check_value: row.get(1)?,
                    secret: row.get(2)?,
                    wrapping: row.get(3)?,
                })
            },
        )
        .optional()
        .map_err(|error| failed(&error))
}
