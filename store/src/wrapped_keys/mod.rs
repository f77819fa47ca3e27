//! What is done to all keys of a place at once: wrapping them anew, backing them up, restoring them.
//!
//! Rules and file format are here, once; a directory and a database say only how their rows are read and
//! written. Everything in these hands is wrapped: without the master key it opens nothing.

mod backup;
pub(crate) mod masters;
mod rotation;
pub(crate) mod rows;

use crate::file_vault::FilePlace;
use crate::postgres_vault::PostgresPlace;
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
pub use rows::{KeyBackupError, Rotated};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// Where keys are.
#[derive(Clone, PartialEq, Eq)]
pub enum KeyPlace {
    /// `keys.db` and `destroyed.list` in this directory.
    Directory(PathBuf),
    /// A `postgres://` database that holds no events.
    Database(String),
}

impl std::fmt::Debug for KeyPlace {
    /// A URL may hold a password.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Directory(dir) => write!(f, "KeyPlace({})", dir.display()),
            Self::Database(_) => f.write_str("KeyPlace(postgres://…)"),
        }
    }
}

impl KeyPlace {
    /// Nothing is opened or made by this.
    pub(crate) fn wrapped(&self) -> Box<dyn WrappedKeys> {
        match self {
            Self::Directory(dir) => Box::new(FilePlace::of(dir)),
            Self::Database(url) => Box::new(PostgresPlace::of(url)),
        }
    }
}

/// Whose keys are destroyed, by the list of a place. One with neither list nor keys is refused: whoever asks
/// wants to keep the erased out, and nothing would.
pub async fn destroyed_keys(place: &KeyPlace) -> Result<BTreeMap<CustomerId, Timestamp>, VaultError> {
    place.wrapped().destroyed().await
}
