//! What is done to all keys of a place at once: wrapping them anew, backing them up, restoring them.
//!
//! Rules and file format are here, once; a directory and a database say only how their rows are read and
//! written. Everything in these hands is wrapped: without the master key it opens nothing.

mod backup;
mod rotation;

use crate::file_vault::FilePlace;
use crate::postgres_vault::PostgresPlace;
use crate::sealing::Secret;
use async_trait::async_trait;
pub use backup::{
    KeyBackup, KeyBackupError, KeyBackupPeople, back_up_keys, people_of_key_backup, remove_old_key_backups,
    restore_keys,
};
use domain::ids::CustomerId;
use domain::ports::id_source::IdSource;
use domain::ports::vault::VaultError;
use domain::time::Timestamp;
pub(crate) use rotation::{InForce, Masters, Rotation};
pub use rotation::{Rotated, rotate_keys};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

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

/// The installation's row, wrapped as it stands.
pub(crate) struct WrappedInstallation {
    pub(crate) id: String,
    pub(crate) check_value: Vec<u8>,
    pub(crate) secret: Vec<u8>,
    /// Which wrapping is in force; every rotation is one more.
    pub(crate) wrapping: i64,
}

/// All that stands wrapped in a place, and whose keys are gone. No person is in both maps.
pub(crate) struct Wrapped {
    pub(crate) installation: WrappedInstallation,
    pub(crate) keys: BTreeMap<CustomerId, Vec<u8>>,
    pub(crate) destroyed: BTreeMap<CustomerId, Timestamp>,
}

/// The keys of a place as rows, none of them opened.
#[async_trait]
pub(crate) trait WrappedKeys: Send + Sync {
    /// Whether `master` is the one in force; `WrongMaster` when it is not, or when there are no keys.
    async fn check(&self, master: &Secret, ids: &Arc<dyn IdSource>) -> Result<(), VaultError>;
    /// Wraps everything anew in one transaction: all of it, or nothing.
    async fn rewrap(
        &self,
        old: &Secret,
        new: &Secret,
        ids: &Arc<dyn IdSource>,
    ) -> Result<Rotated, VaultError>;
    /// Everything, of one moment and one wrapping; while servers use it too.
    async fn read(&self) -> Result<Wrapped, VaultError>;
    /// Whose keys are gone, by the place's own list; `WrongMaster` where there is neither a list nor keys.
    async fn destroyed(&self) -> Result<BTreeMap<CustomerId, Timestamp>, VaultError>;
    /// `Misplaced` where there are keys: theirs are newer than any backup's.
    async fn refuse_keys(&self) -> Result<(), KeyBackupError>;
    /// Writes everything, durably, without the keys of persons whom the place's own list names as gone.
    async fn write(&self, wrapped: Wrapped) -> Result<Written, KeyBackupError>;
}

/// Whose keys are destroyed, by the list of a place. One with neither list nor keys is refused: whoever asks
/// wants to keep the erased out, and nothing would.
pub async fn destroyed_keys(place: &KeyPlace) -> Result<BTreeMap<CustomerId, Timestamp>, VaultError> {
    place.wrapped().destroyed().await
}

/// What a place took of a backup.
pub(crate) struct Written {
    pub(crate) keys_count: u64,
    pub(crate) destroyed_count: u64,
}
