//! What is to be worded: one answer or objection of one version of a knowledge base, as it stands there.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use values::ids::KnowledgeId;

/// What kind of row is to be worded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum EntryKind {
    Answer,
    Objection,
}

/// What a model is asked to word, and by what its words are held.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct DraftTask {
    pub knowledge: KnowledgeId,
    pub knowledge_version: u32,
    /// Of that version.
    pub content_hash: String,
    /// The id of the answer or objection.
    #[schemars(example = &"手续费")]
    pub entry: String,
    pub entry_kind: EntryKind,
    /// Language of the base, BCP 47.
    #[schemars(example = &"zh-CN")]
    pub lang: String,
    /// As it is asked.
    #[schemars(example = &"手续费是多少")]
    pub question: String,
    /// What is said now; places in `{{…}}` as they are written.
    #[schemars(example = &"满{{fact:分期.起点}}就可以申请分期。")]
    pub original: String,
    /// The facts that it names, with what they say.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(example = BTreeMap::from([("分期.起点", "500元")]))]
    pub facts: BTreeMap<String, String>,
    /// What is wished, masked.
    #[schemars(example = &"说得更短、更亲切")]
    pub instruction: String,
}
