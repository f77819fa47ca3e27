//! Why a command to a user can be refused: a rule said no, nothing was written.

use crate::problem::Explained;
use crate::time::Timestamp;
use values::permission::Role;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UserRefusal {
    #[error("this user does not exist")]
    Unknown,
    #[error("this user exists already; names are given once and for ever")]
    Exists,
    #[error("a user has at least one role")]
    NoRole,
    #[error("this user has no role {0}")]
    RoleNotHeld(Role),
    #[error("nobody else could take the role {0} back: add another admin first")]
    NobodyCouldRevoke(Role),
    #[error("this is the last admin: add another one first")]
    LastAdmin,
    #[error("a guest is auditor or viewer and nothing else: {0} is more")]
    NotForGuests(Role),
    #[error("a guest stays until a time that is still to come")]
    GuestIsOver,
    #[error("whether somebody is a guest is fixed when they are added")]
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
    #[error("too many wrong passwords: nobody signs in as this user before {until}")]
    Locked { until: Timestamp },
    #[error(
        "this user has a second factor already: another admin, or the directory's owner, resets it first"
    )]
    SecondFactorExists,
    #[error("no second factor was offered, or it was too long ago: ask for a new one")]
    NoSecondFactorOffered,
    #[error("this user has no second factor")]
    NoSecondFactor,
    #[error("this sign-in needs a code of the second factor")]
    SecondFactorNeeded,
    #[error("this code was used, or is none of this user's: wait for the next one")]
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
