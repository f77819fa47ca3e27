//! The task of a wording draft: one answer or objection of a knowledge base version with its current text.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use values::ids::KnowledgeId;

/// The kind of entry to be reworded.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema, derive::EventMembers,
)]
#[serde(rename_all = "snake_case")]
pub enum EntryKind {
    Answer,
    Objection,
}

/// The entry of a knowledge base that a model rewords, with everything that its text is checked against.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema, derive::EventMembers)]
#[open(
    knowledge_version,
    content_hash,
    entry,
    lang,
    question,
    original,
    facts,
    instruction
)]
pub struct DraftTask {
    pub knowledge: KnowledgeId,
    pub knowledge_version: u32,
    /// Content hash of that version.
    pub content_hash: String,
    /// Id of the answer or objection.
    #[schemars(example = &"手续费")]
    pub entry: String,
    pub entry_kind: EntryKind,
    /// Language of the knowledge base, a BCP 47 tag.
    #[schemars(example = &"zh-CN")]
    pub lang: String,
    /// The question that the entry answers.
    #[schemars(example = &"手续费是多少")]
    pub question: String,
    /// The current text, with its placeholders `{{…}}`.
    #[schemars(example = &"满{{fact:分期.起点}}就可以申请分期。")]
    pub original: String,
    /// The facts that the text names, with their values.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(example = BTreeMap::from([("分期.起点", "500元")]))]
    pub facts: BTreeMap<String, String>,
    /// The requester's instruction, masked.
    #[schemars(example = &"说得更短、更亲切")]
    pub instruction: String,
}
