//! Steady time: the wall clock's time at the start, then the machine's monotonic clock. It neither jumps nor
//! stops.
//!
//! A wall clock that is set back would delay every SIP timer until it has caught up, and ringing would not
//! end; set forward, it would end everything at once. So a driver's waits use this time.

use domain::time::Timestamp;
use std::time::{Duration, Instant};

/// The time of one driver; copies agree.
#[derive(Debug, Clone, Copy)]
pub(super) struct SteadyTime {
    origin: Instant,
    began: Timestamp,
}

impl SteadyTime {
    #[expect(clippy::disallowed_methods, reason = "the media driver's own monotonic clock")]
    pub(super) fn starting_at(began: Timestamp) -> Self {
        Self {
            origin: Instant::now(),
            began,
        }
    }

    /// Time that does not move, for tests of deadlines: it starts to pass an hour from now.
    #[cfg(test)]
    #[expect(clippy::disallowed_methods, reason = "the media driver's own monotonic clock")]
    pub(super) fn frozen_at(began: Timestamp) -> Self {
        Self {
            origin: Instant::now() + Duration::from_hours(1),
            began,
        }
    }

    #[expect(clippy::disallowed_methods, reason = "the media driver's own monotonic clock")]
    pub(super) fn now(&self) -> Timestamp {
        self.began
            .plus(Instant::now().saturating_duration_since(self.origin))
    }

    /// Converts the wall time `at` to steady time, given the wall time now; `None` if it has passed. Later
    /// changes of the wall clock do not affect the result.
    pub(super) fn of_wall(&self, at: Timestamp, wall_now: Timestamp) -> Option<Timestamp> {
        let left = at.duration_since(wall_now);
        (wall_now <= at).then(|| self.now().plus(left))
    }

    #[expect(clippy::disallowed_methods, reason = "the media driver's own deadlines")]
    pub(super) async fn wait_until(&self, at: Timestamp) {
        let micros = u64::try_from(at.micros().saturating_sub(self.now().micros())).unwrap_or(0);
        tokio::time::sleep(Duration::from_micros(micros)).await;
    }
}
