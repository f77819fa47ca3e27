//! The keys of this process: in a directory of files.

use super::AppError;
use super::closing::Closing;
use crate::data_dir::KEYS_DIR;
use domain::ports::id_source::IdSource;
use domain::ports::tasks::Tasks;
use domain::ports::vault::Vault;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use store::{FileVault, Keyring};

/// The vault, and how it is closed.
pub(super) type OpenVault = (Arc<dyn Vault>, Arc<dyn Closing>);

/// Opens `--keys`, or `keys/` of the data directory.
pub(super) fn open(
    directory: &Path,
    keys: Option<&PathBuf>,
    (ids, tasks): (&Arc<dyn IdSource>, &dyn Tasks),
    keyring: Keyring,
) -> Result<OpenVault, AppError> {
    let default = directory.join(KEYS_DIR);
    let dir = keys.unwrap_or(&default);
    let vault = Arc::new(FileVault::open(dir, Arc::clone(ids), tasks, keyring)?);
    Ok((Arc::<FileVault>::clone(&vault), vault))
}
