//! The facts of `call.permitted`: both grants, the callee's number and the flow's version.

use crate::calling_plan::FlowRef;
use crate::compliance::{CustomerGrant, NumberGrant};
use crate::personal::Personal;
use crate::time::Timestamp;

/// What `call.permitted` stored: the grants of customer and number for one call, with attempt, callee and
/// flow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PermittedCall {
    pub attempt: u32,
    pub callee: Personal<String>,
    pub customer_grant: CustomerGrant,
    pub number_grant: NumberGrant,
    pub flow: FlowRef,
}

impl PermittedCall {
    /// Returns the time after which the first leg may no longer be dialed: the earlier end of the two
    /// grants.
    pub fn valid_until(&self) -> Timestamp {
        self.customer_grant.valid_until.min(self.number_grant.valid_until)
    }
}
