//! An edition of a registry: its date, its area codes, and how its numbers are hashed if it came as digests.
//! The aggregate, campaigns and rules share these values.

use super::REGISTRY_AREAS_MAX;
use crate::working_calendar::Day;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::fmt;
use std::str::FromStr;
use values::hex;

/// Longest salt of a registry's digests, in bytes; a longer one is refused. It is hashed with the number at
/// every dial.
pub const SALT_BYTES_MAX: usize = 64;

/// Number of digits of an area code in the North American Numbering Plan.
const AREA_DIGITS: usize = 3;

/// An area code of the North American Numbering Plan (ITU-T E.164, country code 1), such as `202`.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String", example = &"202")]
pub struct AreaCode(u16);

impl AreaCode {
    /// Returns the area code of a number (E.164); `None` outside the North American Numbering Plan.
    pub fn of_number(e164: &str) -> Option<Self> {
        let national = e164.strip_prefix("+1").filter(|digits| digits.len() == 10)?;
        national.get(..AREA_DIGITS)?.parse().ok()
    }
}

impl fmt::Display for AreaCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:03}", self.0)
    }
}

impl FromStr for AreaCode {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let digits = text.len() == AREA_DIGITS && text.bytes().all(|byte| byte.is_ascii_digit());
        let first = text.as_bytes().first().is_some_and(|first| *first >= b'2');
        let code = text.parse().ok().filter(|_| digits && first);
        code.map(Self).ok_or("is no area code such as 202")
    }
}

impl TryFrom<String> for AreaCode {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse().map_err(|why| format!("{text:?} {why}"))
    }
}

impl From<AreaCode> for String {
    fn from(code: AreaCode) -> Self {
        code.to_string()
    }
}

/// How a registry's numbers are hashed: SHA-256 over the salt and the number in E.164 form, including `+`.
#[derive(
    Debug,
    Clone,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    schemars::JsonSchema,
    derive::EventMembers,
)]
#[schemars(rename = "RegistryDigests")]
#[open(salt)]
pub struct DigestScheme {
    /// The salt before each number; empty if there is none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[schemars(length(max = SALT_BYTES_MAX), example = &"pepper")]
    pub salt: String,
}

impl DigestScheme {
    /// Returns the digest of a number (E.164) in this registry.
    pub fn of(&self, e164: &str) -> NumberDigest {
        let mut hash = Sha256::new();
        hash.update(self.salt.as_bytes());
        hash.update(e164.as_bytes());
        NumberDigest(hash.finalize().into())
    }
}

/// SHA-256 (FIPS 180-4) of a number in a registry: 64 hexadecimal digits. All numbers can be tried, so the
/// digest is as personal as the number and appears in no event, log or response.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct NumberDigest([u8; 32]);

impl NumberDigest {
    /// Returns the text from which the id of the digest's stream is derived: `sha256:` and the digest.
    pub fn stream_text(&self) -> String {
        ["sha256:", &hex::encode(&self.0)].concat()
    }
}

impl fmt::Debug for NumberDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NumberDigest(..)")
    }
}

impl FromStr for NumberDigest {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let bytes = hex::decode(text).ok_or("is no SHA-256 of 64 hexadecimal digits")?;
        Ok(Self(bytes))
    }
}

/// One imported edition of a registry: its date, coverage and counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema, derive::EventMembers)]
#[schemars(rename = "RegistryEdition")]
#[open(numbers, bad, uncallable)]
pub struct Edition {
    /// The date of the edition, as its publisher states it.
    pub as_of: Day,
    /// The area codes that it covers. Absent for the whole registry.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = REGISTRY_AREAS_MAX))]
    pub areas: Vec<AreaCode>,
    /// How its numbers are hashed. Absent if they came in clear text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digests: Option<DigestScheme>,
    /// Number of imported numbers.
    pub numbers: u64,
    /// Number of rows that could not be read. Earlier versions accepted editions with bad rows; another
    /// edition of the same day replaces them.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub bad: u64,
    /// Number of valid rows with a number that cannot be dialed and needs no entry.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub uncallable: u64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference")]
const fn is_zero(count: &u64) -> bool {
    *count == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Computed with `printf '%s' +8613800138000 | sha256sum` and
    /// `printf '%s' pepper+8613800138000 | sha256sum`.
    #[test]
    fn a_digest_is_of_the_salt_and_the_number_with_its_plus() {
        for (salt, number, hex) in [
            (
                "",
                "+8613800138000",
                "ec61f3c620a98bdead8c1f1f0ae747abd1b62a0c2dba4fd4bc22cf0d1d8653e5",
            ),
            (
                "pepper",
                "+8613800138000",
                "d0af29e8dab6cacaeb6d8297db0673761abbbae597eb365a0a6edf37547cb59d",
            ),
        ] {
            let digests = DigestScheme {
                salt: salt.to_owned(),
            };
            let of_list: NumberDigest = hex.to_uppercase().parse().unwrap();
            assert_eq!(digests.of(number), of_list, "{salt}");
            assert_eq!(of_list.stream_text(), format!("sha256:{hex}"));
        }
    }

    #[test]
    fn what_is_no_digest_is_refused_and_none_is_shown() {
        let short = "0".repeat(63);
        let other = "g".repeat(64);
        for bad in ["", "13800138000", &short, &other] {
            assert!(bad.parse::<NumberDigest>().is_err(), "{bad}");
        }
        let digest: NumberDigest = "0".repeat(64).parse().unwrap();
        assert_eq!(format!("{digest:?}"), "NumberDigest(..)");
    }
}
