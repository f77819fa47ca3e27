//! The schedule of faults of one world, drawn from the seed in advance: power losses, failing disks,
//! unreachable trunks, slow appends, wrong clocks.

use super::clock::SeededChance;
use super::scenario::FaultRates;
use domain::time::Timestamp;

/// Milliseconds in a day.
const DAY_MS: u64 = 86_400_000;

/// Start of the busy hours, in milliseconds from midnight: calls are placed from 09:30 on, and most crashes
/// fall into hours with activity.
const BUSY_FROM_MS: u64 = 9 * 3_600_000;

/// Length of the busy hours, in milliseconds.
const BUSY_FOR_MS: u64 = 10 * 3_600_000;

/// Chance in 10 that a crash is followed by another during the recovery.
const AGAIN_OF_TEN: u64 = 3;

/// Longest time from the first crash to the second, in milliseconds.
const AGAIN_WITHIN_MS: u64 = 3_000;

/// Longest time for which a disk fails before its machine crashes, in milliseconds.
const DISK_FOR_MS: u64 = 60_000;

/// Chance in 10 that the power goes at a sync instead of at a time, in a world with crashes at syncs.
const AT_SYNC_OF_TEN: u64 = 7;

/// Syncs per call, including enrolment and closing. A crash at a sync falls anywhere into half a day's work,
/// and mostly early, because recovery is where it matters.
const SYNCS_PER_CALL: u64 = 12;

/// Longest outage of a trunk, in milliseconds.
const OUTAGE_FOR_MS: u64 = 40 * 60_000;

/// Milliseconds in a minute.
const MINUTE_MS: u64 = 60_000;

/// Longest time for which a clock is wrong, in milliseconds.
const WRONG_FOR_MS: u64 = 30 * 60_000;

/// Smallest jump of a wall clock, in milliseconds: more than a process adopts by itself.
const JUMP_MS_MIN: u64 = 3_000;
/// Upper bound of the random addition to the smallest jump in every second case, in milliseconds.
const JUMP_SHORT_MS_MAX: u64 = 60_000;
/// Upper bound of the random addition to the smallest jump in the other cases, in milliseconds.
const JUMP_MS_MAX: u64 = 2 * 3_600_000;
/// Time after the correction of a wall clock until a process that started ahead of it is restarted, in
/// milliseconds.
const RESTART_AFTER_MS: u64 = 10 * MINUTE_MS;

/// Faults with a number from here on cannot be removed one by one when a plan is shrunk.
const KEPT_MAX: usize = 64;

/// The side of a sync on which the power goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SyncSide {
    /// Nothing of the sync is durable, but torn sectors may be.
    Before,
    /// All of the sync is durable, but the caller gets an error.
    After,
}

/// What a disk does before its machine crashes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DiskFault {
    /// Writes fail.
    Full,
    /// Writes are accepted, and syncs fail.
    SyncFails,
}

/// A loss of power at `at` or at a sync, whichever comes first; or a planned stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Crash {
    pub(crate) at: Timestamp,
    /// The disk fails from this time on.
    pub(crate) disk_from: Option<(Timestamp, DiskFault)>,
    /// The sync, counted from `armed_at`.
    pub(crate) at_sync: Option<SyncCrash>,
    /// True for a planned stop instead of a power loss: the process is asked to stop and stops when it has
    /// finished.
    pub(crate) planned: bool,
}

/// A power loss at one sync.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SyncCrash {
    /// Syncs are counted from this time, or from boot if it has passed.
    pub(crate) armed_at: Timestamp,
    pub(crate) nth: u64,
    pub(crate) side: SyncSide,
}

impl Crash {
    /// Returns the power loss that ends a world, without a fault before it.
    pub(crate) const fn end(at: Timestamp) -> Self {
        Self {
            at,
            disk_from: None,
            at_sync: None,
            planned: false,
        }
    }
}

/// A period with a fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FaultPeriod {
    pub(crate) from: Timestamp,
    /// Exclusive.
    pub(crate) until: Timestamp,
}

impl FaultPeriod {
    pub(crate) fn holds(&self, at: Timestamp) -> bool {
        self.from <= at && at < self.until
    }

