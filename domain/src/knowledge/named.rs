//! How knowledge is named: `NAME` is its current version, `NAME@V` one version for ever.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use values::ids::KnowledgeId;
use values::named_version;

/// A knowledge base, and which version of it; without one the current.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnowledgeNamed {
    pub knowledge: KnowledgeId,
    pub version: Option<u32>,
}

/// What names no knowledge base.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a knowledge base: use NAME, or NAME@V with a version from 1")]
pub struct InvalidKnowledgeName(String);

/// Which content a campaign's calls answer from.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct KnowledgeRef {
    pub knowledge: KnowledgeId,
    pub version: u32,
    /// SHA-256, lower hex, of the content's canonical JSON.
    #[schemars(example = &"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08")]
    pub content_hash: String,
}

impl fmt::Display for KnowledgeRef {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(to, "{}@{}", self.knowledge, self.version)
    }
}

impl FromStr for KnowledgeNamed {
    type Err = InvalidKnowledgeName;

    fn from_str(text: &str) -> Result<Self, InvalidKnowledgeName> {
        let named = named_version::read(text);
        let (knowledge, version) = named.ok_or_else(|| InvalidKnowledgeName(text.to_owned()))?;
        Ok(Self { knowledge, version })
    }
}

impl fmt::Display for KnowledgeNamed {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        named_version::write(to, &self.knowledge, self.version)
    }
}
