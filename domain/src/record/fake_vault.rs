//! A fake vault for golden files: its seal has the form of the real one and the same bytes on every run.

use crate::call::LegKey;
use crate::personal::{LookupHash, Sealed};
use crate::ports::vault::{DestroyedKey, PersonKey, Vault, VaultError};
use crate::time::Timestamp;
use async_trait::async_trait;
use values::hex;
use values::ids::{CallId, CustomerId, NumberId};

/// The key of the person in golden events.
pub(super) fn key() -> PersonKey {
    PersonKey::new(
        "00112233445566778899aabbccddeeff".parse().expect("a customer id"),
        [7; 32],
    )
}

/// Twelve bytes of nonce in hexadecimal digits, which are also base64 digits.
const FAKE_NONCE: &str = "000000000000000000000000";

/// A vault that shows a value's bytes in hexadecimal in place of base64 ciphertext.
pub(super) struct FakeVault;

#[async_trait]
impl Vault for FakeVault {
    async fn key(&self, _person: &CustomerId) -> Result<PersonKey, VaultError> {
        Ok(key())
    }
    async fn existing_key(&self, _person: &CustomerId) -> Result<Option<PersonKey>, VaultError> {
        Ok(Some(key()))
    }
    async fn destroy(&self, person: &CustomerId, at: Timestamp) -> Result<DestroyedKey, VaultError> {
        Ok(DestroyedKey {
            person: person.clone(),
            at,
        })
    }
    async fn destroyed(&self, _person: &CustomerId) -> Result<Option<DestroyedKey>, VaultError> {
        Ok(None)
    }
    fn forget_cached(&self, _person: &CustomerId) {}
    fn seal(
        &self,
        key: &PersonKey,
        _nonce: [u8; 12],
        _aad: &[u8],
        value: &str,
    ) -> Result<Sealed, VaultError> {
        let digits = hex::encode(value.as_bytes());
        Ok(Sealed {
            sealed: format!("{FAKE_NONCE}{digits}"),
            key: key.person().clone(),
            transcript: key.transcript().map(|own| own.person().clone()),
            hash: None,
        })
    }
    fn open(&self, _key: &PersonKey, _aad: &[u8], sealed: &Sealed) -> Result<String, VaultError> {
        let digits = sealed
            .sealed
            .strip_prefix(FAKE_NONCE)
            .ok_or(VaultError::DoesNotOpen)?;
        let mut bytes = vec![0; digits.len() / 2];
        if !hex::decode_into(digits, &mut bytes) {
            return Err(VaultError::DoesNotOpen);
        }
        String::from_utf8(bytes).or(Err(VaultError::DoesNotOpen))
    }
    fn hash(&self, value: &str) -> LookupHash {
        LookupHash(format!("{:064x}", value.len()))
    }
    fn derive_customer(&self, _external_id: &str) -> CustomerId {
        key().person().clone()
    }
    fn derive_number(&self, _e164: &str) -> NumberId {
        "ffeeddccbbaa99887766554433221100".parse().expect("a number id")
    }
    fn derive_leg(&self, _call: &CallId, leg: u8) -> LegKey {
        LegKey::new([leg; 32])
    }
    fn sign_link(&self, link: &str) -> String {
        format!("signed {link}")
    }
}
