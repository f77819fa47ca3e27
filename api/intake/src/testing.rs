//! Stand-ins for the tests of the import: a vault without secrets, tasks on the test's own runtime.

use async_trait::async_trait;
use domain::ids::{CustomerId, NumberId};
use domain::personal::{LookupHash, Sealed};
use domain::ports::tasks::{StopSignal, TaskFuture, Tasks};
use domain::ports::vault::{Destroyed, PersonKey, Vault, VaultError};
use domain::time::Timestamp;
use sha2::{Digest, Sha256};
use std::sync::Arc;

fn derive(text: &str) -> String {
    crate::spool::hex(&Sha256::digest(text.as_bytes())[..16])
}

pub struct PlainVault;

#[async_trait]
impl Vault for PlainVault {
    async fn key(&self, person: &CustomerId) -> Result<PersonKey, VaultError> {
        Ok(PersonKey::new(person.clone(), [0; 32]))
    }
    async fn existing_key(&self, person: &CustomerId) -> Result<Option<PersonKey>, VaultError> {
        self.key(person).await.map(Some)
    }
    async fn destroy(&self, person: &CustomerId, _: Timestamp) -> Result<Destroyed, VaultError> {
        Err(VaultError::Destroyed(person.clone()))
    }
    async fn destroyed(&self, _: &CustomerId) -> Result<Option<Destroyed>, VaultError> {
        Ok(None)
    }
    fn forget_cached(&self, _: &CustomerId) {}
    fn seal(&self, _: &PersonKey, _: [u8; 12], _: &[u8], _: &str) -> Result<Sealed, VaultError> {
        Err(VaultError::DoesNotOpen)
    }
    fn open(&self, _: &PersonKey, _: &[u8], _: &Sealed) -> Result<String, VaultError> {
        Err(VaultError::DoesNotOpen)
    }
    fn hash(&self, value: &str) -> LookupHash {
        LookupHash(derive(value))
    }
    fn derive_customer(&self, external_id: &str) -> CustomerId {
        derive(&format!("customer:{external_id}")).parse().unwrap()
    }
    fn derive_number(&self, e164: &str) -> NumberId {
        derive(&format!("number:{e164}")).parse().unwrap()
    }
    fn derive_leg(&self, _call: &domain::ids::CallId, leg: u8) -> domain::call::LegKey {
        domain::call::LegKey::new([leg; 32])
    }
    fn sign_link(&self, link: &str) -> String {
        format!("signed {link}")
    }
}

pub struct TestTasks;

struct Never;

#[async_trait]
impl StopSignal for Never {
    fn is_stopping(&self) -> bool {
        false
    }
    async fn stopping(&self) {
        std::future::pending::<()>().await;
    }
}

#[async_trait]
impl Tasks for TestTasks {
    #[expect(clippy::disallowed_methods, reason = "the test's own runtime runs its tasks")]
    fn spawn(&self, _: &'static str, future: TaskFuture) {
        drop(tokio::task::spawn(future));
    }
    #[expect(clippy::disallowed_methods, reason = "the test's own threads")]
    fn thread(&self, _: &'static str, work: Box<dyn FnOnce() + Send + 'static>) {
        drop(std::thread::spawn(work));
    }
    fn stop_signal(&self) -> Arc<dyn StopSignal> {
        Arc::new(Never)
    }
    fn alive_count(&self) -> usize {
        0
    }
    async fn stop(&self) {}
}
