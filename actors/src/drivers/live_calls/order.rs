//! Orders to workers, from the weakest to the strongest.

use domain::call::event::EndReason;

/// An order to the worker of an enrolment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum WorkerOrder {
    Proceed,
    /// Withdraw calls that are not dialed; dialed calls go on.
    DoNotDial(EndReason),
    /// Withdraw calls that are not dialed, and cancel those that are not answered.
    GiveUp(EndReason),
    /// Withdraw calls that are not dialed, cancel those that are not answered, and hang up the others.
    HangUp(EndReason),
}

impl WorkerOrder {
    pub(super) const fn rank(self) -> u8 {
        match self {
            Self::Proceed => 0,
            Self::DoNotDial(_) => 1,
            Self::GiveUp(_) => 2,
            Self::HangUp(_) => 3,
        }
    }
    /// Returns why a call that is not dialed must not be dialed; `None` if it may.
    pub(crate) const fn against_dialing(self) -> Option<EndReason> {
        match self {
            Self::Proceed => None,
            Self::DoNotDial(reason) | Self::GiveUp(reason) | Self::HangUp(reason) => Some(reason),
        }
    }
    /// Returns why an unanswered leg must be canceled; `None` if it may ring on.
    pub(crate) const fn against_ringing(self) -> Option<EndReason> {
        match self {
            Self::Proceed | Self::DoNotDial(_) => None,
            Self::GiveUp(reason) | Self::HangUp(reason) => Some(reason),
        }
    }
    /// Returns why an answered leg must be hung up; `None` if it may continue.
    pub(crate) const fn against_talking(self) -> Option<EndReason> {
        match self {
            Self::Proceed | Self::DoNotDial(_) | Self::GiveUp(_) => None,
            Self::HangUp(reason) => Some(reason),
        }
    }
}
