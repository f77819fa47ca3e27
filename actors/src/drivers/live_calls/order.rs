//! Orders to workers, from the weakest to the strongest.

use domain::call::event::EndReason;

/// An order to the worker of an enrolment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    Proceed,
    /// Withdraw what is not dialed; dialed calls go on.
    DoNotDial(EndReason),
    /// Also cancel what is not answered.
    GiveUp(EndReason),
    /// Also hang up what is answered.
    HangUp(EndReason),
}

impl Order {
    pub(super) const fn rank(self) -> u8 {
        match self {
            Self::Proceed => 0,
            Self::DoNotDial(_) => 1,
            Self::GiveUp(_) => 2,
            Self::HangUp(_) => 3,
        }
    }
    /// Why an undialed call must not be dialed.
    pub(crate) const fn against_dialing(self) -> Option<EndReason> {
        match self {
            Self::Proceed => None,
            Self::DoNotDial(reason) | Self::GiveUp(reason) | Self::HangUp(reason) => Some(reason),
        }
    }
    /// Why an unanswered leg must be canceled.
    pub(crate) const fn against_ringing(self) -> Option<EndReason> {
        match self {
            Self::Proceed | Self::DoNotDial(_) => None,
            Self::GiveUp(reason) | Self::HangUp(reason) => Some(reason),
        }
    }
    /// Why an answered leg must be hung up.
    pub(crate) const fn against_talking(self) -> Option<EndReason> {
        match self {
            Self::Proceed | Self::DoNotDial(_) | Self::GiveUp(_) => None,
            Self::HangUp(reason) => Some(reason),
        }
    }
}
