//! Compliance rule: the days on which a campaign calls. Holidays and the campaign's rest days are refused; a
//! swapped working day counts. Applies only if the campaign names days or its preset requires holidays.
//!
//! Source: the campaign's own plan; for China the yearly notice of the State Council's General Office. The
//! day must be allowed in every zone the callee may be in. A year without a calendar is unknown: refused, and
//! checked again the next day, because a calendar may have been imported.

use super::facts::CustomerFacts;
use super::preset::{PresetRules, rules_of};
use super::verdict::{Decision, Rule, Verdict, to_fact_map};
use super::zones::{later_day, local, start_of_day, zones_of};
use crate::calling_plan::{CallingPlan, Preset};
use crate::time::Timestamp;
use crate::working_calendar::{
    CalendarSource, CalendarYearId, Calendars, CallingDays, Day, DayKind, Holidays,
};
use chrono::{Datelike, NaiveDate};
use chrono_tz::Tz;
use std::collections::{BTreeMap, BTreeSet};

/// The most days searched for the next calling day; none within them forbids the dial. The longest holiday
/// so far had 9 days, with rest days around it.
const DAYS_AHEAD_MAX: u32 = 31;

pub(super) struct CallingDay;

impl Rule<CustomerFacts<'_>> for CallingDay {
    fn id(&self) -> &'static str {
        "calling_days"
    }

    fn effective_from(&self) -> &'static str {
        "2026-11-23"
    }

    fn source(&self) -> &'static str {
        "the campaign's plan; for China 国务院办公厅 notices of each year"
    }

    fn decide(&self, facts: &CustomerFacts<'_>, now: Timestamp) -> (Decision, BTreeMap<String, String>) {
        let plan = &facts.campaign.plan;
        let rules = facts.rules(now);
        if !are_asked(plan, rules) {
            return (Decision::Allow, BTreeMap::new());
        }
        let preset_zone = rules.zone.filter(|_| !plan.trial);
        let zones = match zones_of(preset_zone, facts.phone, facts.time_zone) {
            Ok(zones) => zones,
            Err(unknown) => {
                let because = unknown.code().to_owned();
                let seen = to_fact_map([("missing", "time_zone".to_owned()), ("because", because)]);
                return (Decision::Forbid, seen);
            }
        };
        decide_in(&zones, plan, rules, &facts.campaign.calendars, now)
    }
}

fn decide_in(
    zones: &[Tz],
    plan: &CallingPlan,
    rules: &PresetRules,
    calendars: &Calendars,
    now: Timestamp,
) -> (Decision, BTreeMap<String, String>) {
    let mut seen = BTreeMap::new();
    let mut decision = Decision::Allow;
    for days in days_of(plan, rules) {
        let asked = CallingCalendar {
            days: &days,
            country: days.country.as_deref(),
            calendars,
        };
        for zone in zones {
            let (said, facts) = asked.in_zone(*zone, now);
            // With two calendars, the facts are those of the one that refuses.
            if said != Decision::Allow || decision == Decision::Allow {
                seen.extend(facts);
            }
            decision = stricter(decision, said);
        }
    }
    (decision, seen)
}

/// Returns the verdict of the calling days in one zone if they permit no dial now; `None` if they do.
pub(super) fn closed_days(
    plan: &CallingPlan,
    rules: &PresetRules,
    calendars: &Calendars,
    zone: Tz,
    now: Timestamp,
) -> Option<Verdict> {
    let (decision, seen) = decide_in(&[zone], plan, rules, calendars, now);
    let verdict = CallingDay.says(decision, seen);
    (!verdict.allows()).then_some(verdict)
}

/// Returns the calling days that apply, each with its country: the campaign's own, and the holidays that
/// its preset requires. A rehearsal follows only its own plan.
fn days_of(plan: &CallingPlan, rules: &PresetRules) -> Vec<CallingDays> {
    let own = plan.days.as_deref().filter(|days| days.ask()).cloned();
    let mut all: Vec<CallingDays> = own.into_iter().collect();
    for days in &mut all {
        let country = || holiday_country_of(plan.preset).map(str::to_owned);
        days.country = days.country.take().or_else(country);
    }
    let demanded = rules.holidays.as_ref().filter(|_| !plan.trial);
    let observed = |country: &String| {
        let is =
            |days: &CallingDays| days.holidays == Holidays::Observe && days.country.as_ref() == Some(country);
        all.iter().any(is)
    };
    if let Some(country) = demanded.filter(|country| !observed(country)) {
        all.push(CallingDays {
            holidays: Holidays::Observe,
            rest_days: Vec::new(),
            country: Some(country.clone()),
        });
    }
    all
}

