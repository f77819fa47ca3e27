//! Requests about drafts: to write, adopt or reject one.

use domain::wording_draft::{INSTRUCTION_BYTES_MAX, REASON_BYTES_MAX};
use intake::members::ApiRequest;
use schemars::JsonSchema;

/// Longest id of an answer in bytes: 64 characters of at most four bytes each.
const ENTRY_BYTES_MAX: usize = 256;

/// A request for other wording of one answer or objection.
#[derive(Debug, ApiRequest, JsonSchema)]
#[schemars(rename = "WordingDraftRequest", extend("examples" = [{ "answer": "手续费", "instruction": "说得更短、更亲切" }]))]
pub struct WordingDraftRequest {
    /// The id of the answer or objection.
    #[schemars(length(min = 1, max = ENTRY_BYTES_MAX))]
    pub answer: String,
    /// How it should be worded. Masked before it is stored or sent.
    #[schemars(length(min = 1, max = INSTRUCTION_BYTES_MAX))]
    pub instruction: String,
    /// Default: the current version, or else the newest.
    #[schemars(range(min = 1))]
    pub version: Option<u32>,
}

/// A request to adopt a draft into a new version of its knowledge base.
#[derive(Debug, ApiRequest, JsonSchema)]
#[schemars(rename = "WordingDraftAdoption", extend("examples" = [{ "onto": 2 }]))]
pub struct DraftAdoptionRequest {
    /// The version that all other content is taken from. Default: the one imported last.
    #[schemars(range(min = 1))]
    pub onto: Option<u32>,
}

/// A request to reject a draft.
#[derive(Debug, ApiRequest, JsonSchema)]
#[schemars(rename = "WordingDraftRejection", extend("examples" = [{ "reason": "sounds like a promise" }]))]
pub struct DraftRejectionRequest {
    /// Reason, stored permanently. It must not name a person.
    #[schemars(length(min = 1, max = REASON_BYTES_MAX))]
    pub reason: String,
}
