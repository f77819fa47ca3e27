//! Why a command to an approval can be refused: a rule said no, nothing was written.

use crate::problem::Explained;
use crate::time::Timestamp;
use values::ids::UserId;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ApprovalRefusal {
    #[error("this approval does not exist")]
    Unknown,
    #[error("nobody approves an own request: another person who holds the right does")]
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
    #[error("it was rejected: ask anew")]
    Rejected,
    #[error("it was used: an approval serves one act, ask anew")]
    Used,
    #[error("it expired at {at}: ask anew")]
    Expired { at: Timestamp },
    #[error("nobody has approved it yet")]
    NotApproved,
    #[error("it was approved for something else: ask for this")]
    AnotherAct,
    #[error(
        "it was begun as it was approved: it goes on read by the same `map` and `encoding`, or not at all"
    )]
    BegunOtherwise,
    #[error("it was {0} who asked: only they use it")]
    AnotherRequester(UserId),
    #[error("{0}, who approved it, is disabled: ask anew")]
    ApproverDisabled(UserId),
    #[error("{0}, who approved it, holds the right no more: ask anew")]
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
