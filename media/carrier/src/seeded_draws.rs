//! Seeded draws for personas: the same words give the same numbers on every machine and for ever.
//!
//! SplitMix64 over a SHA-256 of the words. Not for keys or nonces that must not be guessed.

use sha2::{Digest, Sha256};

/// Pseudo-random draws from a seed and a list of words. The same seed and words give the same sequence on
/// every machine.
#[derive(Debug, Clone)]
pub(crate) struct SeededDraws {
    state: u64,
}

impl SeededDraws {
    /// Starts the draws for `seed` and `words`. The words' lengths are hashed too, so that different lists
    /// give different draws.
    pub(crate) fn about(seed: u64, words: &[&str]) -> Self {
        let mut digest = Sha256::new();
        digest.update(seed.to_be_bytes());
        for word in words {
            digest.update((word.len() as u64).to_be_bytes());
            digest.update(word);
        }
        let state = digest
            .finalize()
            .iter()
            .take(8)
            .fold(0, |state, byte| (state << 8) | u64::from(*byte));
        Self { state }
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.state ^ (self.state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// Draws a number from `low` to `high`, both included.
    pub(crate) fn between(&mut self, low: u64, high: u64) -> u64 {
        let span = high.saturating_sub(low).saturating_add(1);
        low + self.next().checked_rem(span).unwrap_or(0)
    }

    /// Returns true in `percent` of 100 draws.
    pub(crate) fn percent(&mut self, percent: u8) -> bool {
        self.between(1, 100) <= u64::from(percent)
    }

    /// Draws 32 bits, for SSRCs and timestamps of streams.
    pub(crate) fn bits_32(&mut self) -> u32 {
        u32::try_from(self.next() & u64::from(u32::MAX)).unwrap_or(0)
    }

    /// Draws 16 bits, for sequence numbers of streams.
    pub(crate) fn bits_16(&mut self) -> u16 {
        u16::try_from(self.next() & u64::from(u16::MAX)).unwrap_or(0)
    }

    /// Draws one of the weighted choices; `None` if all weights are 0.
    pub(crate) fn weighted<T: Copy>(&mut self, choices: &[(T, u32)]) -> Option<T> {
        let sum: u64 = choices.iter().map(|(_, weight)| u64::from(*weight)).sum();
        let mut left = self.next().checked_rem(sum)?;
        for (choice, weight) in choices {
            match left.checked_sub(u64::from(*weight)) {
                Some(rest) => left = rest,
                None => return Some(*choice),
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_words_draw_the_same_numbers_for_ever() {
        let mut chance = SeededDraws::about(7, &["+8613800138000", "1"]);
        let first = (chance.next(), chance.next());
        let mut again = SeededDraws::about(7, &["+8613800138000", "1"]);
        assert_eq!((again.next(), again.next()), first);
        assert_ne!(SeededDraws::about(8, &["+8613800138000", "1"]).next(), first.0);
        assert_ne!(SeededDraws::about(7, &["+86138001380001", ""]).next(), first.0);
    }

    #[test]
    fn a_choice_of_weight_nothing_is_never_drawn_and_bounds_are_kept() {
        let mut chance = SeededDraws::about(1, &[]);
        let mut ends = [false; 2];
        for _ in 0..1_000 {
            assert_eq!(chance.weighted(&[('a', 0), ('b', 3), ('c', 0)]), Some('b'));
            let drawn = chance.between(5, 7);
            assert!((5..=7).contains(&drawn));
            ends = [ends[0] || drawn == 5, ends[1] || drawn == 7];
            assert!(!chance.percent(0) && chance.percent(100));
        }
        assert_eq!(ends, [true, true]);
        assert_eq!(chance.weighted(&[('a', 0)]), None);
        assert_eq!(chance.between(9, 9), 9);
    }
}
