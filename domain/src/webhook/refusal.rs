//! Why a command to a webhook can be refused: a rule said no, nothing was written.

use crate::problem::Explained;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WebhookRefusal {
    #[error("there is no such webhook")]
    Unknown,
    #[error("the webhook is there already")]
    Exists,
    #[error("the webhook was removed")]
    Removed,
    #[error("it is told of nothing: name the kinds of events")]
    NoKind,
    #[error("nothing of ours signs what it is sent: there is no secret to rotate")]
    NotSigned,
    #[error(
        "one kind of receiver is not made into another: what signs, and who knows it, differs; add another webhook"
    )]
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
