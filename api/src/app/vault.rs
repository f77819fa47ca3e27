//! The keys of this process: in a directory of files, or in a database without events.

use super::AppError;
use super::closing::Closing;
use crate::clock::SystemIds;
use crate::keys_spec::KeysSpec;
use domain::ports::id_source::IdSource;
use domain::ports::tasks::Tasks;
use domain::ports::vault::Vault;
use std::path::Path;
use std::sync::Arc;
use store::{FileVault, Keyring, PostgresVault};

/// The vault, and how it is closed.
pub(super) type OpenVault = (Arc<dyn Vault>, Arc<dyn Closing>);

/// Opens `--keys`, or `keys/` of the data directory, under the master key that is asked for.
pub(super) async fn open(
    spec: &KeysSpec,
    data: &Path,
    (ids, tasks): (&Arc<dyn IdSource>, &dyn Tasks),
    keyring: Keyring,
) -> Result<OpenVault, AppError> {
    let dir = spec.directory(data);
    let master = spec.master(&dir)?;
    if let Some(url) = spec.url() {
        let vault = PostgresVault::open(url.as_str(), &master, Arc::clone(ids), keyring).await?;
        let vault = Arc::new(vault);
        return Ok((Arc::<PostgresVault>::clone(&vault), vault));
    }
    let vault = FileVault::open_under(&dir, &master, Arc::clone(ids), tasks, keyring)?;
    let vault = Arc::new(vault);
    Ok((Arc::<FileVault>::clone(&vault), vault))
}

/// The keys of a directory, opened beside a server that uses them: for the keyed hashes of numbers.
pub(crate) struct LookupVault {
    vault: Arc<dyn Vault>,
    closing: Arc<dyn Closing>,
}

impl LookupVault {
    pub(crate) fn vault(&self) -> Arc<dyn Vault> {
        Arc::clone(&self.vault)
    }

    pub(crate) async fn close(self) {
        drop(self.vault);
        self.closing.close().await;
    }
}

/// Opens keys that exist; makes none. Says why where it cannot.
pub(crate) async fn lookup_vault(
    spec: &KeysSpec,
    data: &Path,
    tasks: &dyn Tasks,
) -> Result<LookupVault, String> {
    let ids: Arc<dyn IdSource> = Arc::new(SystemIds::checked().map_err(|error| error.to_string())?);
    let opened = open(spec, data, (&ids, tasks), Keyring::MustExist).await;
    let (vault, closing) = opened.map_err(|error| error.to_string())?;
    Ok(LookupVault { vault, closing })
}
