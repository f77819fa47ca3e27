//! The commands of an emergency stop: engage it, and lift it.

use super::id::StopId;

#[derive(Debug, Clone, PartialEq, Eq, derive::CommandName)]
#[command(aggregate = "stop")]
pub enum StopCommand {
    /// Stops new dials from now on. While the stop is engaged, a repeated command stores no event, unless it
    /// adds `hang_up`, which also ends active calls.
    Engage {
        stop: StopId,
        reason: String,
        hang_up: bool,
    },
    /// Lifts the stop: dialing may resume.
    Lift { reason: String },
}
