//! The wrapped keys of a place as rows: the operations that every place implements, and their errors.

use crate::sealing::Secret;
use async_trait::async_trait;
use domain::customer::KEY_BACKUP_DAYS_MAX;
use domain::ids::CustomerId;
use domain::ports::id_source::IdSource;
use domain::ports::vault::VaultError;
use domain::problem::Problem;
use domain::time::Timestamp;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

/// The installation's row, wrapped as stored.
pub(crate) struct WrappedInstallation {
    pub(crate) id: String,
    pub(crate) check_value: Vec<u8>,
    pub(crate) secret: Vec<u8>,
    /// The current wrapping version; each rotation adds one.
    pub(crate) wrapping: i64,
}

/// All wrapped values of a key location, and the persons with destroyed keys. No person is in both maps.
pub(crate) struct WrappedContent {
    pub(crate) installation: WrappedInstallation,
    pub(crate) keys: BTreeMap<CustomerId, Vec<u8>>,
    pub(crate) destroyed: BTreeMap<CustomerId, Timestamp>,
}

/// Access to the wrapped keys of one location as rows. Reading and writing unwraps none of them.
#[async_trait]
pub(crate) trait WrappedKeys: Send + Sync {
    /// Returns `Ok` if `master` is the current master key; `WrongMaster` if it is not, or if there are
    /// no keys.
    async fn check(&self, master: &Secret, ids: &Arc<dyn IdSource>) -> Result<(), VaultError>;
    /// Wraps the installation secret and every key under `new` in one transaction: all or none. Fails
    /// unless `old` is the current master key.
    async fn rewrap(
        &self,
        old: &Secret,
        new: &Secret,
        ids: &Arc<dyn IdSource>,
    ) -> Result<RotationResult, VaultError>;
    /// Reads everything as of one moment and with one wrapping version. Servers may be using the keys.
    async fn read(&self) -> Result<WrappedContent, VaultError>;
    /// Returns the persons with destroyed keys according to the place's own list; `WrongMaster` if there is
    /// neither a list nor keys.
    async fn destroyed(&self) -> Result<BTreeMap<CustomerId, Timestamp>, VaultError>;
    /// Returns an error, `Misplaced`, if the location has keys: they are newer than any backup's.
    async fn refuse_keys(&self) -> Result<(), KeyBackupError>;
    /// Writes wrapped keys and destroyed persons durably, without the keys of persons in the location's own
    /// list of destroyed keys.
    async fn write(&self, wrapped: WrappedContent) -> Result<KeyCounts, KeyBackupError>;
}

/// The number of keys and of persons with destroyed keys that a restore wrote.
pub(crate) struct KeyCounts {
    pub(crate) keys_count: u64,
    pub(crate) destroyed_count: u64,
}

/// The result of a rotation of the master key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RotationResult {
    pub keys_count: u64,
    /// The current wrapping version; the first is 1.
    pub wrapping: i64,
}

/// The reasons why a backup of keys was not made or not restored.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyBackupError {
    #[error(
        "the backup of the keys is {days} days old; after {KEY_BACKUP_DAYS_MAX} it may bring back erased persons"
    )]
    TooOld { days: u64 },
    #[error("the backup of the keys is damaged: {0}")]
    Damaged(String),
    #[error("{0}")]
    Misplaced(String),
    #[error("{path}: {why}")]
    Disk { path: PathBuf, why: String },
    #[error(transparent)]
    Vault(#[from] VaultError),
}

impl From<KeyBackupError> for Problem {
    fn from(error: KeyBackupError) -> Self {
        match error {
            KeyBackupError::TooOld { .. } | KeyBackupError::Damaged(_) | KeyBackupError::Misplaced(_) => {
                Self::refused("key-backup-refused", error.to_string())
            }
            KeyBackupError::Disk { .. } | KeyBackupError::Vault(_) => Self::unavailable(error.to_string()),
        }
    }
}
