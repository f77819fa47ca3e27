//! The way back to an earlier version, as it is ordered: of a flow, a model or a knowledge base alike.

use domain::approval::REASON_BYTES_MAX;
use domain::ids::ApprovalId;
use intake::members::{Members, Order};
use schemars::JsonSchema;

/// The way back to an earlier version.
#[derive(Debug, JsonSchema)]
#[schemars(extend("examples" = [{ "to": 1, "reason": "complaints about the new wording" }]))]
pub struct RollbackOrder {
    /// Default: the one before the current one.
    #[schemars(range(min = 1))]
    pub to: Option<u32>,
    /// Nothing personal: it is read by whoever approves, and may be stored for ever.
    #[schemars(length(max = REASON_BYTES_MAX))]
    pub reason: Option<String>,
    /// The approval that another person gave, where one is asked for.
    pub approval: Option<ApprovalId>,
}

impl Order for RollbackOrder {
    fn read(body: &mut Members) -> Self {
        Self {
            to: body.count("to", 1, u32::MAX),
            reason: body.short_text("reason", REASON_BYTES_MAX),
            approval: body.parsed("approval"),
        }
    }
}
