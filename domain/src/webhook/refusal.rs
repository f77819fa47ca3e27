//! Refusals of a webhook command. No event is stored.

use crate::problem::DomainRefusal;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WebhookRefusal {
    #[error("there is no such webhook")]
    Unknown,
    #[error("the webhook already exists")]
    Exists,
    #[error("the webhook was removed")]
    Removed,
    #[error("it has no event types: name at least one")]
    NoKind,
    #[error("deliveries of this type are not signed: there is no secret to rotate")]
    NotSigned,
    #[error("the receiver type cannot be changed because signing differs; add another webhook")]
    OtherReceiver,
    #[error("it is now at version v{actual}: read it again, then retry")]
    Stale { actual: u64 },
    #[error("it is disabled because its owner lost a permission: take it over first")]
    OwnerLost,
    #[error("a reason is required")]
    NoReason,
    #[error("the reason has {bytes} bytes, more than the limit of {bytes_max}")]
    TooLong { bytes: usize, bytes_max: usize },
}

impl DomainRefusal for WebhookRefusal {}
