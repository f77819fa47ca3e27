//! The id of an enrolment: a campaign and a customer.

use crate::ids::{CampaignId, CustomerId};
use std::fmt;

/// One customer in one campaign, `<campaign>/<customer>`: one per pair for ever; attempts run on over all
/// lists.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EnrolmentId {
    pub campaign: CampaignId,
    pub customer: CustomerId,
}

impl fmt::Display for EnrolmentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.campaign, self.customer)
    }
}
