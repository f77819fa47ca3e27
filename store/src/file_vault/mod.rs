//! The vault of a real installation: the directory `--keys DIR` with `master.key` and `keys.db`, separate
//! from the events.
//!
//! A person's key is durable before `key` returns. If events exist, no installation is made: a missing or
//! wrong master key, or a missing key file, is an error, because new keys could not open any record.

pub(crate) mod cache;
mod destroyed_list;
mod keeper;
mod key_store;
mod keys;
pub(crate) mod master;
mod people;
mod rewrapping;
mod wrapped_rows;

#[cfg(test)]
mod tests;

use crate::data_lock::create_private_dir;
use crate::sealing::{self, Secret};
use crate::wrapped_keys::masters::{MasterInUse, MasterKeys};
use async_trait::async_trait;
use cache::{KEYS_CACHED_MAX, KeyCache};
use domain::call::LegKey;
use domain::ids::{CallId, CustomerId, NumberId};
use domain::personal::{LookupHash, Sealed};
use domain::ports::id_source::IdSource;
use domain::ports::tasks::Tasks;
use domain::ports::vault::{DestroyedKey, PersonKey, Vault, VaultError};
use domain::time::Timestamp;
use keeper::{
    Answer, KEY_QUEUE_MAX, Keeper, KeyDestruction, KeyRequest, MissingKeyAction, Request, SharedFailure,
    failure_reason,
};
pub(crate) use key_store::FileKeyStore;
pub use keys::KEYS_FILE;
use keys::Keys;
pub use master::{KeyWrapper, MASTER_KEY_FILE, MasterKey, WRAPPED_MASTER_FILE};
pub use people::has_people;
use std::fs::File;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::{mpsc, oneshot};

/// Whether the installation has events, which only its own keys can open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyringPolicy {
    /// There are no events: missing keys are made.
    MayBeNew,
    /// There are events: missing or wrong keys are an error.
    MustExist,
}

/// A vault with keys in `DIR/keys.db`, wrapped by the master key. Dropping it ends its thread; `close` also
/// waits for that.
pub struct FileVault {
    requests: mpsc::Sender<Request>,
    secret: Secret,
    cache: Mutex<KeyCache>,
    failed: SharedFailure,
}

impl FileVault {
    /// Opens the keys directory with the master key file in it. A first start creates both. Blocks for a
    /// few syncs.
    ///
    /// `WrongMaster` says what is missing or wrong. `ids` supplies keys and nonces; the keeper's thread is
    /// started with `tasks`.
    pub fn open(
        dir: &Path,
        ids: Arc<dyn IdSource>,
        tasks: &dyn Tasks,
        keyring: KeyringPolicy,
    ) -> Result<Self, VaultError> {
        Self::open_under(dir, &MasterKey::in_dir(dir), ids, tasks, keyring)
    }

    /// Opens the keys directory with a master key from any source.
    pub fn open_under(
        dir: &Path,
        master: &MasterKey,
        ids: Arc<dyn IdSource>,
        tasks: &dyn Tasks,
        keyring: KeyringPolicy,
    ) -> Result<Self, VaultError> {
        let turn = first_start_turn(dir, keyring).map_err(|error| {
            VaultError::Unavailable(format!("{} cannot be locked: {error}", dir.display()))
        })?;
        refuse_missing(dir, master, keyring)?;
        let (keys, secret) = open_keys(dir, master, &ids, keyring == KeyringPolicy::MayBeNew)?;
        drop(turn);
        let (requests, receiver) = mpsc::channel(KEY_QUEUE_MAX);
        let failed = SharedFailure::default();
        let keeper = Keeper {
            keys,
            failed: Arc::clone(&failed),
        };
        tasks.thread("key keeper", Box::new(move || keeper.run(receiver)));
        Ok(Self {
            requests,
            secret,
            cache: Mutex::new(KeyCache::new(KEYS_CACHED_MAX)),
            failed,
        })
    }

    /// Returns why no key can be made at present; `None` if there is no failure. Each call makes the keeper
    /// try again.
    pub fn failure(&self) -> Option<VaultError> {
        let failed = failure_reason(&self.failed)?;
        // If the queue is full, it holds requests for keys, and these try again as well.
        drop(self.requests.try_send(Request::Mend));
        Some(failed)
    }

    /// Answers the queued requests, ends the thread and waits for its end. Cached keys stay available.
    pub async fn close(&self) {
        let (closer, ended) = oneshot::channel();
        if self.requests.send(Request::Close(closer)).await.is_ok() {
            // An error is expected: the keeper drops the sender when it ends.
            drop(ended.await);
        }
    }

    fn cache(&self) -> MutexGuard<'_, KeyCache> {
        self.cache.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn ask(&self, person: &CustomerId, wanted: MissingKeyAction) -> Answer {
        if let Some(key) = self.cache().get(person) {
            return Ok(Some(key));
        }
        let (answer, answered) = oneshot::channel();
        let ask = KeyRequest {
            person: person.clone(),
            wanted,
            answer,
        };
        self.send(Request::Ask(ask))?;
        let key = answered.await.unwrap_or_else(|_| Err(closed()))?;
        if let Some(key) = &key {
            self.cache().put(key.clone());
        }
        Ok(key)
    }

