//! What is asked for of drafts: other words for an answer, that one is taken, that one is not.

use domain::wording_draft::{INSTRUCTION_BYTES_MAX, REASON_BYTES_MAX};
use intake::members::{Members, Order};
use schemars::JsonSchema;

/// Longest id of an answer: 64 characters, each of four bytes at most.
const ENTRY_BYTES_MAX: usize = 256;

/// Other words for one answer or objection.
#[derive(Debug, JsonSchema)]
#[schemars(rename = "WordingDraftOrder", extend("examples" = [{ "answer": "手续费", "instruction": "说得更短、更亲切" }]))]
pub struct DraftOrder {
    /// The id of the answer or objection.
    #[schemars(length(min = 1, max = ENTRY_BYTES_MAX))]
    pub answer: String,
    /// What is wished; masked before it is stored or sent.
    #[schemars(length(min = 1, max = INSTRUCTION_BYTES_MAX))]
    pub instruction: String,
    /// Default: the current version, else the newest.
    #[schemars(range(min = 1))]
    pub version: Option<u32>,
}

impl Order for DraftOrder {
    fn read(body: &mut Members) -> Self {
        Self {
            answer: body.needed_short_text("answer", ENTRY_BYTES_MAX),
            instruction: body.needed_short_text("instruction", INSTRUCTION_BYTES_MAX),
            version: body.count("version", 1, u32::MAX),
        }
    }
}

/// A draft is taken into a new version of its base.
#[derive(Debug, JsonSchema)]
#[schemars(rename = "WordingDraftAdoption", extend("examples" = [{ "onto": 2 }]))]
pub struct AdoptOrder {
    /// The version that everything else is taken from; default: the one imported last.
    #[schemars(range(min = 1))]
    pub onto: Option<u32>,
}

impl Order for AdoptOrder {
    fn read(body: &mut Members) -> Self {
        Self {
            onto: body.count("onto", 1, u32::MAX),
        }
    }
}

/// A draft is not to be said.
#[derive(Debug, JsonSchema)]
#[schemars(rename = "WordingDraftRejection", extend("examples" = [{ "reason": "sounds like a promise" }]))]
pub struct RejectOrder {
    /// Stored for ever; name no person.
    #[schemars(length(min = 1, max = REASON_BYTES_MAX))]
    pub reason: String,
}

impl Order for RejectOrder {
    fn read(body: &mut Members) -> Self {
        Self {
            reason: body.needed_short_text("reason", REASON_BYTES_MAX),
        }
    }
}
