//! A vault in memory: for tests and the simulation, whose world keeps it through simulated crashes.
//!
//! Keys and the secret are drawn from the id source in the order they are first asked for, so the same seed
//! and the same questions give the same keys.

use crate::sealing::{self, KEY_BYTES, Secret};
use async_trait::async_trait;
use domain::ids::{CustomerId, NumberId};
use domain::personal::{LookupHash, Sealed};
use domain::ports::id_source::IdSource;
use domain::ports::vault::{PersonKey, Vault, VaultError};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Keys in a map. It grows with the persons of its world and forgets nothing until dropped.
pub struct MemoryVault {
    ids: Arc<dyn IdSource>,
    secret: Secret,
    keys: Mutex<BTreeMap<CustomerId, PersonKey>>,
}

impl MemoryVault {
    /// Draws the installation's secret from `ids`.
    pub fn new(ids: Arc<dyn IdSource>) -> Self {
        let secret = draw(&*ids);
        Self {
            ids,
            secret: Secret::new(secret),
            keys: Mutex::default(),
        }
    }

    fn keys(&self) -> MutexGuard<'_, BTreeMap<CustomerId, PersonKey>> {
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
        let key = keys
            .entry(person.clone())
            .or_insert_with(|| PersonKey::new(person.clone(), draw(&*self.ids)));
        Ok(key.clone())
    }

    async fn existing_key(&self, person: &CustomerId) -> Result<Option<PersonKey>, VaultError> {
        Ok(self.keys().get(person).cloned())
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
}
