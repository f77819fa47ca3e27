//! The keys and hashes of one realm, from the vault of the installation.
//!
//! In the sandbox every derived value differs from that of the real realm: an external id or a phone number
//! that is equal to a real one is another person and another number, with another key. Sealing is the same.

use async_trait::async_trait;
use domain::call::LegKey;
use domain::ids::{CallId, CustomerId, DERIVED_ID_BYTES, NumberId};
use domain::personal::{LookupHash, Sealed};
use domain::ports::vault::{DestroyedKey, PersonKey, Vault, VaultError};
use domain::realm::{Realm, RealmName};
use domain::time::Timestamp;
use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

/// The vault of one realm.
pub struct RealmVault<R: Realm> {
    vault: Arc<dyn Vault>,
    realm: PhantomData<R>,
}

impl<R: Realm> RealmVault<R> {
    pub fn new(vault: Arc<dyn Vault>) -> Self {
        Self {
            vault,
            realm: PhantomData,
        }
    }

    /// Returns an id derived from the realm's own hash, which is no input of a real id.
    fn own_id(&self, kind: &str, value: &str) -> String {
        let hash = self.hash(&format!("{kind}:{value}")).0;
        hash.chars().take(DERIVED_ID_BYTES * 2).collect()
    }
}

impl<R: Realm> fmt::Debug for RealmVault<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RealmVault({:?})", R::NAME)
    }
}

#[async_trait]
impl<R: Realm> Vault for RealmVault<R> {
    async fn key(&self, person: &CustomerId) -> Result<PersonKey, VaultError> {
        self.vault.key(person).await
    }

    async fn existing_key(&self, person: &CustomerId) -> Result<Option<PersonKey>, VaultError> {
        self.vault.existing_key(person).await
    }

    async fn destroy(&self, person: &CustomerId, at: Timestamp) -> Result<DestroyedKey, VaultError> {
        self.vault.destroy(person, at).await
    }

    async fn destroyed(&self, person: &CustomerId) -> Result<Option<DestroyedKey>, VaultError> {
        self.vault.destroyed(person).await
    }

    fn forget_cached(&self, person: &CustomerId) {
        self.vault.forget_cached(person);
    }

    fn seal(&self, key: &PersonKey, nonce: [u8; 12], aad: &[u8], value: &str) -> Result<Sealed, VaultError> {
        self.vault.seal(key, nonce, aad, value)
    }

    fn open(&self, key: &PersonKey, aad: &[u8], sealed: &Sealed) -> Result<String, VaultError> {
        self.vault.open(key, aad, sealed)
    }

    fn hash(&self, value: &str) -> LookupHash {
        let real = self.vault.hash(value);
        match R::NAME {
            RealmName::Real => real,
            RealmName::Sandbox => self.vault.hash(&format!("sandbox-hash:{}", real.0)),
        }
    }

    fn derive_customer(&self, external_id: &str) -> CustomerId {
        match R::NAME {
            RealmName::Real => self.vault.derive_customer(external_id),
            RealmName::Sandbox => {
                let own = self.own_id("customer", external_id);
                own.try_into().expect("derived ids are 32 lower hex digits")
            }
        }
    }

    fn derive_number(&self, e164: &str) -> NumberId {
        match R::NAME {
            RealmName::Real => self.vault.derive_number(e164),
            RealmName::Sandbox => {
                let own = self.own_id("number", e164);
                own.try_into().expect("derived ids are 32 lower hex digits")
            }
        }
    }

    fn derive_leg(&self, call: &CallId, leg: u8) -> LegKey {
        self.vault.derive_leg(call, leg)
    }

    fn sign_link(&self, link: &str) -> String {
        self.vault.sign_link(&R::NAME.own_name(link))
    }
}
