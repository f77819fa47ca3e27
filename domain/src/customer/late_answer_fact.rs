//! What `customer.late_answered` stores: the call that was answered late, and the new due time.

use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use values::ids::{CallId, CampaignId};

/// What `customer.late_answered` stores: the call, and the earliest time at which the enrolment is due
/// again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema, derive::EventMembers)]
pub struct LateAnswerFact {
    pub campaign: CampaignId,
    pub call: CallId,
    /// The callee's next local day.
    pub due_at: Timestamp,
}
