//! The events of a knowledge base: imported versions with their content, and publications.

use super::content::KnowledgeContent;
use crate::four_eyes::FourEyes;
use serde::{Deserialize, Serialize};
use values::ids::KnowledgeId;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema, derive::EventData)]
#[serde(tag = "kind", content = "data")]
pub enum KnowledgeEvent {
    /// A version was imported. The event holds the whole content, so that the answers of a past call can be
    /// read without the file.
    #[serde(rename = "knowledge.imported")]
    #[open(knowledge_version, content_hash, content, left_out)]
    Imported {
        knowledge: KnowledgeId,
        /// Version number, starting at 1 and increasing by one per content.
        knowledge_version: u32,
        /// SHA-256 of the content's canonical JSON, in lower-case hex.
        content_hash: String,
        content: Box<KnowledgeContent>,
        /// Number of rows of the file that had faults and are not in the content.
        #[serde(default, skip_serializing_if = "is_zero")]
        left_out: u32,
    },
    /// A version became current. References to the base without a version mean it from now on; a campaign
    /// keeps the version it was created with.
    #[serde(rename = "knowledge.published")]
    #[open(knowledge_version, content_hash, from_version)]
    Published {
        knowledge: KnowledgeId,
        knowledge_version: u32,
        /// Content hash of the published version.
        content_hash: String,
        /// The version that was current before.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        from_version: Option<u32>,
        /// Approval of this publication. After the first publication with an approval, every one has it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        four_eyes: Option<Box<FourEyes>>,
    },
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference")]
const fn is_zero(count: &u32) -> bool {
    *count == 0
}
