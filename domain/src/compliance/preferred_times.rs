//! Compliance rule: a person with preferred times is called only in them, unless the campaign does not
//! observe them.
//!
//! Source: the person's own record. Applies only to people with preferred times; if several zones are
//! possible, the time must be preferred in each.

use super::facts::CustomerFacts;
use super::verdict::{Decision, Rule, to_fact_map};
use super::zones::{instant_of, later_day, local, zones_of};
use crate::preferred_times::PreferredTime;
use crate::time::{TimeOfDay, Timestamp};
use chrono::{Datelike, NaiveDate, NaiveTime, TimeDelta};
use chrono_tz::Tz;
use std::collections::BTreeMap;

/// Days searched for the next preferred time: they include each day of the week.
const DAYS_AHEAD: u32 = 8;

pub(super) struct PreferredTimes;

impl Rule<CustomerFacts<'_>> for PreferredTimes {
    fn id(&self) -> &'static str {
        "preferred_times"
    }

    fn effective_from(&self) -> &'static str {
        "2026-11-23"
    }

    fn source(&self) -> &'static str {
        "the person's own record"
    }

    fn decide(&self, facts: &CustomerFacts<'_>, now: Timestamp) -> (Decision, BTreeMap<String, String>) {
        // The hours themselves are not stored as facts of the verdict: views keep those, and they outlast an
        // erasure.
        let mut seen = BTreeMap::new();
        let zones = match zones_of(facts.rules(now).zone, facts.phone, facts.time_zone) {
            Ok(zones) => zones,
            Err(unknown) => {
                seen.extend(to_fact_map([
                    ("missing", "time_zone".to_owned()),
                    ("because", unknown.code().to_owned()),
                ]));
                return (Decision::Forbid, seen);
            }
        };
        if let Some(zone) = zones.first() {
            let shown = local(now, *zone).format("%Y-%m-%dT%H:%M:%S").to_string();
            seen.extend(to_fact_map([("local_time", shown)]));
        }
        let spans: Vec<Vec<Span>> = zones
            .iter()
            .map(|zone| spans_of(facts.preferred, *zone, now))
            .collect();
        let is_in = |at: Timestamp| spans.iter().all(|spans| spans.iter().any(|span| span.has(at)));
        if is_in(now) {
            return (Decision::Allow, seen);
        }
        let mut begins: Vec<Timestamp> = spans.iter().flatten().map(|span| span.from).collect();
        begins.sort_unstable();
        let next = begins.into_iter().find(|at| *at > now && is_in(*at));
        // In the coming week no instant is a preferred time in every zone where the person may be.
        (next.map_or(Decision::Forbid, Decision::DeferUntil), seen)
    }
}

/// One preferred time on one day, as instants; `until` is exclusive.
struct Span {
    from: Timestamp,
    until: Timestamp,
}

impl Span {
    fn has(&self, at: Timestamp) -> bool {
        self.from <= at && at < self.until
    }
}

fn spans_of(times: &[PreferredTime], zone: Tz, now: Timestamp) -> Vec<Span> {
    let today = local(now, zone).date();
    let days = (0..=DAYS_AHEAD).filter_map(|ahead| later_day(today, ahead));
    let of_day = |day: NaiveDate| {
        let weekday = day.weekday().num_days_from_monday();
        times
            .iter()
            .filter(move |time| time.is_on(weekday))
            .filter_map(move |time| {
                Some(Span {
                    from: at_time(day, time.from(), zone)?,
                    until: at_time(day, time.until(), zone)?,
                })
            })
    };
    days.flat_map(of_day).collect()
}

fn at_time(day: NaiveDate, time: TimeOfDay, zone: Tz) -> Option<Timestamp> {
    let minutes = TimeDelta::minutes(i64::from(time.minutes()));
    instant_of(day.and_time(NaiveTime::MIN).checked_add_signed(minutes)?, zone)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{campaign_facts, customer_facts, instant};
    use super::super::{ContactHistory, judge_customer};
    use super::*;
    use crate::calling_plan::Preset;
    use crate::preferred_times::read_all;

    fn said(times: &str, at: &str) -> Decision {
        let campaign = campaign_facts(Preset::CnService);
        let history = ContactHistory::default();
        let times = read_all(times).unwrap();
        let mut facts = customer_facts(&campaign, &history);
        facts.preferred = &times;
        PreferredTimes.decide(&facts, instant(at)).0
    }

    #[test]
    fn a_person_is_called_from_the_first_to_the_last_preferred_second() {
        let evening = "mon-fri 18:00-20:00";
        // 2026-03-02 is a Monday, 2026-03-06 a Friday.
        for (at, next) in [
            (
                "2026-03-02T17:59:59.999999+08:00",
                Some("2026-03-02T18:00:00+08:00"),
            ),
            ("2026-03-02T18:00:00+08:00", None),
            ("2026-03-02T19:59:59.999999+08:00", None),
            ("2026-03-02T20:00:00+08:00", Some("2026-03-03T18:00:00+08:00")),
            ("2026-03-06T20:00:00+08:00", Some("2026-03-09T18:00:00+08:00")),
            ("2026-03-07T18:30:00+08:00", Some("2026-03-09T18:00:00+08:00")),
        ] {
            let expected = next.map_or(Decision::Allow, |next| Decision::DeferUntil(instant(next)));
            assert_eq!(said(evening, at), expected, "{at}");
        }
        let weekly = said("mon 18:00-20:00", "2026-03-02T20:00:00+08:00");
        assert_eq!(weekly, Decision::DeferUntil(instant("2026-03-09T18:00:00+08:00")));
    }

    #[test]
    fn it_is_asked_of_people_who_prefer_any_and_where_the_campaign_observes_it() {
        let times = read_all("18:00-20:00").unwrap();
        let history = ContactHistory::default();
        for (observes, preferred, asked) in [
            (true, times.as_slice(), true),
            (true, &[][..], false),
            (false, times.as_slice(), false),
        ] {
            let mut campaign = campaign_facts(Preset::CnService);
            campaign.plan.ignores_preferred_times = !observes;
            let mut facts = customer_facts(&campaign, &history);
            facts.preferred = preferred;
            let verdicts = judge_customer(&facts, instant("2026-03-02T10:00:00+08:00"));
            let found = verdicts.iter().find(|verdict| verdict.rule == "preferred_times");
            assert_eq!(found.is_some(), asked);
            let kept = found.map(|one| one.facts.keys().map(String::as_str).collect::<Vec<_>>());
            assert!(
                kept.is_none_or(|kept| kept == ["local_time"]),
                "no hours: {found:?}"
            );
            assert!(found.is_none_or(|one| !one.allows()));
        }
    }

    #[test]
    fn in_several_zones_it_must_be_a_preferred_time_in_each() {
        let campaign = campaign_facts(Preset::UsRegf);
        let history = ContactHistory::default();
        let times = read_all("09:00-18:00").unwrap();
        let mut facts = customer_facts(&campaign, &history);
        (facts.phone, facts.preferred) = (Some("+12025550123"), &times);
        // 9:00 in New York is 4:00 in Honolulu; 9:00 in Honolulu is 14:00 in New York.
        let (early, _) = PreferredTimes.decide(&facts, instant("2026-03-02T09:00:00-05:00"));
        assert_eq!(early, Decision::DeferUntil(instant("2026-03-02T09:00:00-10:00")));
        let (now, _) = PreferredTimes.decide(&facts, instant("2026-03-02T09:00:00-10:00"));
        assert_eq!(now, Decision::Allow);
    }
}
