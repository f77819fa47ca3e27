//! How long this process takes for what callers and callees wait for, for monitoring. No decision uses it.

use domain::histogram::{DurationHistogram, RESPONSE_BOUNDS_US, TURN_BOUNDS_US};

/// Histograms of one process, since its start.
#[derive(Debug)]
pub struct Latencies {
    /// From the begin of an append by an entity to its result, with the second try of an unclear one.
    pub append: DurationHistogram,
    /// From the callee's last sound to the begin of the robot's reply.
    pub turn: DurationHistogram,
}

impl Default for Latencies {
    fn default() -> Self {
        Self {
            append: DurationHistogram::new(RESPONSE_BOUNDS_US),
            turn: DurationHistogram::new(TURN_BOUNDS_US),
        }
    }
}
