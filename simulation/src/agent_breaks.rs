//! Unannounced breaks: all free agents step away at once, while phones ring for them. The pacer cannot know
//! this, and callees who answer meanwhile find no agent.
//!
//! The times of breaks are derived from the seed alone.

use super::clock::{SeededChance, drawn_of};
use super::scenario::FaultRates;
use domain::time::Timestamp;

/// Purpose of the random draw that decides whether a world has breaks.
const PURPOSE: u64 = 8_500;

/// Length of a slot in which at most one break begins, in milliseconds: most campaigns of a world are done
/// within an hour.
const SLOT_MS: u64 = 5 * 60_000;
/// In a world with breaks, one slot in this many has a break.
const SLOTS_OF: u64 = 2;
/// Shortest break, in milliseconds. A break ends within its slot.
const BREAK_MS_MIN: u64 = 5_000;
/// Upper bound of the random addition to the shortest break, in milliseconds.
const BREAK_MORE_MS: u64 = 60_000;

/// The breaks of one world.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct AgentBreaks {
    seed: u64,
}

impl AgentBreaks {
    /// Draws the breaks of a world; `None` in a world without breaks.
    pub(crate) fn draw(seed: u64, rates: &FaultRates) -> Option<Self> {
        let drawn = SeededChance::new(seed, PURPOSE).below(10);
        (drawn < u64::from(rates.agent_breaks_of_ten)).then_some(Self { seed })
    }

    /// Returns when the break that is in progress at `now` ends; `None` if there is no break then.
    pub(crate) fn until(self, now: Timestamp) -> Option<Timestamp> {
        let now_ms = u64::try_from(now.micros() / 1_000).ok()?;
        let slot = now_ms / SLOT_MS;
        let [chance, length, begin, _] = drawn_of(&format!("breaks:{}:{slot}", self.seed));
        if chance % SLOTS_OF != 0 {
            return None;
        }
        let length_ms = BREAK_MS_MIN + length % BREAK_MORE_MS;
        let from_ms = slot * SLOT_MS + begin % (SLOT_MS - length_ms);
        let until_ms = from_ms + length_ms;
        if now_ms < from_ms || until_ms <= now_ms {
            return None;
        }
        Some(now.plus_ms(until_ms - now_ms))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn some_worlds_have_breaks_and_a_break_ends() {
        let drawn = |rates: &FaultRates| {
            let worlds = (0..60).filter_map(|seed| AgentBreaks::draw(seed, rates));
            worlds.collect::<Vec<_>>()
        };
        assert!(drawn(&FaultRates::NONE).is_empty());
        let worlds = drawn(&FaultRates::default());
        assert!((8..45).contains(&worlds.len()), "{}", worlds.len());
        let breaks = worlds.first().copied().expect("a world with breaks");
        let minute = |minute: u64| Timestamp::EPOCH.plus_ms(minute * 60_000);
        let away =
            (0..7 * 24 * 60).filter_map(|nth| breaks.until(minute(nth)).map(|until| (minute(nth), until)));
        let away: Vec<_> = away.collect();
        assert!((200..2_000).contains(&away.len()), "{}", away.len());
        for (now, until) in away {
            assert!(now < until && until.ms_since(now) <= BREAK_MS_MIN + BREAK_MORE_MS);
            assert_eq!(breaks.until(until), None, "it is over");
        }
    }
}
