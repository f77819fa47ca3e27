//! How long a peer has been waited for while it moved too little: a byte now and then is no progress.

use domain::time::Timestamp;

/// Bytes that count as progress: at 4 KiB a minute nobody keeps a place for nothing, and the slowest honest
/// network is a hundred times faster.
const PROGRESS_BYTES: u64 = 4_096;

/// Waiting for one peer, in one direction.
#[derive(Debug, Default)]
pub struct Patience {
    /// Waited before the present wait, since the last progress.
    waited_ms: u64,
    /// Moved since the last progress.
    moved: u64,
    /// The present wait, begun earlier by what was waited before it.
    since: Option<Timestamp>,
}

impl Patience {
    /// The peer is waited for; answers since when, what was waited before without progress included.
    pub fn wait(&mut self, now: Timestamp) -> Timestamp {
        *self.since.get_or_insert(now.minus_ms(self.waited_ms))
    }

    /// The peer moved.
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
        let mut patience = Patience::default();
        assert_eq!(patience.wait(at(0)), at(0));
        patience.moved(at(900), 1);
        // The time in which nobody waited for it counts for nobody.
        assert_eq!(patience.wait(at(1_000)), at(100));
        assert_eq!(patience.wait(at(1_500)), at(100));
        patience.moved(at(2_000), 4_096);
        assert_eq!(patience.wait(at(3_000)), at(3_000));
    }
}