/// Returns true if the plan names calling days, or its preset requires holidays to be observed.
pub(super) fn are_asked(plan: &CallingPlan, rules: &PresetRules) -> bool {
    plan.days.as_deref().is_some_and(CallingDays::ask) || (rules.holidays.is_some() && !plan.trial)
}

/// Returns the first holiday calendar that a dial now needs and that is not imported, by country and year;
/// `None` if all are there. Without it the campaign does not dial.
pub fn unknown_year(plan: &CallingPlan, calendars: &Calendars, now: Timestamp) -> Option<CalendarYearId> {
    let mut asked = rules_of(plan, now).flat_map(|rules| {
        let day = local(now, rules.zone.unwrap_or(Tz::UTC)).date();
        let observed = days_of(plan, rules).into_iter();
        let observed = observed.filter(|days| days.holidays == Holidays::Observe);
        observed
            .filter_map(|days| days.country)
            .map(move |country| CalendarYearId {
                country,
                year: day.year(),
            })
    });
    asked.find(|id| calendars.year(&id.country, id.year).is_none())
}

/// Returns true if a verdict refused a dial because a holiday calendar is not imported. The dial is judged
/// again the next day.
pub fn waits_for_holidays(verdict: &Verdict) -> bool {
    verdict.rule == CallingDay.id()
        && verdict
            .facts
            .get("missing")
            .is_some_and(|what| what == "holidays")
}

/// Returns the holiday calendars that a dial around `now` may need: last, this and next year of each
/// country with observed holidays.
pub fn calendars_asked(plan: &CallingPlan, rules: &PresetRules, now: Timestamp) -> Vec<CalendarYearId> {
    let mut all: Vec<&PresetRules> = vec![rules];
    for further in rules_of(plan, now).skip(1) {
        all.push(further);
    }
    let observed = all
        .into_iter()
        .flat_map(|rules| days_of(plan, rules))
        .filter(|days| days.holidays == Holidays::Observe);
    let countries: BTreeSet<String> = observed.filter_map(|days| days.country).collect();
    // At the turn of a year the local year may differ; the next calling day may be in the next year.
    let year = now.to_utc().year();
    let years = |country: String| {
        [year - 1, year, year + 1].map(|year| CalendarYearId {
            country: country.clone(),
            year,
        })
    };
    countries.into_iter().flat_map(years).collect()
}

/// Returns the country with the holidays that a preset concerns; `None` for `eu-gdpr`, which covers many
/// countries.
pub const fn holiday_country_of(preset: Preset) -> Option<&'static str> {
    match preset {
        Preset::CnService | Preset::CnMarketing | Preset::CnCollection | Preset::CnCloudTrunk => Some("cn"),
        Preset::UsTsr | Preset::UsRegf => Some("us"),
        Preset::EuGdpr | Preset::SandboxOpen => None,
    }
}

fn stricter(one: Decision, other: Decision) -> Decision {
    match (one, other) {
        (Decision::Forbid, _) | (_, Decision::Forbid) => Decision::Forbid,
        (Decision::DeferUntil(one), Decision::DeferUntil(other)) => Decision::DeferUntil(one.max(other)),
        (Decision::DeferUntil(at), Decision::Allow) | (Decision::Allow, Decision::DeferUntil(at)) => {
            Decision::DeferUntil(at)
        }
        (Decision::Allow, Decision::Allow) => Decision::Allow,
    }
}

/// Whether a campaign calls on a day.
enum DayStatus {
    Called,
    Resting,
    Unknown,
}

struct CallingCalendar<'a> {
    days: &'a CallingDays,
    country: Option<&'a str>,
    calendars: &'a Calendars,
}