    /// Draws a period within the busy hours of one of the days.
    fn draw(chance: &SeededChance, midnight: Timestamp, days: u32, for_ms: u64) -> Self {
        let day = chance.below(u64::from(days));
        let from = midnight.plus_ms(day * DAY_MS + BUSY_FROM_MS + chance.below(BUSY_FOR_MS));
        Self {
            from,
            until: from.plus_ms(1 + chance.below(for_ms)),
        }
    }
}

/// A period in which all trunks, or one of them, are unreachable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Outage {
    pub(crate) spell: FaultPeriod,
    /// The unreachable trunk, counted from 0; `None` if all are unreachable.
    pub(crate) of: Option<u32>,
}

impl Outage {
    pub(crate) fn holds(&self, line: &str, at: Timestamp) -> bool {
        let concerns = self.of.is_none_or(|nth| line == format!("trunk-{nth}"));
        concerns && self.spell.holds(at)
    }
}

/// A wrong setting of the wall clock, corrected at the end of the period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ClockJump {
    pub(crate) spell: FaultPeriod,
    /// By how much the wall clock is set, in milliseconds; positive is forward.
    pub(crate) by_ms: i64,
}

impl ClockJump {
    /// Draws a jump of the wall clock: by seconds as often as by hours, forward as often as back.
    fn draw(chance: &SeededChance, spell: FaultPeriod) -> Self {
        let most_ms = match chance.below(2) {
            0 => JUMP_SHORT_MS_MAX,
            _ => JUMP_MS_MAX,
        };
        let by_ms = (JUMP_MS_MIN + chance.below(most_ms)).cast_signed();
        Self {
            spell,
            by_ms: if chance.below(2) == 0 { by_ms } else { -by_ms },
        }
    }
}

/// The faults of a world.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Faults {
    /// In order of time.
    pub(crate) crashes: Vec<Crash>,
    pub(crate) outages: Vec<Outage>,
    pub(crate) slow: Option<FaultPeriod>,
    pub(crate) wrong_clock: Option<FaultPeriod>,
    pub(crate) jump: Option<ClockJump>,
}

/// Draws the faults of one world. Every second world, on average, also crashes at syncs.
pub(crate) fn draw(
    chance: &SeededChance,
    midnight: Timestamp,
    days: u32,
    calls_per_day: u32,
    rates: &FaultRates,
) -> Faults {
    let mut crashes = crashes(chance, midnight, days, calls_per_day, rates);
    let spell = |rate: u32, for_ms| {
        let drawn = FaultPeriod::draw(chance, midnight, days, for_ms);
        (chance.below(10) < u64::from(rate)).then_some(drawn)
    };
    let mut outages: Vec<Outage> = Vec::new();
    let of_all = spell(rates.outages_of_ten, OUTAGE_FOR_MS);
    let of_one = spell(rates.partitions_of_ten, OUTAGE_FOR_MS);
    let of = u32::try_from(chance.below(2)).ok();
    outages.extend(of_all.map(|spell| Outage { spell, of: None }));
    outages.extend(of_one.map(|spell| Outage { spell, of }));
    let slow_ms = u64::from(rates.slow_minutes_max) * MINUTE_MS;
    let slow = spell(rates.slow_appends_of_ten, slow_ms);
    let wrong_clock = spell(rates.wrong_clocks_of_ten, WRONG_FOR_MS);
    let jumps = spell(rates.clock_jumps_of_ten, WRONG_FOR_MS);
    let jump = jumps.map(|spell| ClockJump::draw(chance, spell));
    let mut nth = 0;
    let mut is_kept = || {
        let is_kept = nth >= KEPT_MAX || rates.kept >> nth & 1 == 1;
        nth += 1;
        is_kept
    };
    crashes.retain(|_| is_kept());
    outages.retain(|_| is_kept());
    let (slow, wrong_clock) = (slow.filter(|_| is_kept()), wrong_clock.filter(|_| is_kept()));
    let jump = jump.filter(|_| is_kept());
    crashes.extend(jump.filter(|jump| jump.by_ms > 0).map(restart));
    crashes.sort_by_key(|crash| crash.at);
    Faults {
        crashes,
        outages,
        slow,
        wrong_clock,
        jump,
    }
}

