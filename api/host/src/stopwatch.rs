//! A stopwatch: measures how long a piece of work takes.

use std::time::Instant;

/// A running measurement of real time.
#[derive(Debug, Clone, Copy)]
pub struct Stopwatch(Instant);

impl Stopwatch {
    #[expect(
        clippy::disallowed_methods,
        reason = "a measurement is about the machine's own time"
    )]
    /// Starts a stopwatch on the machine's monotonic clock.
    pub fn start() -> Self {
        Self(Instant::now())
    }

    /// Returns the nanoseconds since the start.
    #[expect(
        clippy::disallowed_methods,
        reason = "a measurement is about the machine's own time"
    )]
    /// Returns the nanoseconds since the start.
    pub fn nanos(self) -> u64 {
        u64::try_from(self.0.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }
}
