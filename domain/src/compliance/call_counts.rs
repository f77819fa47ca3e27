//! Counts calls against caps: by period, by answer and by matter, in every zone the callee may be in.

use super::contact_history::PastDial;
use super::facts::Counters;
use super::preset::{CountedCalls, CountedOver, FrequencyCap, Period};
use super::verdict::{Decision, to_fact_map};
use super::zones::{UnknownZone, later_day, local, start_of_day};
use crate::past_call::{IMPORTED_FACT, ImportedDial, PastCalls};
use crate::time::Timestamp;
use chrono_tz::Tz;
use std::collections::BTreeMap;

pub(super) fn judge_caps(
    caps: &[FrequencyCap],
    counters: &Counters<'_>,
    zones: Result<Vec<Tz>, UnknownZone>,
    now: Timestamp,
) -> (Decision, BTreeMap<String, String>) {
    if caps.is_empty() {
        return (Decision::Allow, BTreeMap::new());
    }
    let zones = match zones {
        Ok(zones) => zones,
        Err(unknown) => {
            let because = unknown.code().to_owned();
            let seen = to_fact_map([("missing", "time_zone".to_owned()), ("because", because)]);
            return (Decision::Forbid, seen);
        }
    };
    let mut decision = Decision::Allow;
    let mut seen = BTreeMap::new();
    for cap in caps {
        let dials = counted(cap, counters);
        let (used, opens_at) = zones
            .iter()
            .map(|zone| use_of(cap, &dials, *zone, now))
            .fold((0, None), |one, other| (one.0.max(other.0), one.1.max(other.1)));
        seen.insert(name_of(cap), format!("{used} of {}", cap.calls_max));
        let imported = zones
            .iter()
            .map(|zone| imported_in(cap, counters, *zone, now))
            .max();
        if let Some(imported @ 1..) = imported {
            seen.insert(format!("{IMPORTED_FACT}{}", name_of(cap)), imported.to_string());
        }
        decision = match (decision, opens_at) {
            (Decision::DeferUntil(one), Some(other)) => Decision::DeferUntil(one.max(other)),
            (_, Some(other)) => Decision::DeferUntil(other),
            (same, None) => same,
        };
    }
    (decision, seen)
}

/// Returns the name of a cap in a verdict's facts, for example `dialed_per_number_in_1_days`.
pub(super) fn name_of(cap: &FrequencyCap) -> String {
    let counted = cap.counted.code();
    let over = match cap.over {
        CountedOver::Number => "number",
        CountedOver::Person => "person",
        CountedOver::Matter => "matter",
    };
    let period = match cap.period {
        Period::LocalDays(days) => format!("{days}_days"),
        Period::RollingMs(millis) => format!("{}_minutes", millis / 60_000),
    };
    format!("{counted}_per_{over}_in_{period}")
}

/// Returns true if the cap counts a call with this answer. An unknown answer counts as both answered and
/// unanswered.
const fn counts_answer(cap: &FrequencyCap, answered: Option<bool>) -> bool {
    match (cap.counted, answered) {
        (CountedCalls::Dialed, _) | (_, None) => true,
        (CountedCalls::Answered, Some(answered)) => answered,
        (CountedCalls::Unanswered, Some(answered)) => !answered,
    }
}

/// Returns when the imported dials were made that this cap counts. The matter of imported dials is unknown,
/// so they count for each matter.
fn imported<'a>(cap: &FrequencyCap, counters: &Counters<'a>) -> impl Iterator<Item = Timestamp> + 'a {
    let cap = *cap;
    let dials = counters.history.imported().map_or(&[][..], PastCalls::dials);
    let counts = move |dial: &&ImportedDial| counts_answer(&cap, dial.answered);
    dials.iter().filter(counts).map(|dial| dial.at)
}

fn imported_in(cap: &FrequencyCap, counters: &Counters<'_>, zone: Tz, now: Timestamp) -> usize {
    let dials: Vec<Timestamp> = imported(cap, counters).collect();
    use_of(cap, &dials, zone, now).0
}

/// Returns when the calls were dialed that this cap counts, imported ones included, oldest first.
fn counted(cap: &FrequencyCap, counters: &Counters<'_>) -> Vec<Timestamp> {
    let counts = |dial: &&PastDial| {
        let by_matter = cap.over != CountedOver::Matter || dial.campaign == *counters.matter;
        counts_answer(cap, dial.answered) && by_matter
    };
    let mut instants: Vec<Timestamp> = counters
        .history
        .dials()
        .iter()
        .filter(counts)
        .map(|dial| dial.at)
        .chain(imported(cap, counters))
        .collect();
    instants.sort_unstable();
    instants
}

/// Returns how many of the dials are within the cap's period, and when the next dial is permitted if the
/// cap is reached.
fn use_of(cap: &FrequencyCap, dials: &[Timestamp], zone: Tz, now: Timestamp) -> (usize, Option<Timestamp>) {
    // A dial that never leaves its period (an unrepresentable day) blocks permanently.
    let leaves =
        |dial: Timestamp| leaves_period(cap.period, dial, zone).unwrap_or(Timestamp::from_micros(i64::MAX));
    let inside: Vec<Timestamp> = dials.iter().copied().filter(|dial| leaves(*dial) > now).collect();
    let calls_max = usize::try_from(cap.calls_max).unwrap_or(usize::MAX);
    let surplus = inside.len().checked_sub(calls_max);
    let opens_at = surplus
        .and_then(|index| inside.get(index))
        .map(|dial| leaves(*dial));
    (inside.len(), opens_at)
}

/// Returns from when a dial no longer counts in the cap's period; `None` if the time is beyond the calendar.
fn leaves_period(period: Period, dial: Timestamp, zone: Tz) -> Option<Timestamp> {
    match period {
        Period::RollingMs(millis) => Some(dial.plus_ms(millis)),
        Period::LocalDays(days) => start_of_day(later_day(local(dial, zone).date(), days)?, zone),
    }
}
