//! Time that neither jumps nor stands still: the wall clock's instant at the start, then the machine's steady
//! time.
//!
//! A wall clock that is set back would hold every SIP timer until it has caught up: ringing would not end.
//! Set forward, it would end everything at once. So what a driver waits for is counted here.

use domain::time::Timestamp;
use std::time::{Duration, Instant};

/// One driver's time; copies agree.
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

    /// Time that stands, for tests of what is due: it begins to pass an hour from now.
    #[cfg(test)]
    #[expect(clippy::disallowed_methods, reason = "the media driver's own monotonic clock")]
    pub(super) fn standing_at(began: Timestamp) -> Self {
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

    /// When it is `at` by a wall clock that says `wall_now`; `None` where that has passed. From here on the
    /// wall may be set: what was left stays.
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
