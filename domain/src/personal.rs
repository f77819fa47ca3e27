//! Personal data has its own type: open in memory, sealed in a record, erased permanently.
//!
//! A record never holds the open form: serializing it fails. A value is sealed once, when the record is made
//! (`stored_event::record`), and opened when an entity loads or a permitted reply is written. Decisions must
//! work with `Erased`. `Debug` never shows the value.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de, ser};
use std::borrow::Cow;
use std::fmt;
use values::ids::CustomerId;

/// A keyed hash (HMAC-SHA-256 under the installation's secret, lower hex) of a phone or external id. It is
/// used for lookup and outlives erasure.
#[derive(
    Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(transparent)]
pub struct LookupHash(pub String);

/// The sealed form: `{"sealed":"<base64 of nonce, ciphertext, tag>","key":"<customer id>","hash":"<hex>"}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Sealed {
    /// Base64 of the 12-byte nonce, the ciphertext and the 16-byte tag (AES-256-GCM).
    pub sealed: String,
    /// The person with the key that opens it.
    pub key: CustomerId,
    /// For words of a call or conversation: the transcript's own key, needed besides the person's. Absent in
    /// older records.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transcript: Option<CustomerId>,
    /// The lookup hash; only for phones and external ids.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hash: Option<LookupHash>,
}

/// A personal value: readable, sealed, or erased.
#[derive(Clone, PartialEq, Eq)]
pub enum Personal<T> {
    /// Readable; `hashed` requests a lookup hash with the sealed form (phone and external id only).
    Open { value: T, hashed: bool },
    /// The value in its stored form.
    Sealed(Box<Sealed>),
    /// The person's key is gone. The lookup hash stays, if there was one.
    Erased { hash: Option<LookupHash> },
}

impl<T> Personal<T> {
    /// Creates an open value that gets no lookup hash when it is sealed.
    pub const fn open(value: T) -> Self {
        Self::Open { value, hashed: false }
    }
    /// Creates an open phone or external id; when it is sealed, it gets a keyed hash by which it can be
    /// looked up.
    pub const fn open_hashed(value: T) -> Self {
        Self::Open { value, hashed: true }
    }
    /// Returns the value if it is open; `None` if it is sealed or erased.
    pub const fn value(&self) -> Option<&T> {
        match self {
            Self::Open { value, .. } => Some(value),
            Self::Sealed(_) | Self::Erased { .. } => None,
        }
    }
}

impl<T> fmt::Debug for Personal<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Open { .. } => "Personal(open)",
            Self::Sealed(_) => "Personal(sealed)",
            Self::Erased { .. } => "Personal(erased)",
        })
    }
}

#[derive(Serialize, Deserialize, schemars::JsonSchema)]
struct ErasedForm {
    erased: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    hash: Option<LookupHash>,
}

/// The schema of the forms in records: sealed, or erased.
impl<T> schemars::JsonSchema for Personal<T> {
    fn schema_name() -> Cow<'static, str> {
        "Personal".into()
    }
    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let sealed = generator.subschema_for::<Sealed>();
        let erased = generator.subschema_for::<ErasedForm>();
        schemars::json_schema!({ "anyOf": [sealed, erased] })
    }
}

impl<T> Serialize for Personal<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Open { .. } => Err(ser::Error::custom(
                "an open personal value must be sealed before it is written",
            )),
            Self::Sealed(sealed) => sealed.serialize(serializer),
            Self::Erased { hash } => ErasedForm {
                erased: true,
                hash: hash.clone(),
            }
            .serialize(serializer),
        }
    }
}

impl<'de, T> Deserialize<'de> for Personal<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct AnyForm {
            sealed: Option<String>,
            key: Option<CustomerId>,
            transcript: Option<CustomerId>,
            hash: Option<LookupHash>,
            erased: Option<bool>,
        }
        let form = AnyForm::deserialize(deserializer)?;
        match (form.sealed, form.key, form.erased) {
            (Some(sealed), Some(key), None) => Ok(Self::Sealed(Box::new(Sealed {
                sealed,
                key,
                transcript: form.transcript,
                hash: form.hash,
            }))),
            (None, None, Some(true)) => Ok(Self::Erased { hash: form.hash }),
            _ => Err(de::Error::custom(
                "a personal value is {sealed, key} or {erased: true}",
            )),
        }
    }
}

/// Returns a name as one step of a JSON pointer, with `~` and `/` escaped (RFC 6901, section 3).
pub(crate) fn escaped(name: &str) -> Cow<'_, str> {
    if name.contains(['~', '/']) {
        return Cow::Owned(name.replace('~', "~0").replace('/', "~1"));
    }
    Cow::Borrowed(name)
}

/// Returns a person's name masked for responses: the first character stays, `张三` becomes `张*`.
pub fn mask_name(name: &str) -> String {
    let mut characters = name.chars();
    match characters.next() {
        Some(first) => std::iter::once(first).chain(characters.map(|_| '*')).collect(),
        None => String::new(),
    }
}

/// Most characters at the end of an external id that stay readable when it is masked; at most half of it.
const EXTERNAL_ID_SHOWN: usize = 2;

/// Returns an institution's own id of a person, masked except for at most two characters at its end.
pub fn mask_external_id(text: &str) -> String {
    let count = text.chars().count();
    // At least half is hidden, so that a short one is not shown completely.
    let hidden = count.saturating_sub(EXTERNAL_ID_SHOWN.min(count / 2));
    let shown = text.chars().skip(hidden);
    std::iter::repeat_n('*', hidden).chain(shown).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_open_value_cannot_be_written_and_is_not_shown() {
        let phone = Personal::open_hashed("+8613800138000".to_owned());
        assert!(serde_json::to_string(&phone).is_err());
        assert_eq!(format!("{phone:?}"), "Personal(open)");
    }

    #[test]
    fn sealed_and_erased_forms_read_back_as_written() {
        for text in [
            r#"{"sealed":"AAAA","key":"00112233445566778899aabbccddeeff","hash":"ab"}"#,
            r#"{"sealed":"AAAA","key":"00112233445566778899aabbccddeeff","transcript":"0f112233445566778899aabbccddeeff"}"#,
            r#"{"erased":true}"#,
        ] {
            let value: Personal<String> = serde_json::from_str(text).unwrap();
            assert_eq!(serde_json::to_string(&value).unwrap(), text);
        }
        assert!(serde_json::from_str::<Personal<String>>(r#""13800138000""#).is_err());
    }

    #[test]
    fn a_name_keeps_its_first_character() {
        assert_eq!(
            (mask_name("张三"), mask_name("")),
            ("张*".to_owned(), String::new())
        );
    }
}
