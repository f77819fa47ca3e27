//! The SHA-256 digest of a random secret. It is stored instead of the secret.
//!
//! Only for secrets of 256 random bits, which cannot be guessed. Passwords are chosen by people and need a
//! slow hash function.

use crate::hex;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::fmt;

/// Bytes of the digest.
const DIGEST_BYTES: usize = 32;

/// SHA-256 (FIPS 180-4) of a secret; lower-case hex in JSON.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(try_from = "String", into = "String")]
pub struct SecretDigest([u8; DIGEST_BYTES]);

impl SecretDigest {
    pub fn of(secret: &str) -> Self {
        Self(Sha256::digest(secret.as_bytes()).into())
    }

    /// Returns true if this is the digest of `secret`. The comparison of the digests takes constant time.
    pub fn is_of(&self, secret: &str) -> bool {
        let other = Self::of(secret);
        let pairs = self.0.iter().zip(other.0);
        pairs.fold(0, |differing, (one, two)| differing | (one ^ two)) == 0
    }
}

impl fmt::Display for SecretDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(&self.0))
    }
}

impl fmt::Debug for SecretDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl From<SecretDigest> for String {
    fn from(digest: SecretDigest) -> Self {
        digest.to_string()
    }
}

impl TryFrom<String> for SecretDigest {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let bytes = hex::decode_lower_case(&text);
        bytes
            .map(Self)
            .ok_or("a digest has 64 lower-case hexadecimal digits")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_is_written_read_and_known_again() {
        let digest = SecretDigest::of("abc");
        let text = serde_json::to_string(&digest).unwrap();
        // The example of FIPS 180-4.
        assert_eq!(
            text,
            "\"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad\""
        );
        assert_eq!(serde_json::from_str::<SecretDigest>(&text).unwrap(), digest);
        assert!(digest.is_of("abc"));
        assert!(!digest.is_of("abd"));
        for wrong in [
            "\"ba\"",
            "\"BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD\"",
        ] {
            assert!(serde_json::from_str::<SecretDigest>(wrong).is_err(), "{wrong}");
        }
    }
}
