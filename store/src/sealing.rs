//! Sealing: encrypts personal fields per person, and computes the installation's keyed hashes.
//!
//! AES-256-GCM under the person's key, HMAC-SHA-256 under the installation's secret. The code here is shared
//! by all vaults; `file_vault` and `memory_vault` store the keys.

use aes_gcm::aead::{Aead, Payload};
use aes_gcm::{AeadInOut, Aes256Gcm};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use domain::call::LegKey;
use domain::hex;
use domain::ids::{CallId, CustomerId, DERIVED_ID_BYTES, NumberId};
use domain::personal::{LookupHash, Sealed};
use domain::ports::vault::{PersonKey, VaultError};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use std::fmt;
use zeroize::Zeroizing;

/// The length of every key and secret, in bytes (AES-256, HMAC-SHA-256).
pub(crate) const KEY_BYTES: usize = 32;

/// The length of a GCM nonce, in bytes.
pub(crate) const NONCE_BYTES: usize = 12;

/// The length of a GCM tag, in bytes.
const TAG_BYTES: usize = 16;

/// Makes the secret for SIP names different from that for lookup hashes (not one of the masks of HMAC itself,
/// RFC 2104).
const LEG_SECRET_MASK: u8 = 0xA5;
/// Makes the secret for link signatures different from both.
const LINK_SECRET_MASK: u8 = 0x96;

/// A key or secret in memory. Its bytes are zeroed when it is dropped, and `Debug` does not print them.
#[derive(Clone)]
pub(crate) struct Secret(Zeroizing<[u8; KEY_BYTES]>);

