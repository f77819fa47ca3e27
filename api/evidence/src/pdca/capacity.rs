//! Capacity needs of a year: the busiest hours in Erlang, the lines they need, and events per day.

use crate::pdca::figures::{Tally, float};
use domain::time::Timestamp;

/// Share of calls that may find every line busy in the busy hour (ITU-T E.521 uses 1 %).
const BLOCKING_MAX: f64 = 0.01;

/// Highest number of lines that is tried; above it, no result. No trunk group has more.
const LINES_MAX: u32 = 100_000;

/// Traffic is counted by hours.
const HOUR_MS: f64 = 3_600_000.0;

/// The figures from which the capacity needs of a year are computed.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Capacity {
    /// Mean ringing time of the year, in which a dial holds its line as in a talk; 0 if unknown.
    pub(crate) ring_ms_mean: f64,
    /// Events recorded per day of the period.
    pub(crate) events_per_day: f64,
}

impl Capacity {
    /// Returns the mean number of lines in use over an hour: talk, and ringing of every dial.
    pub(crate) fn erlang(&self, hour: &Tally) -> f64 {
        let ringing = float(hour.dialed) * self.ring_ms_mean / HOUR_MS;
        hour.erlang() + ringing
    }

    /// Returns the lines needed for the traffic of an hour; `None` above `LINES_MAX`.
    pub(super) fn lines(&self, hour: &Tally) -> Option<u32> {
        lines(self.erlang(hour))
    }
}

/// Returns the fewest lines on which at most `BLOCKING_MAX` of the calls find none free, for this traffic
/// in Erlang (Erlang B, computed recursively); `None` above `LINES_MAX`.
pub(super) fn lines(erlang: f64) -> Option<u32> {
    let mut blocking = 1.0;
    for lines in 1..=LINES_MAX {
        if blocking <= BLOCKING_MAX || erlang <= 0.0 {
            return Some(lines - 1);
        }
        blocking = erlang * blocking / (f64::from(lines) + erlang * blocking);
    }
    None
}

/// Returns the ten hours with most dials, the busiest first.
pub(super) fn peaks(mut hours: Vec<(Timestamp, Tally)>) -> Vec<(Timestamp, Tally)> {
    hours.sort_by_key(|(_, tally)| std::cmp::Reverse(tally.dialed));
    hours.truncate(10);
    hours
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_those_of_the_tables_of_erlang_b_at_one_per_cent() {
        // Published Erlang B table for 1 %: traffic that n lines carry.
        for (count, carried) in [(1, 0.0101), (5, 1.36), (10, 4.46), (20, 12.03), (50, 37.90)] {
            assert_eq!(lines(carried - 0.005), Some(count), "{count}");
            assert_eq!(lines(carried + 0.02), Some(count + 1), "{count}");
        }
        assert_eq!((lines(0.0), lines(1e9)), (Some(0), None));
    }

    #[test]
    fn ringing_holds_a_line_as_talk_does() {
        let hour = Tally {
            dialed: 360,
            talk_ms: 3_600_000,
            ..Tally::default()
        };
        let needs = Capacity {
            ring_ms_mean: 10_000.0,
            events_per_day: 0.0,
        };
        assert!((needs.erlang(&hour) - 2.0).abs() < 1e-9);
        assert_eq!(needs.lines(&hour), Some(7));
    }
}
