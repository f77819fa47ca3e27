//! The reasons for which a command to a number is refused. A rule's refusal of a dial is an event, not one of
//! these.

use crate::problem::DomainRefusal;
use values::ids::{CallId, CampaignId, CustomerId};

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NumberRefusal {
    /// The grant is still open: continue with it, or release it.
    #[error("call {call} already has a grant")]
    AlreadyGranted { call: CallId },
    /// The phone is claimed for another customer id, which came first.
    #[error("campaign {campaign} calls this number for customer {customer}")]
    ClaimedBy {
        campaign: CampaignId,
        customer: CustomerId,
    },
    #[error("the number is already claimed in {count} campaigns")]
    TooManyClaims { count: usize },
    #[error("the number is already on {count} lists")]
    TooManyLists { count: usize },
    #[error("the number already has {count} imported calls")]
    TooManyPastCalls { count: usize },
    #[error("a call of the history is in the future")]
    PastCallInFuture,
    /// This call was dialed and closed; a new dial needs a new call.
    #[error("call {call} is over")]
    CallOver { call: CallId },
}

impl DomainRefusal for NumberRefusal {}
