//! A vault that reverses texts and knows which keys have been destroyed.

use async_trait::async_trait;
use domain::ids::{CustomerId, NumberId};
use domain::personal::{LookupHash, Sealed};
use domain::ports::vault::{DestroyedKey, PersonKey, Vault, VaultError};
use domain::time::Timestamp;
use std::collections::BTreeMap;
use std::sync::Mutex;
use uuid::Uuid;

#[derive(Default)]
pub(crate) struct FakeVault {
    destroyed: Mutex<BTreeMap<CustomerId, Timestamp>>,
}

impl FakeVault {
    pub(crate) fn destroyed_at(&self, person: &CustomerId) -> Option<Timestamp> {
        let destroyed = self.destroyed.lock().expect("no panic inside");
        destroyed.get(person).copied()
    }
    fn is_destroyed(&self, person: &CustomerId) -> bool {
        self.destroyed_at(person).is_some()
    }
}

fn derived(text: &str) -> String {
    Uuid::new_v5(&domain::ids::NAMESPACE, text.as_bytes())
        .simple()
        .to_string()
}

#[async_trait]
impl Vault for FakeVault {
    async fn key(&self, person: &CustomerId) -> Result<PersonKey, VaultError> {
        if self.is_destroyed(person) {
            return Err(VaultError::Destroyed(person.clone()));
        }
        Ok(PersonKey::new(person.clone(), [7; 32]))
    }
    async fn existing_key(&self, person: &CustomerId) -> Result<Option<PersonKey>, VaultError> {
        Ok((!self.is_destroyed(person)).then(|| PersonKey::new(person.clone(), [7; 32])))
    }
    async fn destroy(&self, person: &CustomerId, at: Timestamp) -> Result<DestroyedKey, VaultError> {
        let mut destroyed = self.destroyed.lock().expect("no panic inside");
        Ok(DestroyedKey {
            person: person.clone(),
            at: *destroyed.entry(person.clone()).or_insert(at),
        })
    }
    async fn destroyed(&self, person: &CustomerId) -> Result<Option<DestroyedKey>, VaultError> {
        let person = person.clone();
        Ok(self.destroyed_at(&person).map(|at| DestroyedKey { person, at }))
    }
    fn forget_cached(&self, _: &CustomerId) {}
    fn seal(&self, key: &PersonKey, _: [u8; 12], aad: &[u8], value: &str) -> Result<Sealed, VaultError> {
        let turned: String = value.chars().rev().collect();
        Ok(Sealed {
            sealed: format!("{}|{turned}", derived(&String::from_utf8_lossy(aad))),
            key: key.person().clone(),
            transcript: key.transcript().map(|own| own.person().clone()),
            hash: None,
        })
    }
    fn open(&self, key: &PersonKey, aad: &[u8], sealed: &Sealed) -> Result<String, VaultError> {
        let place = derived(&String::from_utf8_lossy(aad));
        match sealed.sealed.split_once('|') {
            Some((at, turned)) if at == place && key.person() == &sealed.key && key.suffices_for(sealed) => {
                Ok(turned.chars().rev().collect())
            }
            _ => Err(VaultError::DoesNotOpen),
        }
    }
    fn hash(&self, value: &str) -> LookupHash {
        LookupHash(derived(value))
    }
    fn derive_customer(&self, external_id: &str) -> CustomerId {
        derived(&format!("customer:{external_id}"))
            .parse()
            .expect("32 hexadecimal digits")
    }
    fn derive_number(&self, e164: &str) -> NumberId {
        derived(&format!("number:{e164}"))
            .parse()
            .expect("32 hexadecimal digits")
    }
    fn derive_leg(&self, call: &domain::ids::CallId, leg: u8) -> domain::call::LegKey {
        let mut bytes = [leg; 32];
        for (byte, from) in bytes.iter_mut().zip(call.uuid().into_bytes()) {
            *byte = from;
        }
        domain::call::LegKey::new(bytes)
    }
    fn sign_link(&self, link: &str) -> String {
        format!("signed {link}")
    }
}
