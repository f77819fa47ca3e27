//! The schedule of faults of one world, drawn from the seed beforehand: lost power, disks that take no
//! more, a trunk that is away.

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

/// Chance in 10 that the disk has failed for a while before the machine crashes.
const DISK_OF_TEN: u64 = 2;

/// For at most this long.
const DISK_FOR_MS: u64 = 60_000;

/// Chance in 10 that power goes at a sync instead of at an instant, in a world of such crashes.
const AT_SYNC_OF_TEN: u64 = 7;

/// Syncs of one call, enrolment and closing included: such a crash falls anywhere into half a day's work, and
/// mostly early, because recovery is where it matters.
const SYNCS_PER_CALL: u64 = 12;

/// Most crashes in a day of a world of such crashes.
const AT_SYNC_PER_DAY_MAX: u64 = 10;

/// A trunk is away for at most this long.
const OUTAGE_FOR_MS: u64 = 40 * 60_000;

/// Which side of a sync power goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SyncSide {
    /// Nothing of it is durable, but torn sectors may be.
    Before,
    /// All of it is durable, and nobody has heard so.
    After,
}

/// What a disk does before its machine crashes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DiskFault {
    /// Writes fail.
    Full,
    /// Writes are taken, and syncs fail.
    SyncFails,
}

/// Power goes at `at`, or at the sync, whichever comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Crash {
    pub(crate) at: Timestamp,
    /// From here on the disk fails.
    pub(crate) disk_from: Option<(Timestamp, DiskFault)>,
    /// The how-manyth sync after `armed_at`, from 1.
    pub(crate) at_sync: Option<SyncCrash>,
}

/// A crash at one sync.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SyncCrash {
    /// Syncs count from here; from boot when it has passed.
    pub(crate) armed_at: Timestamp,
    pub(crate) nth: u64,
    pub(crate) side: SyncSide,
}

impl Crash {
    /// The plain end of a world: nothing goes wrong before.
    pub(crate) const fn end(at: Timestamp) -> Self {
        Self {
            at,
            disk_from: None,
            at_sync: None,
        }
    }
}

/// A while in which no trunk is reachable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Outage {
    pub(crate) from: Timestamp,
    /// Exclusive.
    pub(crate) until: Timestamp,
}

impl Outage {
    pub(crate) fn holds(&self, at: Timestamp) -> bool {
        self.from <= at && at < self.until
    }
}

/// What is special about a world.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Faults {
    /// In order.
    pub(crate) crashes: Vec<Crash>,
    pub(crate) outage: Option<Outage>,
}

/// Draws the faults of one world. Every second world, on average, crashes at syncs too, and every second
/// one loses its trunks for a while.
pub(crate) fn draw(chance: &SeededChance, midnight: Timestamp, days: u32, calls_per_day: u32) -> Faults {
    let syncs_max = (chance.below(2) == 0).then(|| u64::from(calls_per_day) * SYNCS_PER_CALL);
    let crashes_max = syncs_max.map_or(CRASHES_PER_DAY_MAX, |_| AT_SYNC_PER_DAY_MAX);
    let mut crashes = Vec::new();
    for day in 0..u64::from(days) {
        let busy_from = midnight.plus_ms(day * DAY_MS + BUSY_FROM_MS);
        for _ in 0..chance.below(crashes_max + 1) {
            let at = busy_from.plus_ms(chance.below(BUSY_FOR_MS));
            crashes.push(first_crash(chance, at, syncs_max.map(|most| (busy_from, most))));
            if chance.below(10) < AGAIN_OF_TEN {
                let again_at = at.plus_ms(1 + chance.below(AGAIN_WITHIN_MS));
                crashes.push(Crash::end(again_at));
            }
        }
    }
    crashes.sort_by_key(|crash| crash.at);
    let outage = (chance.below(2) == 0).then(|| {
        let day = chance.below(u64::from(days));
        let from = midnight.plus_ms(day * DAY_MS + BUSY_FROM_MS + chance.below(BUSY_FOR_MS));
        Outage {
            from,
            until: from.plus_ms(1 + chance.below(OUTAGE_FOR_MS)),
        }
    });
    Faults { crashes, outage }
}

fn first_crash(chance: &SeededChance, at: Timestamp, syncs: Option<(Timestamp, u64)>) -> Crash {
    let mut crash = Crash::end(at);
    if let Some((armed_at, most)) = syncs
        && chance.below(10) < AT_SYNC_OF_TEN
    {
        crash.at_sync = Some(SyncCrash {
            armed_at,
            nth: 1 + chance.below(1 + chance.below(most)),
            side: if chance.below(2) == 0 {
                SyncSide::Before
            } else {
                SyncSide::After
            },
        });
    } else if chance.below(10) < DISK_OF_TEN {
        let fault = if chance.below(2) == 0 {
            DiskFault::Full
        } else {
            DiskFault::SyncFails
        };
        crash.disk_from = Some((at.minus_ms(1 + chance.below(DISK_FOR_MS)), fault));
    }
    crash
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn over_many_worlds_every_fault_is_drawn() {
        let mut crashes = Vec::new();
        let mut outages = 0;
        for seed in 0..40 {
            let drawn = draw(&SeededChance::new(seed, 3), Timestamp::EPOCH, 7, 100);
            assert!(drawn.crashes.is_sorted_by_key(|crash| crash.at));
            outages += u32::from(drawn.outage.is_some());
            crashes.extend(drawn.crashes);
        }
        assert!((10..30).contains(&outages));
        let side = |side| {
            crashes
                .iter()
                .any(|crash| crash.at_sync.is_some_and(|one| one.side == side))
        };
        let fault = |fault| {
            crashes
                .iter()
                .any(|crash| crash.disk_from.is_some_and(|one| one.1 == fault))
        };
        assert!(side(SyncSide::Before) && side(SyncSide::After));
        assert!(fault(DiskFault::Full) && fault(DiskFault::SyncFails));
    }
}