impl CallingCalendar<'_> {
    fn in_zone(&self, zone: Tz, now: Timestamp) -> (Decision, BTreeMap<String, String>) {
        let today = local(now, zone).date();
        let mut seen = BTreeMap::new();
        let found = self.day(today, Some(&mut seen));
        let opens_on = match found {
            DayStatus::Called => return (Decision::Allow, seen),
            DayStatus::Unknown => later_day(today, 1),
            DayStatus::Resting => {
                let mut later = (1..=DAYS_AHEAD_MAX).filter_map(|count| later_day(today, count));
                later.find(|day| !matches!(self.day(*day, None), DayStatus::Resting))
            }
        };
        let opens_at = opens_on.and_then(|day| start_of_day(day, zone));
        (opens_at.map_or(Decision::Forbid, Decision::DeferUntil), seen)
    }

    /// Returns whether the campaign calls on a day, and adds the facts that decided it to `seen`.
    fn day(&self, date: NaiveDate, seen: Option<&mut BTreeMap<String, String>>) -> DayStatus {
        let day = Day::of(date);
        let weekday = day.rest_day();
        let mut facts = vec![("day", format!("{day} {}", weekday.code()))];
        let resting = match self.days.rest_days.contains(&weekday) {
            true => DayStatus::Resting,
            false => DayStatus::Called,
        };
        let found = match self.days.holidays {
            Holidays::Ignore => resting,
            Holidays::Observe => self.observed(day, resting, &mut facts),
        };
        if let Some(seen) = seen {
            if matches!(found, DayStatus::Resting) && facts.iter().all(|(name, _)| *name != "because") {
                facts.push(("because", "rest_day".to_owned()));
            }
            seen.extend(facts.into_iter().map(|(name, value)| (name.to_owned(), value)));
        }
        found
    }

    fn observed(&self, day: Day, resting: DayStatus, facts: &mut Vec<(&'static str, String)>) -> DayStatus {
        let calendar = self
            .country
            .and_then(|country| self.calendars.of_day(country, day));
        let Some((calendar, origin)) = calendar else {
            if self.calendars.assumes_ordinary() {
                return resting;
            }
            let country = self.country.unwrap_or("unknown");
            facts.push(("missing", "holidays".to_owned()));
            facts.push(("calendar", format!("{country}-{}", day.year())));
            return DayStatus::Unknown;
        };
        let origin = match origin {
            CalendarSource::Imported => "imported",
            CalendarSource::Shipped => "shipped",
        };
        let status = calendar.status.code();
        facts.push(("calendar", format!("{} {status} {origin}", calendar.id())));
        match calendar.kind_of(day) {
            DayKind::Holiday(name) => {
                facts.push(("because", "holiday".to_owned()));
                facts.push(("holiday", name.to_owned()));
                DayStatus::Resting
            }
            DayKind::Worked => {
                facts.push(("because", "worked_for_a_holiday".to_owned()));
                DayStatus::Called
            }
            DayKind::Ordinary => resting,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compliance::testing::{campaign_facts, customer_facts, instant};
    use crate::compliance::{ContactHistory, judge_customer};
    use crate::working_calendar::{CalendarYear, RestDay};

    fn days(holidays: Holidays, rest_days: &[RestDay], country: Option<&str>) -> CallingDays {
        CallingDays {
            holidays,
            rest_days: rest_days.to_vec(),
            country: country.map(str::to_owned),
        }
    }

    fn weekend() -> CallingDays {
        days(Holidays::Observe, &[RestDay::Sat, RestDay::Sun], None)
    }

    struct Callee {
        preset: Preset,
        days: CallingDays,
        phone: &'static str,
        imported: Calendars,
    }

    fn mainland(days: CallingDays) -> Callee {
        Callee {
            preset: Preset::CnService,
            days,
            phone: "+8613800138000",
            imported: Calendars::default(),
        }
    }

    fn judged(callee: &Callee, now: &str) -> Verdict {
        let mut campaign = campaign_facts(callee.preset);
        campaign.plan.days = Some(Box::new(callee.days.clone()));
        campaign.calendars = callee.imported.clone();
        let history = ContactHistory::default();
        let mut facts = customer_facts(&campaign, &history);
        facts.phone = Some(callee.phone);
        CallingDay.judge(&facts, instant(now))
    }

    /// Checks the verdict at `now`; `opens` is `None` if the rule allows.
    fn check(callee: &Callee, now: &str, opens: Option<&str>) {
        let decision = opens.map_or(Decision::Allow, |at| Decision::DeferUntil(instant(at)));
        let verdict = judged(callee, now);
        assert_eq!(verdict.decision, decision, "{now}: {verdict:?}");
    }

    #[test]
    fn a_holiday_is_refused_until_the_next_working_day_and_a_swapped_day_is_worked() {
        let callee = mainland(weekend());
        // The Saturday before the holiday is a swapped working day; the Sunday is the first holiday.
        check(&callee, "2026-02-13T23:59:59.999999+08:00", None);
        check(&callee, "2026-02-14T00:00:00+08:00", None);
        check(&callee, "2026-02-14T23:59:59.999999+08:00", None);
        let over = Some("2026-02-24T00:00:00+08:00");
        check(&callee, "2026-02-15T00:00:00+08:00", over);
        check(&callee, "2026-02-23T23:59:59.999999+08:00", over);
        check(&callee, "2026-02-24T00:00:00+08:00", None);
        // An ordinary weekend, and one with a swapped working Saturday.
        check(
            &callee,
            "2026-03-07T10:00:00+08:00",
            Some("2026-03-09T00:00:00+08:00"),
        );
        check(&callee, "2026-02-28T10:00:00+08:00", None);
        check(
            &callee,
            "2026-03-01T10:00:00+08:00",
            Some("2026-03-02T00:00:00+08:00"),
        );
        // The national holiday is followed by a swapped working Saturday.
        check(
            &callee,
            "2026-10-07T10:00:00+08:00",
            Some("2026-10-08T00:00:00+08:00"),
        );
        check(&callee, "2026-10-10T10:00:00+08:00", None);
    }

    #[test]
    fn the_facts_name_day_calendar_and_reason() {
        let callee = mainland(weekend());
        let facts = judged(&callee, "2026-02-17T10:00:00+08:00").facts;
        let seen: Vec<(&str, &str)> = facts
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        assert_eq!(
            seen,
            [
                ("because", "holiday"),
                ("calendar", "cn-2026 published shipped"),
                ("day", "2026-02-17 tue"),
                ("holiday", "春节")
            ]
        );
        let facts = judged(&callee, "2026-02-28T10:00:00+08:00").facts;
        assert_eq!(facts["because"], "worked_for_a_holiday");
        let facts = judged(&callee, "2026-03-07T10:00:00+08:00").facts;
        assert_eq!(facts["because"], "rest_day");
        let facts = judged(&callee, "2027-02-06T10:00:00+08:00").facts;
        assert_eq!(facts["calendar"], "cn-2027 provisional shipped");
    }

    #[test]
    fn a_year_without_its_calendar_is_refused_and_asked_about_the_next_day() {
        let callee = mainland(weekend());
        check(&callee, "2027-12-31T23:59:59.999999+08:00", None);
        check(
            &callee,
            "2028-01-01T00:00:00+08:00",
            Some("2028-01-02T00:00:00+08:00"),
        );
        let facts = judged(&callee, "2028-01-03T10:00:00+08:00").facts;
        assert_eq!(
            (facts["missing"].as_str(), facts["calendar"].as_str()),
            ("holidays", "cn-2028")
        );
        let text = "country: cn\nyear: 2028\nstatus: published\nsource: the notice\nholidays:\n  - {name: \
                    元旦, from: 2028-01-01, to: 2028-01-02}\n";
        let imported = Callee {
            imported: Calendars::of(vec![CalendarYear::from_yaml(text).unwrap()]),
            ..mainland(weekend())
        };
        check(&imported, "2028-01-03T10:00:00+08:00", None);
        check(
            &imported,
            "2028-01-02T10:00:00+08:00",
            Some("2028-01-03T00:00:00+08:00"),
        );
    }

    #[test]
    fn rest_days_count_without_any_calendar_where_holidays_are_ignored() {
        let callee = mainland(days(Holidays::Ignore, &[RestDay::Sun], None));
        check(&callee, "2028-01-01T10:00:00+08:00", None);
        check(
            &callee,
            "2028-01-02T10:00:00+08:00",
            Some("2028-01-03T00:00:00+08:00"),
        );
        check(&callee, "2026-02-17T10:00:00+08:00", None);
        let all = [
            RestDay::Mon,
            RestDay::Tue,
            RestDay::Wed,
            RestDay::Thu,
            RestDay::Fri,
            RestDay::Sat,
            RestDay::Sun,
        ];
        let never = mainland(days(Holidays::Ignore, &all, None));
        let verdict = judged(&never, "2026-03-02T10:00:00+08:00");
        assert_eq!(verdict.decision, Decision::Forbid);
    }

    #[test]
    fn in_a_region_of_several_zones_it_must_be_a_calling_day_in_each() {
        let american = Callee {
            preset: Preset::UsRegf,
            days: days(Holidays::Ignore, &[RestDay::Sun], None),
            phone: "+12025550123",
            imported: Calendars::default(),
        };
        // Saturday in Honolulu, Sunday in New York; then Monday in New York, Sunday in Honolulu.
        check(
            &american,
            "2026-03-08T00:30:00-05:00",
            Some("2026-03-09T00:00:00-04:00"),
        );
        check(
            &american,
            "2026-03-09T00:30:00-04:00",
            Some("2026-03-09T00:00:00-10:00"),
        );
        check(&american, "2026-03-09T10:00:00-10:00", None);
    }

    #[test]
    fn where_many_countries_have_holidays_the_campaign_names_the_country() {
        let unknown = Callee {
            preset: Preset::EuGdpr,
            days: days(Holidays::Observe, &[], None),
            phone: "+442079460018",
            imported: Calendars::default(),
        };
        let facts = judged(&unknown, "2026-03-02T10:00:00Z").facts;
        assert_eq!(facts["calendar"], "unknown-2026");
        let said = Callee {
            days: days(Holidays::Observe, &[], Some("cn")),
            ..unknown
        };
        check(&said, "2026-03-02T10:00:00Z", None);
    }

    #[test]
    fn it_is_asked_only_where_a_campaign_says_so() {
        let history = ContactHistory::default();
        for (asked, count) in [
            (None, 8),
            (Some(days(Holidays::Ignore, &[], None)), 8),
            (Some(weekend()), 9),
        ] {
            let mut campaign = campaign_facts(Preset::CnService);
            campaign.plan.days = asked.map(Box::new);
            let facts = customer_facts(&campaign, &history);
            let verdicts = judge_customer(&facts, instant("2026-03-02T10:00:00+08:00"));
            assert_eq!(verdicts.len(), count);
        }
    }

    /// Returns a preset version that requires the holidays of China.
    fn demanding() -> PresetRules {
        let text = "id: cn-service\nversion: 9\neffective_from: 2026-01-01\nstatus: coming\nsource: a law\nopens: \
                    \"09:00\"\ncloses: \"20:00\"\nzone: Asia/Shanghai\nholidays: cn\n";
        PresetRules::from_yaml(text).unwrap()
    }

    #[test]
    fn a_preset_may_demand_holidays_whatever_the_campaign_says() {
        let rules = demanding();
        let history = ContactHistory::default();
        for (days, now, rule) in [
            (None, "2026-02-17T10:00:00+08:00", Some("calling_days")),
            (None, "2026-03-07T10:00:00+08:00", None),
            (Some(weekend()), "2026-03-07T10:00:00+08:00", Some("calling_days")),
            (None, "2028-03-06T10:00:00+08:00", Some("calling_days")),
            (
                Some(days(Holidays::Ignore, &[RestDay::Sun], None)),
                "2026-02-17T10:00:00+08:00",
                Some("calling_days"),
            ),
        ] {
            let mut campaign = campaign_facts(Preset::CnService);
            campaign.plan.days = days.map(Box::new);
            let mut facts = customer_facts(&campaign, &history);
            facts.coming = Some(&rules);
            let verdicts = judge_customer(&facts, instant(now));
            let binding = super::super::strictest(&verdicts).map(|verdict| verdict.rule.as_str());
            assert_eq!(binding, rule, "{now}");
        }
        let mut plan = campaign_facts(Preset::CnService).plan;
        let now = instant("2028-03-06T10:00:00+08:00");
        assert_eq!(calendars_asked(&plan, &rules, now).len(), 3);
        plan.trial = true;
        assert!(calendars_asked(&plan, &rules, now).is_empty(), "a rehearsal");
    }

    #[test]
    fn an_unknown_year_is_named_before_dialing_starts() {
        let mut plan = campaign_facts(Preset::CnService).plan;
        let year = |plan: &CallingPlan, now: &str| {
            let unknown = unknown_year(plan, &Calendars::default(), instant(now));
            unknown.map(|id| id.to_string())
        };
        assert_eq!(year(&plan, "2028-03-06T10:00:00+08:00"), None);
        plan.days = Some(Box::new(weekend()));
        assert_eq!(year(&plan, "2027-12-31T23:59:59+08:00"), None);
        assert_eq!(
            year(&plan, "2028-01-01T00:00:00+08:00"),
            Some("cn-2028".to_owned())
        );
        plan.days = Some(Box::new(days(Holidays::Observe, &[], Some("us"))));
        assert_eq!(
            year(&plan, "2026-03-06T10:00:00+08:00"),
            Some("us-2026".to_owned())
        );
        plan.days = Some(Box::new(days(Holidays::Ignore, &[RestDay::Sun], None)));
        assert_eq!(year(&plan, "2028-03-06T10:00:00+08:00"), None);
    }
}
