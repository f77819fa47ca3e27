//! Refusals of an approval command. No event is stored.

use crate::problem::DomainRefusal;
use crate::time::Timestamp;
use values::ids::UserId;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ApprovalRefusal {
    #[error("this approval does not exist")]
    Unknown,
    #[error("you cannot approve your own request: another user with the permission must approve it")]
    OwnRequest,
    #[error(
        "your credential came from {0}, who made this request: a user with another credential must approve \
         it; a set-up link by mail or from the owner of the data directory gives you your own credential"
    )]
    CredentialFromRequester(UserId),
    #[error(
        "the credential of {0}, who made this request, came from you: a user who did not give {0} a \
         credential must approve it"
    )]
    CredentialFromApprover(UserId),
    #[error("the approval was rejected: request a new one")]
    Rejected,
    #[error("the approval was used: it is valid for one action, request a new one")]
    Used,
    #[error("the approval expired at {at}: request a new one")]
    Expired { at: Timestamp },
    #[error("it is not approved yet")]
    NotApproved,
    #[error("the approval is for something else: request one for this")]
    AnotherAct,
    #[error("it was started as approved: continue with the same `map` and `encoding`")]
    BegunOtherwise,
    #[error("the approval was requested by {0}: only the requester can use it")]
    AnotherRequester(UserId),
    #[error("the approver {0} is disabled: request a new approval")]
    ApproverDisabled(UserId),
    #[error("the approver {0} no longer has the permission: request a new approval")]
    ApproverLostTheRight(UserId),
    #[error("a reason is required")]
    NoReason,
    #[error("the reason has {bytes} bytes, more than the limit of {bytes_max}")]
    TooLong { bytes: usize, bytes_max: usize },
}

impl DomainRefusal for ApprovalRefusal {
    fn is_missing(&self) -> bool {
        matches!(self, Self::Unknown)
    }
}
