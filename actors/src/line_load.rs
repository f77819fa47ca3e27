//! What a line carries now of what it may: for whoever watches, and for nobody who decides.

use crate::callers::CallerUse;
use crate::line_health::Carries;
use domain::time::Timestamp;

/// One line at a moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineLoad {
    pub trunk: String,
    /// Legs on it, and places that are taken for legs.
    pub legs: u32,
    pub legs_max: u32,
    pub dialed_last_second: u32,
    pub dials_per_second_max: u32,
    pub failures_in_a_row: u32,
    /// It carries nothing before this.
    pub rests_until: Option<Timestamp>,
    /// Whether its far end may be trusted with calls.
    pub carries: Carries,
    /// By an emergency stop.
    pub is_stopped: bool,
    /// Its far end is this machine: a rehearsal.
    pub is_loopback: bool,
    /// Those that it may show, in turn, while their licence lasts.
    pub callers: Vec<CallerUse>,
    /// Most calls at once that show the same number.
    pub calls_per_number_max: Option<u32>,
}

impl LineLoad {
    /// It has numbers to show, and the licence of each has ended: nobody is called on it.
    pub fn is_unlicensed(&self) -> bool {
        !self.callers.is_empty() && self.callers.iter().all(CallerUse::is_expired)
    }
}
