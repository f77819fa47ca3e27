//! What is asked for of a model's versions: a publication with its bytes, and the way back.

use domain::ids::{ApprovalId, ModelId};
use domain::model::Training;

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
