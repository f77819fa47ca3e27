//! Refusals of an approval command. No event is stored.

use crate::problem::Explained;
use crate::time::Timestamp;
use values::ids::UserId;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ApprovalRefusal {
    #[error("this approval does not exist")]
    Unknown,
    #[error("you cannot approve your own request: another user with the permission must approve it")]
    OwnRequest,
    #[error(
        "your credential came from {0}, who made this request: another person, with a credential from \
         elsewhere, approves it; a set-up link sent by mail, or one of the directory's owner, gives you one \
         of your own"
    )]
    CredentialFromRequester(UserId),
    #[error(
        "the credential of {0}, who made this request, came from you: a person who did not give {0} a \
         credential approves it"
    )]
    CredentialFromApprover(UserId),
    #[error("it was rejected: request a new approval")]
    Rejected,
    #[error("it was used: an approval is valid for one act, request a new one")]
    Used,
    #[error("it expired at {at}: request a new approval")]
    Expired { at: Timestamp },
    #[error("it is not approved yet")]
    NotApproved,
    #[error("it was approved for another act: request an approval for this one")]
    AnotherAct,
    #[error(
        "the import began with the approved `map` and `encoding`: it can only continue with the same ones"
    )]
    BegunOtherwise,
    #[error("it was requested by {0}: only this user can use it")]
    AnotherRequester(UserId),
    #[error("{0}, who approved it, is disabled: request a new approval")]
    ApproverDisabled(UserId),
    #[error("{0}, who approved it, no longer has the permission: request a new approval")]
    ApproverLostTheRight(UserId),
    #[error("a reason is needed")]
    NoReason,
    #[error("the reason has {bytes} bytes, more than the {bytes_max} it may have")]
    TooLong { bytes: usize, bytes_max: usize },
}

impl Explained for ApprovalRefusal {
    fn is_missing(&self) -> bool {
        matches!(self, Self::Unknown)
    }
}
