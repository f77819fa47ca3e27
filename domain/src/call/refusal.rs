//! Why a command to a call can be refused: a rule said no, nothing was written.

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
    /// The number it would show is not one we may show any more.
    #[error("the number shown may not be: {} ({})", verdict.rule, said(verdict))]
    CallerNumber { verdict: Box<Verdict> },
    #[error("leg {leg} was dialed before: one INVITE per leg")]
    AlreadyDialed { leg: u8 },
    #[error("the next leg is {expected}, not {leg}")]
    WrongLeg { leg: u8, expected: u8 },
    #[error("the call was withdrawn or canceled")]
    Withdrawn,
    /// The table of call progress gives no second leg after such a failure, or not on the same trunk.
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
    #[error("an offer and a model are chosen once, before anything is said by them")]
    ChosenTooLate,
    #[error("an order to end a call needs a reason of 1 to {bytes_max} bytes")]
    NoEndReason { bytes_max: usize },
    #[error("the call has ended")]
    Ended,
    #[error("the call has not ended: there is nothing to correct yet")]
    NotEnded,
    #[error("nobody was talked to in the call, or it goes on: there is no transcript to be disposed of")]
    NothingSaid,
    #[error("the call has no recording that could be disposed of")]
    NothingRecorded,
    #[error("a correction needs a reason of 1 to {chars_max} characters")]
    NoReason { chars_max: usize },
    /// Look again: it is recorded otherwise than the asker believed.
    #[error("the call is recorded as {}{} now", found.disposition.code(), outcome_code(*found))]
    CorrectedMeanwhile { found: Finding },
    #[error("a call that ended as {} has no outcome: nobody talked", disposition.code())]
    OutcomeWithoutAnswer { disposition: Disposition },
}

/// Facts, as `caller=+8610…, valid_until=2026-12-31`.
fn said(verdict: &Verdict) -> String {
    let facts = verdict
        .facts
        .iter()
        .map(|(name, value)| format!("{name}={value}"));
    facts.collect::<Vec<_>>().join(", ")
}

/// `, success` behind the disposition, where there is an outcome.
fn outcome_code(found: Finding) -> String {
    found
        .outcome
        .map_or_else(String::new, |outcome| format!(", {}", outcome.code()))
}

impl Explained for CallRefusal {}
