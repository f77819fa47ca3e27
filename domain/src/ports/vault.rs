//! The Vault port: keys of persons, sealing under them, and the installation's keyed hashes.

use crate::call::LegKey;
use crate::personal::{LookupHash, Sealed};
use crate::problem::Problem;
use crate::time::Timestamp;
use crate::transcript::TranscriptOf;
use async_trait::async_trait;
use std::fmt;
use std::sync::Arc;
use values::ids::{CallId, CustomerId, NumberId};

/// A person's 256-bit key, unwrapped, in memory only. `Debug` does not show it.
///
/// It may hold the key of a transcript of the person's beside their own: then it seals under both, and opens
/// what was sealed so.
#[derive(Clone)]
pub struct PersonKey {
    own: Arc<HeldKey>,
    transcript: Option<Arc<HeldKey>>,
}

/// Overwritten when the last holder drops it, as well as safe code can.
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

    /// The person's key with that of a transcript beside it.
    #[must_use]
    pub fn with_transcript(&self, transcript: &Self) -> Self {
        Self {
            own: Arc::clone(&self.own),
            transcript: Some(Arc::clone(&transcript.own)),
        }
    }

    /// The key of the transcript, where it is held.
    pub fn transcript(&self) -> Option<Self> {
        self.transcript.as_ref().map(|transcript| Self {
            own: Arc::clone(transcript),
            transcript: None,
        })
    }

    /// Whether everything is held that `sealed` was sealed under, by the names of the keys.
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

/// A key that is gone for good: nothing of this installation opens what it sealed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Destroyed {
    pub person: CustomerId,
    /// When it was destroyed the first time.
    pub at: Timestamp,
}

/// Why the vault could not serve.
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

/// Keys live apart from the events: without them a record's personal fields are noise.
///
/// `key` makes the key on first use and returns only when it is durable, so no record is ever sealed
/// under a key that a crash forgets. `seal` and `open` are sync (AES-256-GCM; the AAD pins a field to
/// its stream, event and JSON pointer). `hash` and `derive_*` use the installation secret.
///
/// `destroy` answers when the key is overwritten and the person's id stands durably in a list that only
/// grows, so that no older copy of the keys brings it back.
#[async_trait]
pub trait Vault: Send + Sync {
    /// The person's key, made and made durable if there was none.
    ///
    /// A transcript's key is asked for by the name that `TranscriptOf::key` gives it, here and below.
    async fn key(&self, person: &CustomerId) -> Result<PersonKey, VaultError>;
    /// The person's key, or `None` when it was never made or has been destroyed.
    async fn existing_key(&self, person: &CustomerId) -> Result<Option<PersonKey>, VaultError>;
    /// Destroys the person's key, made or not, and refuses to make one ever after; `key` then answers
    /// `Destroyed`. Idempotent: a repeat answers the first instant. `at` is now.
    async fn destroy(&self, person: &CustomerId, at: Timestamp) -> Result<Destroyed, VaultError>;
    /// When this person's key was destroyed; `None` while it was not.
    async fn destroyed(&self, person: &CustomerId) -> Result<Option<Destroyed>, VaultError>;
    /// Drops an unwrapped key held in this process: another process may have destroyed it.
    fn forget_cached(&self, person: &CustomerId);
    /// Seals one value; `hash` is left out and set by the record writer where wanted.
    fn seal(&self, key: &PersonKey, nonce: [u8; 12], aad: &[u8], value: &str) -> Result<Sealed, VaultError>;
    fn open(&self, key: &PersonKey, aad: &[u8], sealed: &Sealed) -> Result<String, VaultError>;
    /// HMAC-SHA-256 of the value under the installation secret, lower hex: the lookup hash.
    fn hash(&self, value: &str) -> LookupHash;
    /// First 128 bits, lower hex, of HMAC-SHA-256(secret, `customer:` + external id).
    fn derive_customer(&self, external_id: &str) -> CustomerId;
    /// First 128 bits, lower hex, of HMAC-SHA-256(secret, `number:` + E.164).
    fn derive_number(&self, e164: &str) -> NumberId;
    /// The secret behind one leg's SIP names: HMAC-SHA-256 of call and leg, under a key of its own made of
    /// the installation secret, so that no looked-up value (`hash`) is ever one of these.
    fn derive_leg(&self, call: &CallId, leg: u8) -> LegKey;
    /// What signs a link that opens something for a while, lower hex: HMAC-SHA-256 of what it opens, for whom
    /// and until when, under a key of its own made of the installation secret.
    fn sign_link(&self, link: &str) -> String;
}

/// The person's key, with that of the transcript where it has one that still exists: what opens the events of
/// a call or a conversation. `None` where the person's was never made or has been destroyed.
pub async fn key_to_read(
    vault: &dyn Vault,
    person: &CustomerId,
    transcript: TranscriptOf,
) -> Result<Option<PersonKey>, VaultError> {
    key_to_read_with(vault, person, &transcript.key()).await
}

/// The person's key, with one of the thing's own by its name, where that still exists.
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

/// Both keys, made and made durable where there were none: what seals a transcript, or whatever else has a
/// key to itself, by that key's name.
pub async fn key_to_seal(
    vault: &dyn Vault,
    person: &CustomerId,
    own_key: &CustomerId,
) -> Result<PersonKey, VaultError> {
    let own = vault.key(person).await?;
    let transcript = vault.key(own_key).await?;
    Ok(own.with_transcript(&transcript))
}

/// A key that was destroyed is one that is not there.
async fn existing(vault: &dyn Vault, name: &CustomerId) -> Result<Option<PersonKey>, VaultError> {
    match vault.existing_key(name).await {
        Err(VaultError::Destroyed(_)) => Ok(None),
        other => other,
    }
}
