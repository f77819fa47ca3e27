//! Operations on all keys of a place: rotation, backup and restore.
//!
//! The rules and the file format are here, once; a directory and a database only implement how their rows are
//! read and written. All values here are wrapped: without the master key they open nothing.

mod backup;
pub(crate) mod masters;
mod rotation;
pub(crate) mod rows;

use crate::file_vault::FileKeyStore;
use crate::postgres_vault::PostgresKeyStore;
pub use backup::{
    KeyBackup, KeyBackupPeople, back_up_keys, people_of_key_backup, remove_old_key_backups, restore_keys,
};
use domain::ids::CustomerId;
use domain::ports::vault::VaultError;
use domain::time::Timestamp;
#[cfg(any(test, feature = "testing"))]
pub(crate) use rotation::Rotation;
pub use rotation::rotate_keys;
use rows::WrappedKeys;
pub use rows::{KeyBackupError, RotationResult};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// Where an installation's keys are stored.
#[derive(Clone, PartialEq, Eq)]
pub enum KeyStoreLocation {
    /// `keys.db` and `destroyed.list` in this directory.
    Directory(PathBuf),
    /// A `postgres://` database that holds no events.
    Database(String),
}

impl std::fmt::Debug for KeyStoreLocation {
    /// A URL may contain a password, so it is not shown.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Directory(dir) => write!(f, "KeyPlace({})", dir.display()),
            Self::Database(_) => f.write_str("KeyPlace(postgres://…)"),
        }
    }
}

impl KeyStoreLocation {
    /// Returns access to the wrapped keys of this location. Opens and creates nothing yet.
    pub(crate) fn wrapped(&self) -> Box<dyn WrappedKeys> {
        match self {
            Self::Directory(dir) => Box::new(FileKeyStore::of(dir)),
            Self::Database(url) => Box::new(PostgresKeyStore::of(url)),
        }
    }
}

/// Returns the persons with destroyed keys at a location, with the time. Fails if it has neither a list nor
/// keys: an empty result would exclude no erased person from a restore.
pub async fn destroyed_keys(place: &KeyStoreLocation) -> Result<BTreeMap<CustomerId, Timestamp>, VaultError> {
    place.wrapped().destroyed().await
}
