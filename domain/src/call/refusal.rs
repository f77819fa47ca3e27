//! Why a command to a call can be refused: a rule said no, nothing was written.

use crate::compliance::PermitRefusal;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CallRefusal {
    #[error("the call was never permitted")]
    NotPermitted,
    #[error("the call is already permitted with other grants")]
    AlreadyPermitted,
    /// The grants do not allow this dial: expired, mismatched, not allowed, or the leg may not follow.
    #[error(transparent)]
    Permit(#[from] PermitRefusal),
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
    #[error("{digit:?} is not a key of a telephone")]
    InvalidDigit { digit: char },
    #[error("the call has {keypresses_max} keypresses, the most that are recorded")]
    TooManyKeypresses { keypresses_max: u32 },
    #[error("the call has {nodes_max} node entries, the most that are recorded")]
    TooManyNodes { nodes_max: u32 },
    #[error("the call has ended")]
    Ended,
}
