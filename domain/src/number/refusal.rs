//! Why a command to a number is turned down. A rule's no to a dial is an event, not one of these.

use crate::problem::Explained;
use values::ids::{CallId, CampaignId, CustomerId};

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NumberRefusal {
    /// Asked again while the grant stands: go on with it, or release it.
    #[error("call {call} was granted already")]
    AlreadyGranted { call: CallId },
    /// One phone under two customer ids: who came first is called.
    #[error("in campaign {campaign} the number is called for customer {customer}")]
    ClaimedBy {
        campaign: CampaignId,
        customer: CustomerId,
    },
    #[error("the number is claimed in {count} campaigns already")]
    TooManyClaims { count: usize },
    #[error("the number stands on {count} lists already")]
    TooManyLists { count: usize },
    #[error("the number has {count} imported calls already")]
    TooManyPastCalls { count: usize },
    #[error("a call of the history is dated in the future")]
    PastCallInFuture,
    /// This call was dialed and closed; a new dial is a new call.
    #[error("call {call} is over")]
    CallOver { call: CallId },
}

impl Explained for NumberRefusal {}
