//! References to a published model: `NAME` is its current version, `NAME@V` is version V.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use values::ids::ModelId;
use values::named_version;

/// A reference to a model; without a version it means the current one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelSelector {
    pub model: ModelId,
    pub version: Option<u32>,
}

/// The error for a text that is not a valid model reference.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a model: use NAME, or NAME@V with a version from 1")]
pub struct InvalidModelName(String);

/// A version of a model, with the digest of its content. A campaign stores the version that its calls use.
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
#[serde(deny_unknown_fields)]
#[open(version, digest)]
pub struct ModelRef {
    pub model: ModelId,
    pub version: u32,
    /// SHA-256 of the published file, in lower-case hex.
    #[schemars(example = &"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08")]
    pub digest: String,
}

impl fmt::Display for ModelRef {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(to, "{}@{}", self.model, self.version)
    }
}

impl FromStr for ModelSelector {
    type Err = InvalidModelName;

    fn from_str(text: &str) -> Result<Self, InvalidModelName> {
        let named = named_version::read(text);
        let (model, version) = named.ok_or_else(|| InvalidModelName(text.to_owned()))?;
        Ok(Self { model, version })
    }
}

impl fmt::Display for ModelSelector {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        named_version::write(to, &self.model, self.version)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_read_as_it_is_written() {
        for text in ["zh_outbound", "zh_outbound@1", "zh_outbound@12"] {
            assert_eq!(text.parse::<ModelSelector>().unwrap().to_string(), text);
        }
        for text in ["", "@1", "a b", "a@", "a@0", "a@01", "a@+1", "a@x"] {
            assert!(text.parse::<ModelSelector>().is_err(), "{text}");
        }
    }
}
