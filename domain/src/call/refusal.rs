//! The reasons for which a command to a call is refused. A refused command writes no event.

use super::finding::Finding;
use crate::compliance::{PermitRefusal, Verdict};
use crate::problem::DomainRefusal;
use values::disposition::Disposition;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CallRefusal {
    #[error("the call was never permitted")]
    NotPermitted,
    #[error("the call already has a permit with other grants")]
    AlreadyPermitted,
    /// The grants do not allow this dial: expired, mismatched, not allowed, or the leg may not follow.
    #[error(transparent)]
    Permit(#[from] PermitRefusal),
    /// The caller number to be shown may not be shown any more, for example because its licence ended.
    #[error("the caller number is not allowed: {} ({})", verdict.rule, said(verdict))]
    CallerNumber { verdict: Box<Verdict> },
    #[error("leg {leg} was already dialed: one INVITE per leg")]
    AlreadyDialed { leg: u8 },
    #[error("the next leg is {expected}, not {leg}")]
    WrongLeg { leg: u8, expected: u8 },
    #[error("the call was withdrawn or canceled")]
    Withdrawn,
    /// The table of call progress gives no second leg after this failure, or none on the same trunk.
    #[error("after leg {leg} failed, no further leg may be dialed on line {trunk}")]
    NoFailover { leg: u8, trunk: String },
    #[error("leg {leg} was never dialed")]
    UnknownLeg { leg: u8 },
    #[error("leg {leg} has failed")]
    LegOver { leg: u8 },
    #[error("leg {leg} is already answered")]
    AlreadyAnswered { leg: u8 },
    #[error("the call is not answered")]
    NotAnswered,
    #[error("another agent answered the call")]
    AnotherAgent,
    #[error("{digit:?} is not a telephone key")]
    InvalidDigit { digit: char },
    #[error("the call has reached the limit of {keypresses_max} recorded keypresses")]
    TooManyKeypresses { keypresses_max: u32 },
    #[error("the call has reached the limit of {nodes_max} recorded node entries")]
    TooManyNodes { nodes_max: u32 },
    #[error("the call has reached the limit of {turn_facts_max} recorded turn facts")]
    TooManyTurnFacts { turn_facts_max: u32 },
    #[error("an offer and a model can be selected once, before any text that uses them")]
    ChosenTooLate,
    #[error("ending a call needs a reason of 1 to {bytes_max} bytes")]
    NoEndReason { bytes_max: usize },
    #[error("the call has ended")]
    Ended,
    #[error("the call has not ended: there is nothing to correct yet")]
    NotEnded,
    #[error("the call had no conversation or is still in progress: there is no transcript to delete")]
    NothingSaid,
    #[error("the call has no recording to delete")]
    NothingRecorded,
    #[error("a correction needs a reason of 1 to {chars_max} characters")]
    NoReason { chars_max: usize },
    /// The recorded finding is not the one that the correction names as `before`: read the call again.
    #[error("the call is now recorded as {}{}", found.disposition.code(), outcome_code(*found))]
    CorrectedMeanwhile { found: Finding },
    #[error("a call with disposition {} has no outcome: there was no conversation", disposition.code())]
    OutcomeWithoutAnswer { disposition: Disposition },
}

/// Returns a verdict's facts as text, for example `caller=+8610…, valid_until=2026-12-31`.
fn said(verdict: &Verdict) -> String {
    let facts = verdict
        .facts
        .iter()
        .map(|(name, value)| format!("{name}={value}"));
    facts.collect::<Vec<_>>().join(", ")
}

/// Returns the outcome as text to append to the disposition, for example `, success`; empty without an
/// outcome.
fn outcome_code(found: Finding) -> String {
    found
        .outcome
        .map_or_else(String::new, |outcome| format!(", {}", outcome.code()))
}

impl DomainRefusal for CallRefusal {}
