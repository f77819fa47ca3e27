//! References to a knowledge base: `NAME` is its current version, `NAME@V` is version V.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use values::ids::KnowledgeId;
use values::named_version;

/// A reference to a knowledge base; without a version it means the current one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnowledgeSelector {
    pub knowledge: KnowledgeId,
    pub version: Option<u32>,
}

/// The error for a text that is not a valid reference to a knowledge base.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a knowledge base: use NAME, or NAME@V with a version from 1")]
pub struct InvalidKnowledgeName(String);

/// A version of a knowledge base, with its content hash. A campaign stores the version that its calls use.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct KnowledgeRef {
    pub knowledge: KnowledgeId,
    pub version: u32,
    /// SHA-256 of the content's canonical JSON, in lower-case hex.
    #[schemars(example = &"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08")]
    pub content_hash: String,
}

impl fmt::Display for KnowledgeRef {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(to, "{}@{}", self.knowledge, self.version)
    }
}

impl FromStr for KnowledgeSelector {
    type Err = InvalidKnowledgeName;

    fn from_str(text: &str) -> Result<Self, InvalidKnowledgeName> {
        let named = named_version::read(text);
        let (knowledge, version) = named.ok_or_else(|| InvalidKnowledgeName(text.to_owned()))?;
        Ok(Self { knowledge, version })
    }
}

impl fmt::Display for KnowledgeSelector {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        named_version::write(to, &self.knowledge, self.version)
    }
}
