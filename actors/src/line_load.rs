//! The current load and limits of a line, for monitoring. No decision uses it.

use crate::callers::CallerUse;
use crate::line_health::LineAdmission;
use domain::time::Timestamp;

/// One line at a moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineLoad {
    pub trunk: String,
    /// Legs on the line, including slots taken for legs to be dialed.
    pub legs: u32,
    pub legs_max: u32,
    pub dialed_last_second: u32,
    pub dials_per_second_max: u32,
    pub failures_in_a_row: u32,
    /// The time before which the line carries no calls; `None` if it does not rest.
    pub rests_until: Option<Timestamp>,
    /// Which calls its health allows.
    pub carries: LineAdmission,
    /// True if an emergency stop forbids legs on it.
    pub is_stopped: bool,
    /// True if its far end is this machine: a rehearsal.
    pub is_loopback: bool,
    /// The line's caller numbers, which take turns while their licences last.
    pub callers: Vec<CallerUse>,
    /// Most simultaneous calls that show the same number.
    pub calls_per_number_max: Option<u32>,
}

impl LineLoad {
    /// Returns true if the line has caller numbers and all their licences have ended: no call is placed on
    /// it.
    pub fn is_unlicensed(&self) -> bool {
        !self.callers.is_empty() && self.callers.iter().all(CallerUse::is_expired)
    }
}
