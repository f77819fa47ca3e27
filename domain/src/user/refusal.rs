//! Refusals of a user command. No event is stored.

use crate::problem::DomainRefusal;
use crate::time::Timestamp;
use values::permission::Role;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UserRefusal {
    #[error("this user does not exist")]
    Unknown,
    #[error("this user name is taken; a name can be used only once")]
    Exists,
    #[error("a user must have at least one role")]
    NoRole,
    #[error("this user has no role {0}")]
    RoleNotHeld(Role),
    #[error("no other user could revoke the role {0}: add another administrator first")]
    NoRevokerLeft(Role),
    #[error("this is the last administrator: add another one first")]
    LastAdmin,
    #[error("a guest can only be auditor or viewer, not {0}")]
    NotForGuests(Role),
    #[error("the end time of a guest must be in the future")]
    GuestIsOver,
    #[error("a user cannot become a guest, or stop being one, after creation")]
    GuestFixed,
    #[error("a reason is required")]
    NoReason,
    #[error("the reason has {bytes} bytes, more than the limit of {bytes_max}")]
    TooLong { bytes: usize, bytes_max: usize },
    #[error("this user is disabled")]
    Disabled,
    #[error(
        "the link is not valid: it was used, replaced or has expired; ask an administrator for a new one"
    )]
    LinkVoid,
    #[error("the password was changed: use the new password")]
    PasswordChanged,
    #[error("too many failed sign-ins: this user is locked until {until}")]
    Locked { until: Timestamp },
    #[error(
        "this user already has a second factor: another administrator or the owner of the data directory \
         must reset it first"
    )]
    SecondFactorExists,
    #[error("no second-factor set-up is open, or it has expired: start a new one")]
    NoSecondFactorOffered,
    #[error("this user has no second factor")]
    NoSecondFactor,
    #[error("this sign-in needs a code of the second factor")]
    SecondFactorNeeded,
    #[error("this code was already used or is not this user's: wait for the next code")]
    CodeUsed,
    #[error("the address of an identity provider must have 1 to {bytes_max} bytes")]
    IssuerLength { bytes_max: usize },
    #[error("this user is not linked to this account of the identity provider")]
    NoProvider,
}

impl DomainRefusal for UserRefusal {
    fn is_missing(&self) -> bool {
        matches!(self, Self::Unknown)
    }
}
