//! Timing statistics of the pace: lateness of its wake-ups, skipped and dropped frames.

use std::time::Duration;

/// Width of a bucket of the lateness histogram, in microseconds.
const BUCKET_US: u64 = 100;
/// Number of buckets: up to 100 ms, then one for all above.
const BUCKETS: usize = 1_000;

/// Counts of the pace thread since the driver began.
#[derive(Debug, Clone)]
pub struct PaceStatistics {
    /// Ticks of 20 ms.
    pub ticks: u64,
    /// Frames not sent because the wake-up was more than two frames late. Counted per leg, so that they
    /// compare with packets.
    pub skipped_frames: u64,
    /// Frames of recordings dropped because the disk was too slow.
    pub dropped_recording_frames: u64,
    /// RTP and RTCP packets that were ignored because they came from another address than the far end's.
    pub foreign_packets: u64,
    pub lateness_us_max: u64,
    buckets: Vec<u64>,
}

impl Default for PaceStatistics {
    fn default() -> Self {
        Self {
            ticks: 0,
            skipped_frames: 0,
            dropped_recording_frames: 0,
            foreign_packets: 0,
            lateness_us_max: 0,
            buckets: vec![0; BUCKETS],
        }
    }
}

impl PaceStatistics {
    /// Counts frames that were skipped for each of `legs` legs with audio to send.
    pub(super) fn note_skipped(&mut self, frames: u32, legs: u64) {
        self.skipped_frames += u64::from(frames).saturating_mul(legs);
    }

    pub(super) fn note(&mut self, late: Duration) {
        let late_us = u64::try_from(late.as_micros()).unwrap_or(u64::MAX);
        self.ticks += 1;
        self.lateness_us_max = self.lateness_us_max.max(late_us);
        let bucket = usize::try_from(late_us / BUCKET_US)
            .unwrap_or(BUCKETS)
            .min(BUCKETS - 1);
        if let Some(count) = self.buckets.get_mut(bucket) {
            *count += 1;
        }
    }

    /// Returns the lateness that `percent` of the wake-ups did not exceed, in microseconds, rounded up to
    /// 100; above 100 ms the largest one.
    pub fn lateness_us(&self, percent: u64) -> u64 {
        let wanted = self.ticks.saturating_mul(percent).div_ceil(100);
        let mut seen = 0;
        for (bucket, count) in (1_u64..).zip(&self.buckets) {
            seen += count;
            if seen >= wanted {
                return bucket * BUCKET_US;
            }
        }
        self.lateness_us_max
    }
}

#[cfg(test)]
mod tests {
    use super::PaceStatistics;
    use std::time::Duration;

    #[test]
    fn a_skipped_tick_is_a_frame_lost_to_every_leg() {
        let mut statistics = PaceStatistics::default();
        statistics.note_skipped(3, 100);
        statistics.note_skipped(2, 0);
        assert_eq!(statistics.skipped_frames, 300);
    }

    #[test]
    fn lateness_is_read_at_a_share_of_the_ticks() {
        let mut statistics = PaceStatistics::default();
        for late_ms in 0..100 {
            statistics.note(Duration::from_millis(late_ms));
        }
        assert_eq!(statistics.lateness_us(50), 49_100);
        assert_eq!(statistics.lateness_us(99), 98_100);
        assert_eq!(statistics.lateness_us_max, 99_000);
        statistics.note(Duration::from_secs(9));
        assert_eq!(statistics.lateness_us(100), 100_000);
    }
}
