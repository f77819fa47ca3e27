//! Refusals of a webhook command. No event is stored.

use crate::problem::Explained;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WebhookRefusal {
    #[error("there is no such webhook")]
    Unknown,
    #[error("the webhook is there already")]
    Exists,
    #[error("the webhook was removed")]
    Removed,
    #[error("the webhook has no event kinds: name at least one")]
    NoKind,
    #[error("messages of this format are not signed: there is no secret to rotate")]
    NotSigned,
    #[error("only a signed format can replace another signed format: add another webhook")]
    OtherReceiver,
    #[error("it is at version v{actual} now: read it again, and decide again")]
    Stale { actual: u64 },
    #[error("it is disabled because its owner lost the right to it: take it over first")]
    OwnerLost,
    #[error("a reason is needed")]
    NoReason,
    #[error("the reason has {bytes} bytes, more than the {bytes_max} it may have")]
    TooLong { bytes: usize, bytes_max: usize },
}

impl Explained for WebhookRefusal {}