/// Returns the planned restart of a process that started ahead of the true time and cannot go back, some
/// time after the correction of the clock.
fn restart(jump: ClockJump) -> Crash {
    Crash {
        planned: true,
        ..Crash::end(jump.spell.until.plus_ms(RESTART_AFTER_MS))
    }
}

/// Draws the power losses and planned stops of a world, in order of time.
fn crashes(
    chance: &SeededChance,
    midnight: Timestamp,
    days: u32,
    calls_per_day: u32,
    rates: &FaultRates,
) -> Vec<Crash> {
    let syncs_max = (chance.below(2) == 0).then(|| u64::from(calls_per_day) * SYNCS_PER_CALL);
    let crashes_max = syncs_max.map_or(rates.crashes_per_day_max, |_| rates.sync_crashes_per_day_max);
    let mut crashes = Vec::new();
    for day in 0..u64::from(days) {
        let busy_from = midnight.plus_ms(day * DAY_MS + BUSY_FROM_MS);
        for _ in 0..chance.below(u64::from(crashes_max) + 1) {
            let at = busy_from.plus_ms(chance.below(BUSY_FOR_MS));
            let syncs = syncs_max.map(|most| (busy_from, most));
            crashes.push(first_crash(chance, at, syncs, rates));
            if chance.below(10) < AGAIN_OF_TEN {
                let again_at = at.plus_ms(1 + chance.below(AGAIN_WITHIN_MS));
                crashes.push(Crash::end(again_at));
            }
        }
        for _ in 0..chance.below(u64::from(rates.drains_per_day_max) + 1) {
            let at = busy_from.plus_ms(chance.below(BUSY_FOR_MS));
            crashes.push(Crash {
                planned: true,
                ..Crash::end(at)
            });
        }
    }
    crashes.sort_by_key(|crash| crash.at);
    crashes
}

fn first_crash(
    chance: &SeededChance,
    at: Timestamp,
    syncs: Option<(Timestamp, u64)>,
    rates: &FaultRates,
) -> Crash {
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
    } else if chance.below(10) < u64::from(rates.failing_disks_of_ten) {
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

    fn drawn(seed: u64, rates: &FaultRates) -> Faults {
        draw(&SeededChance::new(seed, 3), Timestamp::EPOCH, 7, 100, rates)
    }

    #[test]
    fn over_many_worlds_every_fault_is_drawn() {
        let mut crashes = Vec::new();
        let (mut all, mut one, mut slow, mut wrong) = (0, 0, 0, 0);
        let (mut forward, mut back) = (0, 0);
        for seed in 0..60 {
            let drawn = drawn(seed, &FaultRates::default());
            assert!(drawn.crashes.is_sorted_by_key(|crash| crash.at));
            all += drawn.outages.iter().filter(|outage| outage.of.is_none()).count();
            one += drawn.outages.iter().filter(|outage| outage.of.is_some()).count();
            slow += usize::from(drawn.slow.is_some());
            wrong += usize::from(drawn.wrong_clock.is_some());
            forward += drawn.jump.filter(|jump| jump.by_ms > 0).map_or(0, |_| 1);
            back += drawn.jump.filter(|jump| jump.by_ms < 0).map_or(0, |_| 1);
            crashes.extend(drawn.crashes);
        }
        for count in [all, one, slow, wrong] {
            assert!((8..45).contains(&count), "{count}");
        }
        assert!(forward > 2 && back > 2, "{forward} {back}");
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
        assert!(crashes.iter().any(|crash| crash.planned));
    }

    #[test]
    fn without_rates_nothing_goes_wrong_and_a_mask_takes_single_faults_away() {
        let none = drawn(7, &FaultRates::NONE);
        assert_eq!((none.crashes.len(), none.outages.len()), (0, 0));
        assert_eq!((none.slow, none.wrong_clock, none.jump), (None, None, None));
        let whole = drawn(7, &FaultRates::default());
        let kept = FaultRates {
            kept: u64::MAX - 1,
            ..FaultRates::default()
        };
        assert_eq!(drawn(7, &kept).crashes, whole.crashes[1..]);
    }
}