impl Secret {
    pub(crate) fn new(bytes: [u8; KEY_BYTES]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    pub(crate) fn bytes(&self) -> &[u8; KEY_BYTES] {
        &self.0
    }

    /// Returns the HMAC-SHA-256 of `prefix` and `value`.
    fn keyed_hash(&self, prefix: &str, value: &str) -> [u8; 32] {
        let mut mac =
            <Hmac<Sha256> as KeyInit>::new_from_slice(&*self.0).expect("HMAC takes a key of any length");
        mac.update(prefix.as_bytes());
        mac.update(value.as_bytes());
        mac.finalize().into_bytes().into()
    }

    /// Returns the lookup hash of a phone number or an external id, lower hex.
    pub(crate) fn lookup_hash(&self, value: &str) -> LookupHash {
        LookupHash(hex::encode(&self.keyed_hash("", value)))
    }

    pub(crate) fn customer(&self, external_id: &str) -> CustomerId {
        self.derive("customer:", external_id)
            .try_into()
            .expect("derived ids are 32 lower hex digits")
    }

    pub(crate) fn number(&self, e164: &str) -> NumberId {
        self.derive("number:", e164)
            .try_into()
            .expect("derived ids are 32 lower hex digits")
    }

    /// Returns the key from which the SIP names of a call's leg are derived. It is computed under a secret
    /// of its own: a lookup hash is the same function of a value that another party may choose, and is
    /// stored.
    pub(crate) fn leg(&self, call: &CallId, leg: u8) -> LegKey {
        let own = Self::new(self.0.map(|byte| byte ^ LEG_SECRET_MASK));
        LegKey::new(own.keyed_hash("leg:", &format!("{call}:{leg}")))
    }

    /// Returns the signature of a link, lower hex. It is computed under a secret of its own, because lookup
    /// hashes are stored.
    pub(crate) fn link(&self, link: &str) -> String {
        let own = Self::new(self.0.map(|byte| byte ^ LINK_SECRET_MASK));
        hex::encode(&own.keyed_hash("link:", link))
    }

    fn derive(&self, prefix: &str, value: &str) -> String {
        let hash = self.keyed_hash(prefix, value);
        hex::encode(
            hash.first_chunk::<DERIVED_ID_BYTES>()
                .expect("a hash has more than 16 bytes"),
        )
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(hidden)")
    }
}

/// Encrypts `plain` under `key`. Returns nonce, ciphertext and tag; decryption needs the same `aad`.
pub(crate) fn encrypt(key: &[u8; KEY_BYTES], nonce: [u8; NONCE_BYTES], aad: &[u8], plain: &[u8]) -> Vec<u8> {
    let cipher = Aes256Gcm::new(&(*key).into());
    let mut bytes = Vec::with_capacity(NONCE_BYTES + plain.len() + TAG_BYTES);
    bytes.extend_from_slice(&nonce);
    bytes.extend_from_slice(plain);
    let text = bytes.split_at_mut(NONCE_BYTES).1;
    let tag = cipher
        .encrypt_inout_detached(&nonce.into(), aad, text.into())
        .expect("GCM takes any value shorter than 64 GiB");
    bytes.extend_from_slice(&tag);
    bytes
}

/// Decrypts what `encrypt` returned. `None` if the key, the `aad` or a single bit differs.
pub(crate) fn decrypt(key: &[u8; KEY_BYTES], aad: &[u8], sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let (nonce, text) = sealed.split_first_chunk::<NONCE_BYTES>()?;
    let cipher = Aes256Gcm::new(&(*key).into());
    cipher
        .decrypt(&(*nonce).into(), Payload { msg: text, aad })
        .ok()
        .map(Zeroizing::new)
}

/// Encrypts one personal value under its person's key. If `key` also has a transcript's key, both are
/// needed to open it.
pub(crate) fn seal(key: &PersonKey, nonce: [u8; NONCE_BYTES], aad: &[u8], value: &str) -> Sealed {
    let transcript = key.transcript();
    let sealed = match &transcript {
        None => encrypt(key.bytes(), nonce, aad, value.as_bytes()),
        Some(transcript) => encrypt(joined(key, transcript).bytes(), nonce, aad, value.as_bytes()),
    };
    Sealed {
        sealed: STANDARD.encode(sealed),
        key: key.person().clone(),
        transcript: transcript.map(|transcript| transcript.person().clone()),
        hash: None,
    }
}

/// Returns the key that seals a transcript's value: HMAC-SHA-256 of the transcript's key under the person's
/// key. Both keys are needed to compute it.
fn joined(person: &PersonKey, transcript: &PersonKey) -> Secret {
    let own = Secret::new(*person.bytes());
    let mut mac =
        <Hmac<Sha256> as KeyInit>::new_from_slice(own.bytes()).expect("HMAC takes a key of any length");
    mac.update(b"transcript:");
    mac.update(transcript.bytes());
    Secret::new(mac.finalize().into_bytes().into())
}

/// Decrypts a sealed value. Returns `DoesNotOpen` if it belongs to other keys or was altered.
pub(crate) fn open(key: &PersonKey, aad: &[u8], sealed: &Sealed) -> Result<String, VaultError> {
    if *key.person() != sealed.key || !key.suffices_for(sealed) {
        return Err(VaultError::DoesNotOpen);
    }
    let transcript = key.transcript().filter(|_| sealed.transcript.is_some());
    let bytes = STANDARD.decode(&sealed.sealed).ok();
    let plain = bytes.and_then(|bytes| match &transcript {
        None => decrypt(key.bytes(), aad, &bytes),
        Some(transcript) => decrypt(joined(key, transcript).bytes(), aad, &bytes),
    });
    let text = plain.and_then(|plain| String::from_utf8(plain.to_vec()).ok());
    text.ok_or(VaultError::DoesNotOpen)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 4231, test case 1, has a key of 20 bytes; HMAC pads a key with zeros, so that 32 bytes give
    /// the same.
    #[test]
    fn a_lookup_hash_is_hmac_sha_256() {
        let mut key = [0; KEY_BYTES];
        key[..20].fill(0x0b);
        assert_eq!(
            Secret::new(key).lookup_hash("Hi There").0,
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"
        );
    }

    /// The GCM specification (McGrew, Viega), test case 14: 256-bit zero key, zero nonce, 16 zero bytes.
    #[test]
    fn sealing_is_aes_256_gcm_with_the_nonce_first() {
        let sealed = encrypt(&[0; KEY_BYTES], [0; NONCE_BYTES], b"", &[0; 16]);
        assert_eq!(
            hex::encode(&sealed),
            "000000000000000000000000cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919"
        );
        assert_eq!(decrypt(&[0; KEY_BYTES], b"", &sealed).unwrap().to_vec(), [0; 16]);
    }

    #[test]
    fn a_secret_is_not_shown() {
        assert_eq!(format!("{:?}", Secret::new([7; KEY_BYTES])), "Secret(hidden)");
    }
}
