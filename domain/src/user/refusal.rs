//! Refusals of a user command. No event is stored.

use crate::problem::Explained;
use crate::time::Timestamp;
use values::permission::Role;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UserRefusal {
    #[error("this user does not exist")]
    Unknown,
    #[error("this user exists already; a name is used only once")]
    Exists,
    #[error("a user has at least one role")]
    NoRole,
    #[error("this user has no role {0}")]
    RoleNotHeld(Role),
    #[error("no other user could revoke the role {0}: add another admin first")]
    NobodyCouldRevoke(Role),
    #[error("this is the last admin: add another one first")]
    LastAdmin,
    #[error("a guest can only be auditor or viewer, not {0}")]
    NotForGuests(Role),
    #[error("the end date of a guest must be in the future")]
    GuestIsOver,
    #[error("a user cannot become a guest or stop being one later")]
    GuestFixed,
    #[error("a reason is needed")]
    NoReason,
    #[error("the reason has {bytes} bytes, more than the {bytes_max} it may have")]
    TooLong { bytes: usize, bytes_max: usize },
    #[error("this user is disabled")]
    Disabled,
    #[error("the link is not valid: it was used, replaced, or is too old; ask an admin for a new one")]
    LinkVoid,
    #[error("the password was changed meanwhile: use the new one")]
    PasswordChanged,
    #[error("too many wrong passwords: sign-ins of this user are locked until {until}")]
    Locked { until: Timestamp },
    #[error(
        "this user has a second factor already: another admin, or the directory's owner, resets it first"
    )]
    SecondFactorExists,
    #[error("no second factor was offered, or the offer expired: request a new one")]
    NoSecondFactorOffered,
    #[error("this user has no second factor")]
    NoSecondFactor,
    #[error("this sign-in needs a code of the second factor")]
    SecondFactorNeeded,
    #[error("this code was used already or is not valid: wait for the next one")]
    CodeUsed,
    #[error("the address of an identity provider has 1 to {bytes_max} bytes")]
    IssuerLength { bytes_max: usize },
    #[error("this user is not linked with this account of the identity provider")]
    NoProvider,
}

impl Explained for UserRefusal {
    fn is_missing(&self) -> bool {
        matches!(self, Self::Unknown)
    }
}
