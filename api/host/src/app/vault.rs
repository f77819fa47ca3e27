//! The keys of this process: in a directory of files, or in a database without events.

use crate::app::belonging::hold_to_log;
use crate::app::closing::Closing;
use crate::app::error::AppError;
use crate::app::log::ReadOnly;
use crate::clock::SystemIds;
use crate::keys_spec::KeysSpec;
use domain::installation::RestoredKeys;
use domain::ports::id_source::IdSource;
use domain::ports::tasks::Tasks;
use domain::ports::vault::{Vault, VaultError};
use domain::stored_event::Position;
use std::path::Path;
use std::sync::Arc;
use store::{FileVault, Keyring, PostgresVault};

/// The vault, and how it is closed.
pub(crate) type OpenVault = (Arc<dyn Vault>, Arc<dyn Closing>);

/// Opens `--keys`, or `keys/` of the data directory, under the master key that is asked for. New keys come
/// from `ids`; the vault's thread is one of `tasks`.
pub(super) async fn open(
    spec: &KeysSpec,
    data: &Path,
    ids: &Arc<dyn IdSource>,
    tasks: &dyn Tasks,
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

/// Keys that belong to the log as it was found, and its last restore of keys: nothing of the log is open for
/// writing yet, and nothing is written to it. Where there are events no key place is made.
pub(crate) async fn open_held(
    spec: &KeysSpec,
    data: &Path,
    ids: &Arc<dyn IdSource>,
    tasks: &dyn Tasks,
    found: Option<ReadOnly>,
) -> Result<(OpenVault, Option<RestoredKeys>), AppError> {
    let Some(found) = found else {
        return Ok((open(spec, data, ids, tasks, Keyring::MayBeNew).await?, None));
    };
    let held = match found.store.head().await {
        // A first start that was killed before its first event.
        Ok(Position(0)) => open(spec, data, ids, tasks, Keyring::MayBeNew)
            .await
            .map(|keys| (keys, None)),
        Ok(_) => held_to(&found, spec, data, ids, tasks).await,
        Err(error) => Err(error.into()),
    };
    found.close().await;
    held
}

async fn held_to(
    log: &ReadOnly,
    spec: &KeysSpec,
    data: &Path,
    ids: &Arc<dyn IdSource>,
    tasks: &dyn Tasks,
) -> Result<(OpenVault, Option<RestoredKeys>), AppError> {
    let opened = open(spec, data, ids, tasks, Keyring::MustExist).await;
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

/// The keys of a directory, opened beside a server that uses them: for the keyed hashes of numbers.
pub struct LookupVault {
    vault: Arc<dyn Vault>,
    closing: Arc<dyn Closing>,
}

impl LookupVault {
    pub fn vault(&self) -> Arc<dyn Vault> {
        Arc::clone(&self.vault)
    }

    pub async fn close(self) {
        drop(self.vault);
        self.closing.close().await;
    }
}

/// Opens keys that exist, held to the log they are for; makes none. `NoKeys` where they cannot be opened.
pub async fn lookup_vault(
    spec: &KeysSpec,
    data: &Path,
    log: &ReadOnly,
) -> Result<(LookupVault, Option<RestoredKeys>), AppError> {
    let ids = SystemIds::checked().map_err(|error| AppError::Random(error.to_string()))?;
    let ids: Arc<dyn IdSource> = Arc::new(ids);
    let ((vault, closing), restored) = held_to(log, spec, data, &ids, log.tasks()).await?;
    Ok((LookupVault { vault, closing }, restored))
}
