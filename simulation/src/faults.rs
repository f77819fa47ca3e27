//! The schedule of faults of one world: full disks and lost power, drawn from the seed beforehand.

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

/// Chance in 10 that the disk has been full for a while before the machine crashes.
const FULL_OF_TEN: u64 = 2;

/// For at most this long.
const FULL_FOR_MS: u64 = 60_000;

/// One crash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Crash {
    pub(crate) at: Timestamp,
    /// From here on writes fail, as on a full disk.
    pub(crate) full_from: Option<Timestamp>,
}

/// Crashes of the machine, in order.
pub(crate) fn crashes(chance: &SeededChance, midnight: Timestamp, days: u32) -> Vec<Crash> {
    let mut crashes = Vec::new();
    for day in 0..u64::from(days) {
        for _ in 0..chance.below(CRASHES_PER_DAY_MAX + 1) {
            let at = midnight.plus_ms(day * DAY_MS + BUSY_FROM_MS + chance.below(BUSY_FOR_MS));
            let full = chance.below(10) < FULL_OF_TEN;
            let full_from = full.then(|| at.minus_ms(1 + chance.below(FULL_FOR_MS)));
            crashes.push(Crash { at, full_from });
            if chance.below(10) < AGAIN_OF_TEN {
                crashes.push(Crash {
                    at: at.plus_ms(1 + chance.below(AGAIN_WITHIN_MS)),
                    full_from: None,
                });
            }
        }
    }
    crashes.sort_by_key(|crash| crash.at);
    crashes
}