    fn send(&self, request: Request) -> Result<(), VaultError> {
        self.requests.try_send(request).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => {
                VaultError::Unavailable("its queue is full; try again".to_owned())
            }
            mpsc::error::TrySendError::Closed(_) => closed(),
        })
    }

    /// Destroys a key at `at`. Without `at`, returns when it was destroyed.
    async fn end(
        &self,
        person: &CustomerId,
        at: Option<Timestamp>,
    ) -> Result<Option<DestroyedKey>, VaultError> {
        let (answer, answered) = oneshot::channel();
        let person = person.clone();
        self.send(Request::End(KeyDestruction { person, at, answer }))?;
        answered.await.unwrap_or_else(|_| Err(closed()))
    }
}

fn closed() -> VaultError {
    VaultError::Unavailable("it was closed".to_owned())
}

/// Locks the keys directory for a first start, so that several servers make their keys one after another. The
/// lock is held until the file is dropped; the kernel releases it if the process dies. `None`, without
/// waiting, if keys must exist.
fn first_start_turn(dir: &Path, keyring: KeyringPolicy) -> std::io::Result<Option<File>> {
    if keyring == KeyringPolicy::MustExist {
        return Ok(None);
    }
    create_private_dir(dir)?;
    let turn = File::open(dir)?;
    if let Err(error) = turn.lock() {
        // Some network file systems cannot lock folders; hard links and SQLite's own locks still ensure a
        // single key.
        tracing::warn!(%error, "the folder of the keys cannot be locked for a first start");
        return Ok(None);
    }
    Ok(Some(turn))
}

/// Returns an error if a required key file is missing. The master key is made first, so a crash never leaves
/// `keys.db` without it.
fn refuse_missing(dir: &Path, master: &MasterKey, keyring: KeyringPolicy) -> Result<(), VaultError> {
    let file = dir.join(KEYS_FILE);
    let keys_exist = file.exists();
    let missing = |what: &str, present: &str| {
        Err(VaultError::WrongMaster(format!(
            "{what} is missing, but {present} present"
        )))
    };
    if keyring == KeyringPolicy::MustExist && !keys_exist {
        return missing(&file.display().to_string(), "events are");
    }
    if master.read()?.is_some() {
        return Ok(());
    }
    if keyring == KeyringPolicy::MustExist {
        return missing(&master.place(), "events are");
    }
    if keys_exist {
        return missing(&master.place(), "keys.db is");
    }
    Ok(())
}

/// Opens the keys with the current master key, or with the new one that an interrupted rotation left.
fn open_keys(
    dir: &Path,
    master: &MasterKey,
    ids: &Arc<dyn IdSource>,
    make: bool,
) -> Result<(Keys, Secret), VaultError> {
    let masters = MasterKeys::read(master, ids.as_ref())?;
    let open = |secret: &Secret| Keys::open(dir, secret.clone(), Arc::clone(ids), make);
    match (open(&masters.current), &masters.beside) {
        (Ok(opened), _) => {
            masters.settle(MasterInUse::Current)?;
            Ok(opened)
        }
        (Err(VaultError::WrongMaster(_)), Some(beside)) => {
            let opened = open(beside)?;
            masters.settle(MasterInUse::Beside)?;
            Ok(opened)
        }
        (Err(error), _) => Err(error),
    }
}

impl std::fmt::Debug for FileVault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("FileVault")
    }
}

#[async_trait]
impl Vault for FileVault {
    async fn key(&self, person: &CustomerId) -> Result<PersonKey, VaultError> {
        let key = self.ask(person, MissingKeyAction::Made).await?;
        key.ok_or_else(|| VaultError::Unavailable("the key was not made".to_owned()))
    }

    async fn existing_key(&self, person: &CustomerId) -> Result<Option<PersonKey>, VaultError> {
        self.ask(person, MissingKeyAction::Existing).await
    }

    async fn destroy(&self, person: &CustomerId, at: Timestamp) -> Result<DestroyedKey, VaultError> {
        self.forget_cached(person);
        let destroyed = self.end(person, Some(at)).await;
        // Another request may have read and cached the key meanwhile.
        self.forget_cached(person);
        destroyed?.ok_or_else(|| VaultError::Unavailable("the key was not destroyed".to_owned()))
    }

    async fn destroyed(&self, person: &CustomerId) -> Result<Option<DestroyedKey>, VaultError> {
        self.end(person, None).await
    }

    fn forget_cached(&self, person: &CustomerId) {
        self.cache().forget(person);
    }

    fn seal(&self, key: &PersonKey, nonce: [u8; 12], aad: &[u8], value: &str) -> Result<Sealed, VaultError> {
        Ok(sealing::seal(key, nonce, aad, value))
    }

    fn open(&self, key: &PersonKey, aad: &[u8], sealed: &Sealed) -> Result<String, VaultError> {
        sealing::open(key, aad, sealed)
    }

    fn hash(&self, value: &str) -> LookupHash {
        self.secret.lookup_hash(value)
    }

    fn derive_customer(&self, external_id: &str) -> CustomerId {
        self.secret.customer(external_id)
    }

    fn derive_number(&self, e164: &str) -> NumberId {
        self.secret.number(e164)
    }
    fn derive_leg(&self, call: &CallId, leg: u8) -> LegKey {
        self.secret.leg(call, leg)
    }

    fn sign_link(&self, link: &str) -> String {
        self.secret.link(link)
    }
}
