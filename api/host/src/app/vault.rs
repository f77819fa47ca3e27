//! Opens the keys of this process: in a directory, or in a database without events.

use crate::app::closable::ClosableResource;
use crate::app::error::AppError;
use crate::app::key_ownership::hold_to_log;
use crate::app::log::ReadOnlyLog;
use crate::clock::SystemIds;
use crate::keys_spec::KeysSpec;
use domain::installation::RestoredKeys;
use domain::ports::id_source::IdSource;
use domain::ports::tasks::Tasks;
use domain::ports::vault::{Vault, VaultError};
use domain::stored_event::Position;
use std::path::Path;
use std::sync::Arc;
use store::{FileVault, KeyringPolicy, PostgresVault};

/// An open vault: as the keys, and as the resource that is closed at the end.
pub(crate) type OpenVault = (Arc<dyn Vault>, Arc<dyn ClosableResource>);

/// Opens the vault of `--keys`, or of `keys/` in the data directory, under the chosen master key. New keys
/// come from `ids`; the vault's thread is one of `tasks`.
pub(super) async fn open(
    spec: &KeysSpec,
    data: &Path,
    ids: &Arc<dyn IdSource>,
    tasks: &dyn Tasks,
    keyring: KeyringPolicy,
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

/// Opens the keys and checks that they belong to the existing log, writing nothing to it. Returns them with
/// the last restore of keys. If the log has events, the key store must exist and is not created.
pub(crate) async fn open_checked_vault(
    spec: &KeysSpec,
    data: &Path,
    ids: &Arc<dyn IdSource>,
    tasks: &dyn Tasks,
    found: Option<ReadOnlyLog>,
) -> Result<(OpenVault, Option<RestoredKeys>), AppError> {
    let Some(found) = found else {
        return Ok((open(spec, data, ids, tasks, KeyringPolicy::MayBeNew).await?, None));
    };
    let held = match found.store.head().await {
        // A first start was killed before its first event.
        Ok(Position(0)) => open(spec, data, ids, tasks, KeyringPolicy::MayBeNew)
            .await
            .map(|keys| (keys, None)),
        Ok(_) => held_to(&found, spec, data, ids, tasks).await,
        Err(error) => Err(error.into()),
    };
    found.close().await;
    held
}

async fn held_to(
    log: &ReadOnlyLog,
    spec: &KeysSpec,
    data: &Path,
    ids: &Arc<dyn IdSource>,
    tasks: &dyn Tasks,
) -> Result<(OpenVault, Option<RestoredKeys>), AppError> {
    let opened = open(spec, data, ids, tasks, KeyringPolicy::MustExist).await;
    let (vault, closing) = opened.map_err(|error| match error {
        AppError::Vault(VaultError::WrongMaster(why)) => AppError::NoKeys(why),
        error => error,
    })?;
    match hold_to_log(log.store.as_ref(), vault.as_ref()).await {
        Ok(restored) => Ok(((vault, closing), restored)),
        Err(error) => {
            closing.close().await;
            Err(error)
        }
    }
}

/// A vault of keys opened beside a server that uses them, to compute the keyed hashes of numbers.
pub struct LookupVault {
    vault: Arc<dyn Vault>,
    closing: Arc<dyn ClosableResource>,
}

impl LookupVault {
    /// Returns the keys, for look-ups by keyed hash and to open values.
    pub fn vault(&self) -> Arc<dyn Vault> {
        Arc::clone(&self.vault)
    }

    /// Closes the keys; returns when they are closed.
    pub async fn close(self) {
        drop(self.vault);
        self.closing.close().await;
    }
}

/// Opens existing keys and checks that they belong to the log; creates none. Fails with `NoKeys` if they
/// cannot be opened.
pub async fn lookup_vault(
    spec: &KeysSpec,
    data: &Path,
    log: &ReadOnlyLog,
) -> Result<(LookupVault, Option<RestoredKeys>), AppError> {
    let ids = SystemIds::checked().map_err(|error| AppError::Random(error.to_string()))?;
    let ids: Arc<dyn IdSource> = Arc::new(ids);
    let ((vault, closing), restored) = held_to(log, spec, data, &ids, log.tasks()).await?;
    Ok((LookupVault { vault, closing }, restored))
}
