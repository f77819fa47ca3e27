//! The id of an enrolment: a campaign and a customer.

use crate::ids::{CampaignId, CustomerId};
use std::fmt;

/// The enrolment of one customer in one campaign, `<campaign>/<customer>`. There is one per pair forever;
/// attempts are counted across all lists.
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
