//! Requests to a stop: by whoever sees that dialing must end now, and by whoever answers for it going on.

use super::id::StopId;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StopCommand {
    /// Nobody new is dialed from now on. Asked again while it is engaged it changes nothing, unless those who
    /// are being talked to are to be hung up now.
    Engage {
        stop: StopId,
        reason: String,
        hang_up: bool,
    },
    /// Dialing may go on.
    Lift { reason: String },
}

impl StopCommand {
    /// Its name, for logs.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Engage { .. } => "stop.engage",
            Self::Lift { .. } => "stop.lift",
        }
    }
}
