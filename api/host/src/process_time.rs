//! The time of a process: starts at the wall clock's time and advances with the steady clock, so that setting
//! the wall clock moves neither timers nor stored times.
//!
//! Differences of up to two seconds, as NTP corrects them, are adopted slowly. A larger difference means that
//! the wall clock was set; it is left to `clock_watch`. All readings are arguments in microseconds: this file
//! reads no clock.

use domain::installation::CLOCK_SKEW_MS_MAX;
use std::sync::atomic::{AtomicI64, Ordering};

/// The largest difference between wall clock and process time that is adopted, in microseconds. With a larger
/// one a clock is wrong.
const TAKEN_UP_US_MAX: i64 = CLOCK_SKEW_MS_MAX.cast_signed() * 1_000;
/// Microseconds between two readings of the wall clock.
const LOOK_US: i64 = 100_000;
/// The divisor of the passed time that gives the most that is adopted: 5 ms per second, so that two seconds
/// take seven minutes and no wait is noticeably longer or shorter.
const TAKEN_UP_PART: i64 = 200;
/// The most time that counts as passed between two readings, in microseconds. More passes only if nothing
/// read the time.
const PASSED_US_MAX: i64 = 1_000_000;

/// The process's time, stored as the offset that is added to the steady clock.
#[derive(Debug)]
pub(crate) struct ProcessTime {
    offset: AtomicI64,
    /// The steady clock at the last reading of the wall clock.
    looked_at: AtomicI64,
    /// The latest time returned: the time never goes backwards.
    last: AtomicI64,
}

impl ProcessTime {
    pub(crate) const fn begin(wall_us: i64, steady_us: i64) -> Self {
        Self {
            offset: AtomicI64::new(wall_us.saturating_sub(steady_us)),
            looked_at: AtomicI64::new(steady_us),
            last: AtomicI64::new(wall_us),
        }
    }

    /// Returns the time now, in microseconds. Calls `wall` at most every 100 ms and adopts a part of the
    /// difference.
    pub(crate) fn now(&self, steady_us: i64, wall: impl FnOnce() -> i64) -> i64 {
        let before = self.looked_at.load(Ordering::Relaxed);
        let passed = steady_us.saturating_sub(before);
        let is_turn = passed >= LOOK_US
            && self
                .looked_at
                .compare_exchange(before, steady_us, Ordering::Relaxed, Ordering::Relaxed)
                .is_ok();
        if is_turn {
            let take = taken_up(self.apart(steady_us, wall()), passed);
            self.offset.fetch_add(take, Ordering::Relaxed);
        }
        let time = steady_us.saturating_add(self.offset.load(Ordering::Relaxed));
        self.last.fetch_max(time, Ordering::Relaxed).max(time)
    }

    /// Returns the wall clock minus the process's time, in microseconds.
    pub(crate) fn apart(&self, steady_us: i64, wall_us: i64) -> i64 {
        wall_us.saturating_sub(steady_us.saturating_add(self.offset.load(Ordering::Relaxed)))
    }

    /// Adopts the wall clock if it is ahead. Returns false if it is more than two seconds behind this time,
    /// which never goes back.
    pub(crate) fn go_to_wall(&self, steady_us: i64, wall_us: i64) -> bool {
        let apart = self.apart(steady_us, wall_us);
        if apart > 0 {
            self.offset.fetch_add(apart, Ordering::Relaxed);
        }
        apart >= -TAKEN_UP_US_MAX
    }
}

/// Returns how much of a difference is adopted after `passed_us`: nothing if the difference is too large.
fn taken_up(apart_us: i64, passed_us: i64) -> i64 {
    if apart_us.saturating_abs() > TAKEN_UP_US_MAX {
        return 0;
    }
    let most = passed_us.clamp(0, PASSED_US_MAX) / TAKEN_UP_PART;
    apart_us.clamp(-most, most)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: i64 = 1_000_000;
    const HOUR: i64 = 3_600 * SECOND;

    /// The times that a process returns in `seconds` when asked ten times a second, with this wall clock.
    fn times(time: &ProcessTime, from: i64, seconds: i64, wall: impl Fn(i64) -> i64) -> Vec<i64> {
        (1..=seconds * 10)
            .map(|tenth| from + tenth * SECOND / 10)
            .map(|steady| time.now(steady, || wall(steady)))
            .collect()
    }

    #[test]
    fn a_wall_that_jumps_moves_nothing() {
        for jump in [6 * HOUR, -6 * HOUR, 3 * SECOND, -3 * SECOND] {
            let time = ProcessTime::begin(9 * HOUR, 0);
            let given = times(&time, 0, 60, |steady| 9 * HOUR + steady + jump);
            assert_eq!(given.last(), Some(&(9 * HOUR + 60 * SECOND)), "{jump}");
            assert!(given.is_sorted(), "{jump}");
            assert_eq!(time.apart(60 * SECOND, 9 * HOUR + 60 * SECOND + jump), jump);
        }
    }

    #[test]
    fn a_wall_clock_that_stops_stops_no_timer() {
        let time = ProcessTime::begin(9 * HOUR, 0);
        let given = times(&time, 0, 600, |_| 9 * HOUR);
        assert!(given.is_sorted());
        // Two seconds are adopted at 5 ms per second; after that the wall clock counts as set and is ignored.
        assert!(given.last().is_some_and(|last| *last > 9 * HOUR + 595 * SECOND));
    }

    #[test]
    fn what_is_under_two_seconds_is_taken_up_slowly_in_either_direction() {
        for apart in [2 * SECOND, -2 * SECOND, 1, -1] {
            let time = ProcessTime::begin(9 * HOUR, 0);
            let given = times(&time, 0, 10, |steady| 9 * HOUR + steady + apart);
            assert!(given.is_sorted(), "{apart}");
            let taken = given.last().unwrap() - (9 * HOUR + 10 * SECOND);
            assert_eq!(taken, apart.clamp(-50_000, 50_000), "{apart}");
            let given = times(&time, 10 * SECOND, 600, |steady| 9 * HOUR + steady + apart);
            assert_eq!(*given.last().unwrap(), 9 * HOUR + 610 * SECOND + apart);
        }
    }

    #[test]
    fn an_hour_without_requests_adds_no_more_at_once_than_a_second() {
        let time = ProcessTime::begin(9 * HOUR, 0);
        let given = time.now(HOUR, || 10 * HOUR + SECOND);
        assert_eq!(given, 10 * HOUR + 5_000);
    }

    #[test]
    fn a_wall_that_was_found_right_is_gone_on_from_and_never_back() {
        let time = ProcessTime::begin(9 * HOUR, 0);
        assert!(time.go_to_wall(SECOND, 15 * HOUR));
        assert_eq!(time.now(SECOND, || 15 * HOUR), 15 * HOUR);
        assert!(!time.go_to_wall(2 * SECOND, 9 * HOUR));
        assert_eq!(time.now(2 * SECOND, || 9 * HOUR), 15 * HOUR + SECOND);
    }
}
