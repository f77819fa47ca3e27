//! Why a command to a number is turned down. A rule's no to a dial is an event, not one of these.

use crate::problem::Explained;
use values::ids::{CallId, CampaignId, CustomerId};

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NumberRefusal {
    /// Asked again while the grant stands: go on with it, or release it.
    #[error("call {call} already has a grant")]
    AlreadyGranted { call: CallId },
    /// One phone under two customer ids: who came first is called.
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
    /// This call was dialed and closed; a new dial is a new call.
    #[error("call {call} is over")]
    CallOver { call: CallId },
}

impl Explained for NumberRefusal {}
