//! The local hour of a customer at a time, and if the day is a workday: what a campaign counts to learn best
//! call times. It permits no dial.
//!
//! If a callee may be in several zones, the first of them counts: a guess is sufficient for counting.

use crate::best_times::{BetterHourGroups, DaySort, HourOfDay};
use crate::calling_plan::{CallingPlan, CampaignFacts};
use crate::compliance::{
    WindowOpening, holiday_country_of, local_time, opening, opening_in_beijing, zone_of_campaign,
    zone_of_person,
};
use crate::time::Timestamp;
use crate::working_calendar::{Calendars, Day, DayKind, RestDay};
use chrono::Timelike as _;
use chrono_tz::Tz;
use std::collections::BTreeSet;

/// One hour in milliseconds.
const HOUR_MS: u64 = 3_600_000;

/// The most hours of a day: 25 when clocks are set back.
const HOURS_OF_DAY_MAX: u64 = 25;

/// Returns the local hour of a person at an instant, and whether the day is a workday; `None` if the
/// person's zone is unknown. The first possible zone counts.
pub fn hour_of_person(
    plan: &CallingPlan,
    calendars: &Calendars,
    phone: Option<&str>,
    record_zone: Option<&str>,
    at: Timestamp,
) -> Option<HourOfDay> {
    let zone = zone_of_person(phone, record_zone)?;
    Some(hour_in(zone, plan, calendars, at))
}

/// Returns the hour of the day in a zone at an instant, and whether the day is a workday by the campaign's
/// holiday calendars.
pub fn hour_in(zone: Tz, plan: &CallingPlan, calendars: &Calendars, at: Timestamp) -> HourOfDay {
    let local = local_time(at, zone);
    let day = Day::of(local.date());
    let said = plan.days.as_deref().and_then(|days| days.country.as_deref());
    let country = said.or_else(|| holiday_country_of(plan.preset));
    let year = country.and_then(|country| calendars.of_day(country, day));
    let kind = year.map_or(DayKind::Ordinary, |(year, _)| year.kind_of(day));
    let is_weekend = matches!(day.rest_day(), RestDay::Sat | RestDay::Sun);
    let rests = match kind {
        DayKind::Holiday(_) => true,
        DayKind::Worked => false,
        DayKind::Ordinary => is_weekend,
    };
    HourOfDay {
        hour: u8::try_from(local.hour()).unwrap_or(0),
        day: match rests {
            true => DaySort::RestDay,
            false => DaySort::Workday,
        },
    }
}

/// Returns the hours of the 25 hours from `at` on in which the plan's calls may begin. If each person's
/// zone decides, Beijing's hours represent the hours of each person's day.
pub fn open_hours(plan: &CallingPlan, at: Timestamp) -> BTreeSet<u8> {
    let is_zoned = opening(plan, at) != WindowOpening::ByPerson;
    let zone = match is_zoned {
        true => zone_of_campaign(plan.preset),
        false => Tz::Asia__Shanghai,
    };
    (0..HOURS_OF_DAY_MAX)
        .map(|hours| at.plus_ms(hours * HOUR_MS))
        .filter(|at| opening_in_beijing(plan, *at) == WindowOpening::At(*at))
        .map(|at| hour_in(zone, plan, &Calendars::default(), at).hour)
        .collect()
}

/// Returns the groups of a campaign for which a clearly better hour is still to come today. Empty if the
/// preset names no zone or nothing was learned; hours then do not affect the ranking.
pub fn hours_ahead(facts: &CampaignFacts, now: Timestamp) -> BetterHourGroups {
    let plan = &facts.plan;
    let Some(best_times) = plan
        .best_times
        .as_deref()
        .filter(|times| !times.groups.is_empty())
    else {
        return BetterHourGroups::default();
    };
    let zone = zone_of_campaign(plan.preset);
    let today = local_time(now, zone).date();
    let hours: Vec<HourOfDay> = (0..HOURS_OF_DAY_MAX)
        .map(|hours| now.plus_ms(hours * HOUR_MS))
        .take_while(|at| local_time(*at, zone).date() == today)
        .filter(|at| opening(plan, *at) == WindowOpening::At(*at))
        .map(|at| hour_in(zone, plan, &facts.calendars, at))
        .collect();
    BetterHourGroups::of(best_times, facts.learnt.as_deref(), &hours)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calling_plan::Preset;
    use crate::compliance::testing::{campaign_facts, instant};

    #[test]
    fn hours_are_of_the_person_and_days_of_the_calendar() {
        let plan = campaign_facts(Preset::CnService).plan;
        let hour =
            |phone, at: &str| hour_of_person(&plan, &Calendars::default(), Some(phone), None, instant(at));
        for (phone, at, expected) in [
            (
                "+8613800138000",
                "2026-03-02T11:59:59Z",
                Some((19, DaySort::Workday)),
            ),
            (
                "+8613800138000",
                "2026-03-02T12:00:00Z",
                Some((20, DaySort::Workday)),
            ),
            (
                "+8613800138000",
                "2026-03-06T16:00:00Z",
                Some((0, DaySort::RestDay)),
            ),
            // A Saturday that is a swapped working day, and a Monday that is a holiday.
            (
                "+8613800138000",
                "2026-02-14T02:00:00Z",
                Some((10, DaySort::Workday)),
            ),
            (
                "+8613800138000",
                "2026-02-16T02:00:00Z",
                Some((10, DaySort::RestDay)),
            ),
            (
                "+442079460018",
                "2026-07-01T10:00:00Z",
                Some((11, DaySort::Workday)),
            ),
            ("+2902123", "2026-07-01T10:00:00Z", None),
        ] {
            let found = hour(phone, at).map(|at| (at.hour, at.day));
            assert_eq!(found, expected, "{phone} at {at}");
        }
    }
}
