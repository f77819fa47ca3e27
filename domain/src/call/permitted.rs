//! What stood when a call was permitted: both grants, the number, the flow's version.

use crate::calling_plan::FlowRef;
use crate::compliance::{CustomerGrant, NumberGrant};
use crate::personal::Personal;
use crate::time::Timestamp;

/// Both grants and whom they are about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Permitted {
    pub attempt: u32,
    pub callee: Personal<String>,
    pub customer_grant: CustomerGrant,
    pub number_grant: NumberGrant,
    pub flow: FlowRef,
}

impl Permitted {
    /// The first leg is refused after this.
    pub fn valid_until(&self) -> Timestamp {
        self.customer_grant.valid_until.min(self.number_grant.valid_until)
    }
}
