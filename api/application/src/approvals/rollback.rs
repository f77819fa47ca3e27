//! The request to roll back to an earlier version, for flows, models and knowledge bases.

use domain::approval::REASON_BYTES_MAX;
use domain::ids::ApprovalId;
use intake::members::ApiRequest;
use schemars::JsonSchema;

/// A request to roll back to an earlier version.
#[derive(Debug, ApiRequest, JsonSchema)]
#[schemars(extend("examples" = [{ "to": 1, "reason": "complaints about the new wording" }]))]
pub struct RollbackRequest {
    /// Version to return to. Default: the one before the current one.
    #[schemars(range(min = 1))]
    pub to: Option<u32>,
    /// Reason, read by the approver and stored permanently. It must contain no personal data.
    #[schemars(length(max = REASON_BYTES_MAX))]
    pub reason: Option<String>,
    /// The approval of another person, if one is required.
    #[member(parse)]
    pub approval: Option<ApprovalId>,
}
