//! What is asked for of a model's versions: a publication with its bytes, and the way back.

use domain::approval::REASON_BYTES_MAX;
use domain::ids::{ApprovalId, ModelId};
use domain::model::Training;
use intake::members::{Members, Order};
use schemars::JsonSchema;

/// A model to be published.
#[derive(Debug)]
pub struct ModelOrder {
    pub model: ModelId,
    pub bytes: Vec<u8>,
    pub training: Option<Training>,
    /// From this version on another person approves each.
    pub approvals: bool,
    pub reason: Option<String>,
    pub approval: Option<ApprovalId>,
}

/// The way back to an earlier version's content.
#[derive(Debug, JsonSchema)]
#[schemars(extend("examples" = [{ "to": 1, "reason": "it takes questions for consent" }]))]
pub struct BackOrder {
    /// Default: the version before the current one.
    #[schemars(range(min = 1))]
    pub to: Option<u32>,
    /// For whoever is to approve it; nothing personal.
    #[schemars(length(max = REASON_BYTES_MAX))]
    pub reason: Option<String>,
    /// The approval that another person gave, where the model asks for one.
    pub approval: Option<ApprovalId>,
}

impl Order for BackOrder {
    fn read(body: &mut Members) -> Self {
        Self {
            to: body.count("to", 1, u32::MAX),
            reason: body.short_text("reason", REASON_BYTES_MAX),
            approval: body.parsed("approval"),
        }
    }
}
