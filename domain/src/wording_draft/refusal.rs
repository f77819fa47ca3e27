//! Why nothing is done with a draft: a rule said no, nothing was written.

use super::state::DraftStanding;
use super::{INSTRUCTION_BYTES_MAX, PROMPT_BYTES_MAX, REASON_BYTES_MAX};
use crate::problem::Explained;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WordingDraftRefusal {
    #[error("there is no such draft")]
    Unknown,
    #[error("an instruction is needed")]
    NoInstruction,
    #[error("a reason is needed")]
    NoReason,
    #[error(
        "an instruction has at most {INSTRUCTION_BYTES_MAX} bytes, a reason {REASON_BYTES_MAX}, all that is sent \
         {PROMPT_BYTES_MAX}"
    )]
    TooLong,
    /// There are no words to take or to reject.
    #[error("nothing was drafted that could be taken or rejected: it is {0}")]
    NotDrafted(DraftStanding),
    #[error("it was decided already: it is {0}")]
    Decided(DraftStanding),
    #[error("nobody adopts a draft that they asked for themselves: another person who holds the right does")]
    OwnRequest,
}

impl Explained for WordingDraftRefusal {
    fn is_missing(&self) -> bool {
        *self == Self::Unknown
    }
}
