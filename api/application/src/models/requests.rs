//! Requests about model versions: publication with the bytes, and rollback.

use domain::ids::{ApprovalId, ModelId};
use domain::model::Training;

/// A request to publish a model.
#[derive(Debug)]
pub struct ModelRequest {
    pub model: ModelId,
    pub bytes: Vec<u8>,
    pub training: Option<Training>,
    /// From this version on, each version needs the approval of another user.
    pub approvals: bool,
    pub reason: Option<String>,
    pub approval: Option<ApprovalId>,
}
