//! Refusals of a wording draft command. No event is stored.

use super::state::DraftStatus;
use super::{INSTRUCTION_BYTES_MAX, PROMPT_BYTES_MAX, REASON_BYTES_MAX};
use crate::problem::DomainRefusal;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WordingDraftRefusal {
    #[error("there is no such draft")]
    Unknown,
    #[error("an instruction is required")]
    NoInstruction,
    #[error("a reason is required")]
    NoReason,
    #[error(
        "an instruction can have at most {INSTRUCTION_BYTES_MAX} bytes, a reason {REASON_BYTES_MAX}, the \
         whole prompt {PROMPT_BYTES_MAX}"
    )]
    TooLong,
    /// There is no text to adopt or to reject.
    #[error("there is no draft text to adopt or reject: it is {0}")]
    NotDrafted(DraftStatus),
    #[error("it was decided already: it is {0}")]
    Decided(DraftStatus),
    #[error(
        "you cannot adopt a wording draft that you requested: another user with the permission must adopt it"
    )]
    OwnRequest,
}

impl DomainRefusal for WordingDraftRefusal {
    fn is_missing(&self) -> bool {
        *self == Self::Unknown
    }
}
