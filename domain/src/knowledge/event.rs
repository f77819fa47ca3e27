//! Facts about one knowledge base: its versions, whole, and which of them is current.

use super::content::KnowledgeContent;
use crate::decider::{EventData, UnreadableEvent, read_current};
use crate::four_eyes::FourEyes;
use crate::personal::Personal;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use values::ids::KnowledgeId;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(tag = "kind", content = "data")]
pub enum KnowledgeEvent {
    /// A version, whole: it says what any call that names it answered from, with no file needed.
    #[serde(rename = "knowledge.imported")]
    Imported {
        knowledge: KnowledgeId,
        /// From 1, one more per content.
        knowledge_version: u32,
        /// SHA-256, lower hex, of the content's canonical JSON.
        content_hash: String,
        content: Box<KnowledgeContent>,
        /// Rows of the file that were no good and are not in it.
        #[serde(default, skip_serializing_if = "is_zero")]
        left_out: u32,
    },
    /// A version is current: what names the base without a version means it from here on. A campaign keeps
    /// the version that it was made with.
    #[serde(rename = "knowledge.published")]
    Published {
        knowledge: KnowledgeId,
        knowledge_version: u32,
        /// Of that version.
        content_hash: String,
        /// The version that was current.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        from_version: Option<u32>,
        /// Who stood behind it. From the first publication that names somebody on, every one does.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        four_eyes: Option<Box<FourEyes>>,
    },
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference")]
const fn is_zero(count: &u32) -> bool {
    *count == 0
}

/// Stored kinds, each named for its variant. They never change.
impl KnowledgeEvent {
    pub const IMPORTED: &'static str = "knowledge.imported";
    pub const PUBLISHED: &'static str = "knowledge.published";
}

impl EventData for KnowledgeEvent {
    fn kind(&self) -> &'static str {
        match self {
            Self::Imported { .. } => Self::IMPORTED,
            Self::Published { .. } => Self::PUBLISHED,
        }
    }

    fn version(&self) -> u16 {
        1
    }

    fn personal(&mut self) -> Vec<(String, &mut Personal<String>)> {
        Vec::new()
    }

    fn read(kind: &str, version: u16, data: &RawValue) -> Result<Self, UnreadableEvent> {
        read_current(kind, version, data)
    }
}
