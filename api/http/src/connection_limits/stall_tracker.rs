//! Measures how long a peer is waited for while it makes too little progress: a byte now and then is no
//! progress.

use domain::time::Timestamp;

/// Bytes that count as progress. At 4 KiB per minute a slot is not held for nothing, and the slowest usable
/// network is a hundred times faster.
const PROGRESS_BYTES: u64 = 4_096;

/// The wait for one peer in one direction.
#[derive(Debug, Default)]
pub struct StallTracker {
    /// Time in milliseconds of earlier waits since the last progress.
    waited_ms: u64,
    /// Bytes moved since the last progress.
    moved: u64,
    /// Start of the current wait, moved back by the earlier waits.
    since: Option<Timestamp>,
}

impl StallTracker {
    /// Starts or continues a wait. Returns since when the peer is waited for, including earlier waits without
    /// progress.
    pub fn wait(&mut self, now: Timestamp) -> Timestamp {
        *self.since.get_or_insert(now.minus_ms(self.waited_ms))
    }

    /// Records that the peer moved bytes, which ends the current wait. After `PROGRESS_BYTES` the earlier
    /// waits no longer count.
    pub fn moved(&mut self, now: Timestamp, bytes: usize) {
        if let Some(since) = self.since.take() {
            self.waited_ms = now.ms_since(since);
        }
        self.moved += bytes as u64;
        if self.moved >= PROGRESS_BYTES {
            *self = Self::default();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_byte_now_and_then_is_no_progress_and_pages_are() {
        let at = |ms: i64| Timestamp::from_millis(100_000 + ms);
        let mut patience = StallTracker::default();
        assert_eq!(patience.wait(at(0)), at(0));
        patience.moved(at(900), 1);
        // Time in which the server did not wait for the peer does not count.
        assert_eq!(patience.wait(at(1_000)), at(100));
        assert_eq!(patience.wait(at(1_500)), at(100));
        patience.moved(at(2_000), 4_096);
        assert_eq!(patience.wait(at(3_000)), at(3_000));
    }
}
