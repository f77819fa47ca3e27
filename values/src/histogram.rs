//! Histogram of durations for monitoring: the number of observations in fixed buckets, and their sum.
//!
//! An observation is two atomic additions and takes no lock, so that it can be made while a call waits. A
//! reading that runs beside observations may lack the latest ones; its count is always that of its buckets.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Upper bounds for requests and appends, in microseconds: 1 ms to 10 s.
pub const RESPONSE_BOUNDS_US: &[u64] = &[
    1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 2_500_000, 5_000_000,
    10_000_000,
];

/// Upper bounds for the reply of the robot to the callee, in microseconds: 100 ms to 5 s. 800 ms and 1.2 s
/// are the limits that `make prove-spoken` judges; 3 s is the longest silence.
pub const TURN_BOUNDS_US: &[u64] = &[
    100_000, 250_000, 500_000, 800_000, 1_200_000, 1_600_000, 2_000_000, 2_500_000, 3_000_000, 5_000_000,
];

/// Upper bounds for the post-dial delay, in microseconds: 250 ms to 60 s.
pub const POST_DIAL_BOUNDS_US: &[u64] = &[
    250_000, 500_000, 1_000_000, 2_000_000, 4_000_000, 6_000_000, 8_000_000, 11_000_000, 20_000_000,
    60_000_000,
];

/// Counts of durations in buckets.
#[derive(Debug)]
pub struct DurationHistogram {
    bounds_us: &'static [u64],
    /// One count per bound, for durations up to it and above the one before; the last is for longer ones.
    counts: Box<[AtomicU64]>,
    sum_us: AtomicU64,
}

/// The state of a histogram when it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistogramReading {
    /// The number of observations up to each bound, with the bound in microseconds.
    pub up_to: Vec<(u64, u64)>,
    pub count: u64,
    pub sum_us: u64,
}

impl DurationHistogram {
    /// Makes an empty histogram. `bounds_us` are the upper bounds of its buckets, ascending.
    pub fn new(bounds_us: &'static [u64]) -> Self {
        Self {
            bounds_us,
            counts: (0..=bounds_us.len()).map(|_| AtomicU64::new(0)).collect(),
            sum_us: AtomicU64::new(0),
        }
    }

    /// Counts one duration.
    pub fn observe(&self, duration: Duration) {
        let duration_us = u64::try_from(duration.as_micros()).unwrap_or(u64::MAX);
        let bucket = self.bounds_us.partition_point(|bound| *bound < duration_us);
        if let Some(count) = self.counts.get(bucket) {
            count.fetch_add(1, Ordering::Relaxed);
            self.sum_us.fetch_add(duration_us, Ordering::Relaxed);
        }
    }

    /// Returns the counts now, added up bucket by bucket.
    pub fn read(&self) -> HistogramReading {
        let mut count = 0;
        let mut up_to = Vec::with_capacity(self.bounds_us.len());
        for (index, bucket) in self.counts.iter().enumerate() {
            count += bucket.load(Ordering::Relaxed);
            if let Some(bound) = self.bounds_us.get(index) {
                up_to.push((*bound, count));
            }
        }
        HistogramReading {
            up_to,
            count,
            sum_us: self.sum_us.load(Ordering::Relaxed),
        }
    }
}

/// Microseconds, written as seconds: `0.25`, `10`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seconds(pub u64);

impl fmt::Display for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, micros) = (self.0 / 1_000_000, self.0 % 1_000_000);
        match micros {
            0 => write!(f, "{whole}"),
            micros => {
                let digits = format!("{micros:06}");
                write!(f, "{whole}.{}", digits.trim_end_matches('0'))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_counts_in_each_bucket_from_its_own_on() {
        let histogram = DurationHistogram::new(&[10, 20, 30]);
        for duration_us in [0, 10, 11, 20, 31, 1_000] {
            histogram.observe(Duration::from_micros(duration_us));
        }
        assert_eq!(
            histogram.read(),
            HistogramReading {
                up_to: vec![(10, 2), (20, 4), (30, 4)],
                count: 6,
                sum_us: 1_072,
            }
        );
    }

    #[test]
    fn bounds_ascend() {
        for bounds in [RESPONSE_BOUNDS_US, TURN_BOUNDS_US, POST_DIAL_BOUNDS_US] {
            assert!(bounds.is_sorted_by(|one, next| one < next), "{bounds:?}");
        }
    }

    #[test]
    fn microseconds_are_written_as_seconds_without_rounding() {
        for (micros, text) in [
            (0, "0"),
            (1, "0.000001"),
            (2_500, "0.0025"),
            (250_000, "0.25"),
            (10_000_000, "10"),
            (1_200_000, "1.2"),
            (u64::MAX, "18446744073709.551615"),
        ] {
            assert_eq!(Seconds(micros).to_string(), text);
        }
    }
}
