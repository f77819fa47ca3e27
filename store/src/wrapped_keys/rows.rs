//! The keys of a place as rows, wrapped as they stand: what every place can be asked, and why it may refuse.

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

/// What a place took of a backup.
pub(crate) struct Written {
    pub(crate) keys_count: u64,
    pub(crate) destroyed_count: u64,
}

/// What a rotation did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rotated {
    pub keys_count: u64,
    /// Number of the wrapping now in force; the first is 1.
    pub wrapping: i64,
}

/// Why a backup of keys was not made or not taken.
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
