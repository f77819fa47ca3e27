//! The Vault port: keys of persons, sealing under them, and the installation's keyed hashes.

use crate::call::LegKey;
use crate::personal::{LookupHash, Sealed};
use crate::problem::Problem;
use crate::time::Timestamp;
use crate::transcript::TranscriptParent;
use async_trait::async_trait;
use std::fmt;
use std::sync::Arc;
use values::ids::{CallId, CustomerId, NumberId};

/// A person's 256-bit key, unwrapped, in memory only. `Debug` does not show it.
///
/// It may also hold the key of one transcript of the person. Then it seals under both keys, and opens values
/// that were sealed under both.
#[derive(Clone)]
pub struct PersonKey {
    own: Arc<HeldKey>,
    transcript: Option<Arc<HeldKey>>,
}

/// The bytes of one key. They are overwritten when the last holder drops it, as well as safe code can.
struct HeldKey {
    person: CustomerId,
    bytes: [u8; 32],
}

impl Drop for HeldKey {
    fn drop(&mut self) {
        self.bytes.fill(0);
        std::hint::black_box(&mut self.bytes);
    }
}

impl PersonKey {
    pub fn new(person: CustomerId, bytes: [u8; 32]) -> Self {
        Self {
            own: Arc::new(HeldKey { person, bytes }),
            transcript: None,
        }
    }
    pub fn person(&self) -> &CustomerId {
        &self.own.person
    }
    pub fn bytes(&self) -> &[u8; 32] {
        &self.own.bytes
    }

    /// Returns this key with a transcript's key added: values are then sealed under both.
    #[must_use]
    pub fn with_transcript(&self, transcript: &Self) -> Self {
        Self {
            own: Arc::clone(&self.own),
            transcript: Some(Arc::clone(&transcript.own)),
        }
    }

    /// Returns the transcript's key, if one is held.
    pub fn transcript(&self) -> Option<Self> {
        self.transcript.as_ref().map(|transcript| Self {
            own: Arc::clone(transcript),
            transcript: None,
        })
    }

    /// Returns true if this key can open `sealed`: no transcript's key is needed, or the one it names is
    /// held.
    pub fn suffices_for(&self, sealed: &Sealed) -> bool {
        let held = self.transcript.as_ref().map(|transcript| &transcript.person);
        sealed.transcript.is_none() || sealed.transcript.as_ref() == held
    }
}

impl fmt::Debug for PersonKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PersonKey({})", self.own.person)
    }
}

/// The record that a person's key was destroyed: no value sealed under it can be opened any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DestroyedKey {
    pub person: CustomerId,
    /// The time at which it was first destroyed.
    pub at: Timestamp,
}

/// The reasons why the vault could not serve a request.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VaultError {
    #[error("the key store is unavailable: {0}")]
    Unavailable(String),
    #[error("the key of {0} was destroyed")]
    Destroyed(CustomerId),
    #[error("a sealed value does not open: wrong key, moved or altered")]
    DoesNotOpen,
    #[error("the master key or key file is wrong: {0}")]
    WrongMaster(String),
}

impl From<VaultError> for Problem {
    fn from(error: VaultError) -> Self {
        match error {
            VaultError::Unavailable(why) => Self::unavailable(format!("the keys: {why}")),
            VaultError::Destroyed(_) | VaultError::DoesNotOpen | VaultError::WrongMaster(_) => {
                Self::fault(error.to_string())
            }
        }
    }
}

