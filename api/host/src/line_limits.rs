//! Limits of log lines: of one cause, and of equal lines, one a minute. The others are counted.

use domain::time::Timestamp;
use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};

/// The period in which one line per cause is written, in milliseconds.
const HELD_BACK_MS: u64 = 60_000;

/// Interval at which suppressed lines are looked for, in milliseconds.
const LOOK_MS: u64 = 1_000;

/// Most different lines that are remembered. At the limit, lines that were not seen before are written.
const LINES_MAX: usize = 1_024;

/// The suppressed lines by cause and by content.
#[derive(Default)]
pub(crate) struct LineLimits {
    /// By a place in the source, so that there are at most as many as the program has.
    causes: BTreeMap<&'static str, SuppressedLines>,
    /// By a hash of the line.
    lines: BTreeMap<u64, SuppressedLines>,
    looked_at: Timestamp,
    /// Counts whose minute is over and that are not reported yet.
    over: Vec<(&'static str, u64)>,
}

/// The suppressed lines of one kind: since when they are counted, and how many.
struct SuppressedLines {
    cause: &'static str,
    since: Timestamp,
    count: u64,
}

impl SuppressedLines {
    const fn new(cause: &'static str, since: Timestamp) -> Self {
        Self {
            cause,
            since,
            count: 0,
        }
    }

    /// Returns true if the minute is over. A clock that was set back also ends it.
    fn is_over(&self, now: Timestamp) -> bool {
        now < self.since || now >= self.since.plus_ms(HELD_BACK_MS)
    }
}

impl LineLimits {
    /// Returns true if a line of this cause may be written; otherwise counts it.
    pub(crate) fn admit_cause(&mut self, cause: &'static str, now: Timestamp) -> bool {
        let new = || SuppressedLines::new(cause, now);
        let is_new = !self.causes.contains_key(cause);
        let held = self.causes.entry(cause).or_insert_with(new);
        is_new || Self::admit(held, &mut self.over, now)
    }

    /// Returns true if a line with this content may be written; otherwise counts it.
    pub(crate) fn admit_line(&mut self, cause: &'static str, content: &[u8], now: Timestamp) -> bool {
        let mut hasher = DefaultHasher::new();
        content.hash(&mut hasher);
        let hash = hasher.finish();
        if let Some(held) = self.lines.get_mut(&hash) {
            return Self::admit(held, &mut self.over, now);
        }
        if self.lines.len() < LINES_MAX {
            self.lines.insert(hash, SuppressedLines::new(cause, now));
        }
        true
    }

    fn admit(held: &mut SuppressedLines, over: &mut Vec<(&'static str, u64)>, now: Timestamp) -> bool {
        if !held.is_over(now) {
            held.count += 1;
            return false;
        }
        if held.count > 0 {
            over.push((held.cause, held.count));
        }
        *held = SuppressedLines::new(held.cause, now);
        true
    }

    /// Returns the causes and counts of suppressed lines whose minute is over, and forgets them.
    pub(crate) fn take_over(&mut self, now: Timestamp) -> Vec<(&'static str, u64)> {
        if now < self.looked_at || now >= self.looked_at.plus_ms(LOOK_MS) {
            self.looked_at = now;
            let over = &mut self.over;
            let mut keep = |held: &SuppressedLines| {
                let is_over = held.is_over(now);
                if is_over && held.count > 0 {
                    over.push((held.cause, held.count));
                }
                !is_over
            };
            self.causes.retain(|_, held| keep(held));
            self.lines.retain(|_, held| keep(held));
        }
        std::mem::take(&mut self.over)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Timestamp {
        Timestamp::EPOCH.plus_ms(seconds * 1_000)
    }

    #[test]
    fn the_memory_of_lines_is_bounded_and_a_line_that_finds_no_room_is_written() {
        let mut limits = LineLimits::default();
        for line in 0..=LINES_MAX {
            assert!(limits.admit_line("a", &line.to_be_bytes(), at(1)));
        }
        assert_eq!(limits.lines.len(), LINES_MAX);
        assert!(
            limits.admit_line("a", &LINES_MAX.to_be_bytes(), at(2)),
            "it found no room"
        );
        assert!(!limits.admit_line("a", &0_usize.to_be_bytes(), at(2)));
        assert_eq!(limits.take_over(at(30)), []);
        assert_eq!(limits.take_over(at(61)), [("a", 1)]);
        assert!(limits.lines.is_empty() && limits.causes.is_empty());
    }

    #[test]
    fn a_count_is_reported_once_also_if_its_next_line_comes_first() {
        let mut limits = LineLimits::default();
        for _ in 0..3 {
            limits.admit_cause("a", at(1));
        }
        assert_eq!(limits.take_over(at(60)), []);
        assert!(limits.admit_cause("a", at(61)));
        assert_eq!(limits.take_over(at(61)), [("a", 2)]);
        assert_eq!(limits.take_over(at(62)), []);
        assert!(!limits.admit_cause("a", at(62)));
    }
}
