//! Differences between worlds besides their faults: trunks, limits, campaigns per day, and the delay of
//! views.

use super::clock::SeededChance;
use domain::ports::line::LineFacts;
use projections::GATHERING_MS;

/// Smallest number of simultaneous calls of a campaign.
const CONCURRENT_MIN: u64 = 4;
/// Upper bound of the random addition to the smallest number of simultaneous calls.
const CONCURRENT_MORE_MAX: u64 = 24;

/// Most legs of one trunk; in some worlds fewer than the campaigns want.
const LEGS_MAX: [u32; 3] = [6, 12, 60];

/// Time between two transactions of a view that no caller waits for, in milliseconds: as in the product, and
/// more, so that rows on which no decision may depend are late.
const VIEWS_APART_MS: [u64; 3] = [GATHERING_MS, 1_000, 3_000];

/// Dials per second of one trunk.
pub(crate) const DIALS_PER_SECOND: u32 = 10;

/// Longest wait for a first response, in milliseconds, as on a public trunk: RFC 3261 timer B.
const FIRST_RESPONSE_MS: u64 = 32_000;
/// Longest wait for a first response when another trunk follows, in milliseconds.
const FIRST_RESPONSE_BEFORE_ANOTHER_MS: u64 = 4_000;
/// Timer C of RFC 3261, in milliseconds.
const HOLD_OFF_MS: u64 = 180_000;

/// The dimensions of one world.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct WorldShape {
    pub(crate) lines: u32,
    pub(crate) legs_max: u32,
    pub(crate) max_concurrent: u32,
    pub(crate) campaigns_per_day: u32,
    pub(crate) views_apart_ms: u64,
}

impl WorldShape {
    pub(crate) fn draw(chance: &SeededChance) -> Self {
        let narrow = |value: u64| u32::try_from(value).unwrap_or(u32::MAX);
        let one_of = |count: usize| usize::try_from(chance.below(count as u64)).unwrap_or(0);
        let legs = one_of(LEGS_MAX.len());
        Self {
            lines: narrow(1 + chance.below(2)),
            legs_max: LEGS_MAX.get(legs).copied().unwrap_or(DIALS_PER_SECOND),
            max_concurrent: narrow(CONCURRENT_MIN + chance.below(CONCURRENT_MORE_MAX + 1)),
            campaigns_per_day: narrow(1 + chance.below(2)),
            views_apart_ms: VIEWS_APART_MS
                .get(one_of(VIEWS_APART_MS.len()))
                .copied()
                .unwrap_or_default(),
        }
    }

    /// The trunks, in order of preference.
    pub(crate) fn line_facts(&self) -> Vec<LineFacts> {
        let facts = |nth: u32| LineFacts {
            name: format!("trunk-{nth}"),
            local: format!("127.0.0.1:{}", 5_060 + nth),
            loopback: true,
            legs_max: self.legs_max,
            dials_per_second: DIALS_PER_SECOND,
            ring_timeout_ms: 30_000,
            first_response_ms: if nth + 1 < self.lines {
                FIRST_RESPONSE_BEFORE_ANOTHER_MS
            } else {
                FIRST_RESPONSE_MS
            },
            hold_off_ms: HOLD_OFF_MS,
            caller_numbers: Vec::new(),
            calls_per_number_max: None,
        };
        (0..self.lines).map(facts).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn over_many_worlds_one_and_two_trunks_and_campaigns_are_drawn_and_rows_are_late_by_more_or_less() {
        let drawn: Vec<WorldShape> = (0..40)
            .map(|seed| WorldShape::draw(&SeededChance::new(seed, 5)))
            .collect();
        for count in [1, 2] {
            assert!(drawn.iter().any(|shape| shape.lines == count));
            assert!(drawn.iter().any(|shape| shape.campaigns_per_day == count));
        }
        for apart_ms in VIEWS_APART_MS {
            assert!(drawn.iter().any(|shape| shape.views_apart_ms == apart_ms));
        }
        let two = drawn.iter().find(|shape| shape.lines == 2).unwrap();
        let waits: Vec<u64> = two
            .line_facts()
            .iter()
            .map(|facts| facts.first_response_ms)
            .collect();
        assert_eq!(waits, [4_000, 32_000]);
    }
}
