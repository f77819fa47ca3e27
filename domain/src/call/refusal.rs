//! The reasons for which a command to a call is refused. A refused command writes no event.

use super::finding::Finding;
use crate::compliance::{PermitRefusal, Verdict};
use crate::problem::Explained;
use values::disposition::Disposition;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CallRefusal {
    #[error("the call was never permitted")]
    NotPermitted,
    #[error("the call is already permitted with other grants")]
    AlreadyPermitted,
    /// The grants do not allow this dial: expired, mismatched, not allowed, or the leg may not follow.
    #[error(transparent)]
    Permit(#[from] PermitRefusal),
    /// The caller number to be shown may not be shown any more, for example because its licence ended.
    #[error("the caller number may not be shown: {} ({})", verdict.rule, said(verdict))]
    CallerNumber { verdict: Box<Verdict> },
    #[error("leg {leg} was dialed before: one INVITE per leg")]
    AlreadyDialed { leg: u8 },
    #[error("the next leg is {expected}, not {leg}")]
    WrongLeg { leg: u8, expected: u8 },
    #[error("the call was withdrawn or canceled")]
    Withdrawn,
    /// The table of call progress gives no second leg after this failure, or none on the same trunk.
    #[error("after the failure of leg {leg} no further leg may be dialed on trunk {trunk}")]
    NoFailover { leg: u8, trunk: String },
    #[error("leg {leg} was never dialed")]
    UnknownLeg { leg: u8 },
    #[error("leg {leg} has failed")]
    LegOver { leg: u8 },
    #[error("leg {leg} is already answered")]
    AlreadyAnswered { leg: u8 },
    #[error("the call is not answered")]
    NotAnswered,
    #[error("another agent took the call")]
    AnotherAgent,
    #[error("{digit:?} is not a key of a telephone")]
    InvalidDigit { digit: char },
    #[error("the call has {keypresses_max} keypresses, the most that are recorded")]
    TooManyKeypresses { keypresses_max: u32 },
    #[error("the call has {nodes_max} node entries, the most that are recorded")]
    TooManyNodes { nodes_max: u32 },
    #[error("the call has {turn_facts_max} facts of turns, the most that are recorded")]
    TooManyTurnFacts { turn_facts_max: u32 },
    #[error("an offer and a model can be chosen only once, before anything is said")]
    ChosenTooLate,
    #[error("an order to end a call needs a reason of 1 to {bytes_max} bytes")]
    NoEndReason { bytes_max: usize },
    #[error("the call has ended")]
    Ended,
    #[error("the call has not ended: there is nothing to correct yet")]
    NotEnded,
    #[error("the call has not ended or was never answered: there is no transcript to dispose of")]
    NothingSaid,
    #[error("the call has no recording that could be disposed of")]
    NothingRecorded,
    #[error("a correction needs a reason of 1 to {chars_max} characters")]
    NoReason { chars_max: usize },
    /// The recorded finding is not the one that the correction names as `before`: read the call again.
    #[error("the call is recorded as {}{} now", found.disposition.code(), outcome_code(*found))]
    CorrectedMeanwhile { found: Finding },
    #[error("a call that ended as {} has no outcome: there was no conversation", disposition.code())]
    OutcomeWithoutAnswer { disposition: Disposition },
}

/// Returns the facts of a verdict as text, for example `caller=+8610…, valid_until=2026-12-31`.
fn said(verdict: &Verdict) -> String {
    let facts = verdict
        .facts
        .iter()
        .map(|(name, value)| format!("{name}={value}"));
    facts.collect::<Vec<_>>().join(", ")
}

/// Returns the outcome as text to follow the disposition, for example `, success`; empty without an outcome.
fn outcome_code(found: Finding) -> String {
    found
        .outcome
        .map_or_else(String::new, |outcome| format!(", {}", outcome.code()))
}

impl Explained for CallRefusal {}
