//! A vault in memory, for tests and the simulation, where it survives simulated crashes.
//!
//! Keys and the secret are drawn from the id source in the order of their first request, so the same seed and
//! the same requests give the same keys.

use crate::sealing::{self, KEY_BYTES, Secret};
use async_trait::async_trait;
use domain::call::LegKey;
use domain::ids::{CallId, CustomerId, NumberId};
use domain::personal::{LookupHash, Sealed};
use domain::ports::id_source::IdSource;
use domain::ports::vault::{DestroyedKey, PersonKey, Vault, VaultError};
use domain::time::Timestamp;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A vault with keys in a map. The map grows with the number of persons; a destroyed key leaves an entry
/// with its time.
pub struct MemoryVault {
    ids: Arc<dyn IdSource>,
    secret: Secret,
    keys: Mutex<BTreeMap<CustomerId, MemoryKey>>,
}

/// The state of one person's key.
enum MemoryKey {
    Key(PersonKey),
    Destroyed(Timestamp),
}

impl MemoryVault {
    /// Makes an empty vault. Its installation secret is drawn from `ids`.
    pub fn new(ids: Arc<dyn IdSource>) -> Self {
        let secret = draw(&*ids);
        Self {
            ids,
            secret: Secret::new(secret),
            keys: Mutex::default(),
        }
    }

    fn keys(&self) -> MutexGuard<'_, BTreeMap<CustomerId, MemoryKey>> {
        self.keys.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn draw(ids: &dyn IdSource) -> [u8; KEY_BYTES] {
    let mut bytes = [0; KEY_BYTES];
    ids.random(&mut bytes);
    bytes
}

impl std::fmt::Debug for MemoryVault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "MemoryVault({} keys)", self.keys().len())
    }
}

#[async_trait]
impl Vault for MemoryVault {
    async fn key(&self, person: &CustomerId) -> Result<PersonKey, VaultError> {
        let mut keys = self.keys();
        let held = keys
            .entry(person.clone())
            .or_insert_with(|| MemoryKey::Key(PersonKey::new(person.clone(), draw(&*self.ids))));
        match held {
            MemoryKey::Key(key) => Ok(key.clone()),
            MemoryKey::Destroyed(_) => Err(VaultError::Destroyed(person.clone())),
        }
    }

    async fn existing_key(&self, person: &CustomerId) -> Result<Option<PersonKey>, VaultError> {
        Ok(match self.keys().get(person) {
            Some(MemoryKey::Key(key)) => Some(key.clone()),
            Some(MemoryKey::Destroyed(_)) | None => None,
        })
    }

    async fn destroy(&self, person: &CustomerId, at: Timestamp) -> Result<DestroyedKey, VaultError> {
        let mut keys = self.keys();
        let at = match keys.get(person) {
            Some(MemoryKey::Destroyed(first)) => *first,
            Some(MemoryKey::Key(_)) | None => at,
        };
        keys.insert(person.clone(), MemoryKey::Destroyed(at));
        Ok(DestroyedKey {
            person: person.clone(),
            at,
        })
    }

    async fn destroyed(&self, person: &CustomerId) -> Result<Option<DestroyedKey>, VaultError> {
        Ok(match self.keys().get(person) {
            Some(MemoryKey::Destroyed(at)) => Some(DestroyedKey {
                person: person.clone(),
                at: *at,
            }),
            Some(MemoryKey::Key(_)) | None => None,
        })
    }

    /// Does nothing: the keys are only in the map, not in a cache.
    fn forget_cached(&self, _person: &CustomerId) {}

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