/// Keys of persons, stored apart from the events: without them the personal fields of records are unreadable.
///
/// `key` makes the key on first use and returns only when it is durable, so no record is ever sealed under a
/// key that a crash loses. `seal` and `open` are sync (AES-256-GCM; the AAD binds a field to its stream,
/// event and JSON pointer). `hash` and `derive_*` use the installation secret.
///
/// `destroy` returns when the key is overwritten and the person's id is durably in a list that only grows, so
/// that no older copy of the keys restores it.
#[async_trait]
pub trait Vault: Send + Sync {
    /// Returns the person's key; makes it and stores it durably if there was none.
    ///
    /// A transcript's key is requested by the name from `TranscriptParent::key`, here and below.
    async fn key(&self, person: &CustomerId) -> Result<PersonKey, VaultError>;
    /// Returns the person's key, or `None` if it was never made or has been destroyed.
    async fn existing_key(&self, person: &CustomerId) -> Result<Option<PersonKey>, VaultError>;
    /// Destroys the person's key, also if it was never made; from then on `key` fails with `Destroyed`.
    /// `at`: the current time. A repeat changes nothing and returns the first instant.
    async fn destroy(&self, person: &CustomerId, at: Timestamp) -> Result<DestroyedKey, VaultError>;
    /// Returns the record of the destruction of this person's key; `None` if it was not destroyed.
    async fn destroyed(&self, person: &CustomerId) -> Result<Option<DestroyedKey>, VaultError>;
    /// Drops this process's cached copy of the person's key: another process may have destroyed the key.
    fn forget_cached(&self, person: &CustomerId);
    /// Encrypts one value (AES-256-GCM). `aad` binds it to its place. `hash` stays empty; the record writer
    /// sets it for fields that have one.
    fn seal(&self, key: &PersonKey, nonce: [u8; 12], aad: &[u8], value: &str) -> Result<Sealed, VaultError>;
    fn open(&self, key: &PersonKey, aad: &[u8], sealed: &Sealed) -> Result<String, VaultError>;
    /// Returns the lookup hash of a value: HMAC-SHA-256 under the installation secret, lower hex.
    fn hash(&self, value: &str) -> LookupHash;
    /// Returns the id of the customer with this external id: the first 128 bits, lower hex, of
    /// HMAC-SHA-256(secret, `customer:` + external id).
    fn derive_customer(&self, external_id: &str) -> CustomerId;
    /// Returns the id of a phone number: the first 128 bits, lower hex, of HMAC-SHA-256(secret, `number:` +
    /// E.164).
    fn derive_number(&self, e164: &str) -> NumberId;
    /// Returns the secret behind one leg's SIP names: HMAC-SHA-256 of call and leg under a separate key
    /// derived from the installation secret, so that no lookup hash (`hash`) equals one of these.
    fn derive_leg(&self, call: &CallId, leg: u8) -> LegKey;
    /// Returns the signature of a time-limited link, lower hex: HMAC-SHA-256 of what the link opens, for
    /// which user and until when, under a separate key derived from the installation secret.
    fn sign_link(&self, link: &str) -> String;
}

/// Returns the keys that open the events of a call or conversation: the person's, with the transcript's if it
/// still exists. `None` if the person's key was never made or has been destroyed.
pub async fn key_to_read(
    vault: &dyn Vault,
    person: &CustomerId,
    transcript: TranscriptParent,
) -> Result<Option<PersonKey>, VaultError> {
    key_to_read_with(vault, person, &transcript.key()).await
}

/// Returns the person's key, together with the key named `own_key` if that one still exists. `None` if the
/// person's key was never made or has been destroyed.
pub async fn key_to_read_with(
    vault: &dyn Vault,
    person: &CustomerId,
    own_key: &CustomerId,
) -> Result<Option<PersonKey>, VaultError> {
    let Some(own) = existing(vault, person).await? else {
        return Ok(None);
    };
    let transcript = existing(vault, own_key).await?;
    Ok(Some(match transcript {
        Some(transcript) => own.with_transcript(&transcript),
        None => own,
    }))
}

/// Returns the person's key together with the key named `own_key`, for sealing under both; makes and stores
/// them if needed. Fails if one was destroyed.
pub async fn key_to_seal(
    vault: &dyn Vault,
    person: &CustomerId,
    own_key: &CustomerId,
) -> Result<PersonKey, VaultError> {
    let own = vault.key(person).await?;
    let transcript = vault.key(own_key).await?;
    Ok(own.with_transcript(&transcript))
}

/// Returns the named key; `None` if it was never made or has been destroyed.
async fn existing(vault: &dyn Vault, name: &CustomerId) -> Result<Option<PersonKey>, VaultError> {
    match vault.existing_key(name).await {
        Err(VaultError::Destroyed(_)) => Ok(None),
        other => other,
    }
}
