//! The schedule of faults of one world: when the machine loses power, drawn from the seed beforehand.

use super::clock::SeededChance;
use domain::time::Timestamp;

/// Milliseconds in a day.
const DAY_MS: u64 = 86_400_000;

/// Calls are placed from 09:30 on; most crashes fall into the hours in which something happens.
const BUSY_FROM_MS: u64 = 9 * 3_600_000;

/// Length of those hours.
const BUSY_FOR_MS: u64 = 10 * 3_600_000;

/// Most crashes in a day. The lowest draw is none.
const CRASHES_PER_DAY_MAX: u64 = 4;

/// Chance in 10 that a crash is followed by another while the first is being recovered from.
const AGAIN_OF_TEN: u64 = 3;

/// A second crash comes within this.
const AGAIN_WITHIN_MS: u64 = 3_000;

/// Instants at which the machine crashes, in order.
pub(crate) fn crashes(chance: &SeededChance, midnight: Timestamp, days: u32) -> Vec<Timestamp> {
    let mut instants = Vec::new();
    for day in 0..u64::from(days) {
        for _ in 0..chance.below(CRASHES_PER_DAY_MAX + 1) {
            let at = midnight.plus_ms(day * DAY_MS + BUSY_FROM_MS + chance.below(BUSY_FOR_MS));
            instants.push(at);
            if chance.below(10) < AGAIN_OF_TEN {
                instants.push(at.plus_ms(1 + chance.below(AGAIN_WITHIN_MS)));
            }
        }
    }
    instants.sort();
    instants
}
