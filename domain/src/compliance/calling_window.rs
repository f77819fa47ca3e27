//! Compliance rule: the hours in which a dial may start. The campaign's window and the preset's hours both
//! apply, in every zone the callee may be in.
//!
//! Source, as far as known: the preset's own text. `start` is the first open instant, `end` the first closed
//! one; rests are excluded the same way. The built-in trial campaign is a rehearsal, so only its own window
//! applies.

use super::facts::CustomerFacts;
use super::preset::{PresetRules, rules_of};
use super::verdict::{Decision, Rule, Verdict, to_fact_map};
use super::zones::{instant_of, later_day, local, zones_of};
use crate::calling_plan::CallingPlan;
use crate::time::{Timestamp, seconds_of_day};
use chrono::{NaiveDateTime, NaiveTime, TimeDelta};
use chrono_tz::Tz;
use std::collections::BTreeMap;

/// Seconds of a day: a window from 0 to this is always open.
const DAY_SECONDS: u32 = 24 * 3_600;

/// Days searched for the next opening; every window opens daily.
const DAYS_AHEAD: u32 = 3;

/// The most steps from one opening to the next before zones and windows count as never open together: 9
/// zones and 2 windows with a few rests, over `DAYS_AHEAD` days.
const OPENING_STEPS_MAX: usize = 64;

pub(super) struct CallingHours;

impl Rule<CustomerFacts<'_>> for CallingHours {
    fn id(&self) -> &'static str {
        "calling_window"
    }

    fn version(&self) -> u32 {
        2
    }

    fn effective_from(&self) -> &'static str {
        "2026-11-28"
    }

    fn source(&self) -> &'static str {
        "the preset's source; the campaign's own window"
    }

    fn decide(&self, facts: &CustomerFacts<'_>, now: Timestamp) -> (Decision, BTreeMap<String, String>) {
        let plan = &facts.campaign.plan;
        let windows = windows_of(plan, facts.rules(now));
        let mut seen = to_fact_map([("hours", hours_of(&windows))]);
        if windows.iter().all(Hours::is_always_open) {
            return (Decision::Allow, seen);
        }
        let preset_zone = facts.rules(now).zone.filter(|_| !plan.trial);
        let zones = match zones_of(preset_zone, facts.phone, facts.time_zone) {
            Ok(zones) => zones,
            Err(unknown) => {
                seen.insert("missing".to_owned(), "time_zone".to_owned());
                seen.insert("because".to_owned(), unknown.code().to_owned());
                return (Decision::Forbid, seen);
            }
        };
        let (decision, looked_at) = decide_in(&zones, &windows, now);
        seen.extend(looked_at);
        (decision, seen)
    }
}

/// Returns the decision on a dial now over all windows in all zones, and the facts it used: allowed,
/// deferred to the next common opening, or forbidden if there is none.
fn decide_in(zones: &[Tz], windows: &[Hours], now: Timestamp) -> (Decision, BTreeMap<String, String>) {
    let names: Vec<&str> = zones.iter().map(|zone| zone.name()).collect();
    let seen = to_fact_map([
        ("time_zones", names.join(", ")),
        ("local_time", local_times(zones, now)),
    ]);
    let decision = match next_open(zones, windows, now) {
        Some(at) if at == now => Decision::Allow,
        Some(at) => Decision::DeferUntil(at),
        None => Decision::Forbid,
    };
    (decision, seen)
}

/// Returns the verdict of plan and preset hours in one zone if they are closed now; `None` if they are
/// open.
pub(super) fn closed_hours(
    plan: &CallingPlan,
    rules: &PresetRules,
    zone: Tz,
    now: Timestamp,
) -> Option<Verdict> {
    let windows = windows_of(plan, rules);
    let (decision, mut seen) = decide_in(&[zone], &windows, now);
    seen.extend(to_fact_map([("hours", hours_of(&windows))]));
    let verdict = CallingHours.says(decision, seen);
    (!verdict.allows()).then_some(verdict)
}

/// When the hours of a campaign and its presets next permit a dial.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WindowOpening {
    /// At this time; the requested time itself if the hours are open.
    At(Timestamp),
    /// Never: the campaign's and the preset's hours have no second in common, or do not open before the
    /// campaign's end.
    Never,
    /// It depends on each person's zone.
    ByPerson,
}

/// Returns when the plan's and presets' hours are first open from `now` on. Calling days are not checked:
/// they need calendars.
pub fn opening(plan: &CallingPlan, now: Timestamp) -> WindowOpening {
    opening_by(plan, None, now)
}

/// Like `opening`, but with Beijing time for all persons if each person's zone decides. It shows whether
/// the hours ever open and how long they are, not when they open for a person.
pub fn opening_in_beijing(plan: &CallingPlan, now: Timestamp) -> WindowOpening {
    opening_by(plan, Some(Tz::Asia__Shanghai), now)
}

/// Returns the first opening, with the zone `other` for presets that name none. Without `other` the result
/// is `ByPerson` if each person's zone decides.
fn opening_by(plan: &CallingPlan, other: Option<Tz>, now: Timestamp) -> WindowOpening {
    let rules: Vec<&PresetRules> = rules_of(plan, now).collect();
    let in_time = |at: Timestamp| plan.ends_at.is_none_or(|ends_at| at < ends_at);
    let is_zoned = |rules: &&&PresetRules| rules.zone.is_some() && !plan.trial;
    let by_person = rules.iter().filter(is_zoned).count() < rules.len() && other.is_none();
    // Presets without a zone are all judged in the same one, whichever it is.
    let found = next_open_by(plan, &rules, other.unwrap_or(Tz::UTC), now);
    match found {
        None => WindowOpening::Never,
        Some(_) if by_person && in_time(now) => WindowOpening::ByPerson,
        Some(at) if !by_person && in_time(at) => WindowOpening::At(at),
        Some(_) => WindowOpening::Never,
    }
}

/// Returns true if the hours of the plan and of these presets have an instant in common.
pub(super) fn meet(plan: &CallingPlan, rules: &[&PresetRules], now: Timestamp) -> bool {
    next_open_by(plan, rules, Tz::UTC, now).is_some()
}

/// Returns the first instant at which the hours of all presets are open; `None` if there is none. Presets
/// that name a zone are judged together in theirs, the others separately in `other`.
fn next_open_by(plan: &CallingPlan, rules: &[&PresetRules], other: Tz, now: Timestamp) -> Option<Timestamp> {
    let zone = |rules: &PresetRules| rules.zone.filter(|_| !plan.trial);
    let asked = |one: &PresetRules, zone: Tz| -> Vec<(Tz, Hours)> {
        windows_of(plan, one)
            .into_iter()
            .map(|hours| (zone, hours))
            .collect()
    };
    let named: Vec<(Tz, Hours)> = rules
        .iter()
        .filter_map(|one| Some(asked(one, zone(one)?)))
        .flatten()
        .collect();
    let unnamed = rules.iter().filter(|one| zone(one).is_none());
    let unnamed: Vec<(Tz, Hours)> = unnamed.flat_map(|one| asked(one, other)).collect();
    let by_itself = next_open_of(&unnamed, now)?;
    match named.is_empty() {
        true => Some(by_itself),
        false if other == Tz::UTC => next_open_of(&named, now),
        false => next_open_of(&named.into_iter().chain(unnamed).collect::<Vec<_>>(), now),
    }
}

fn hours_of(windows: &[Hours]) -> String {
    let hours: Vec<String> = windows.iter().map(Hours::to_text).collect();
    hours.join(", ")
}

/// The open hours of one local day, in seconds since midnight; start inclusive, end exclusive, without the
/// rests.
struct Hours {
    start: u32,
    end: u32,
    rests: Vec<(u32, u32)>,
}

impl Hours {
    fn is_always_open(&self) -> bool {
        self.start == 0 && self.end >= DAY_SECONDS && self.rests.is_empty()
    }

    fn is_open(&self, local: NaiveDateTime) -> bool {
        let second = seconds_of_day(local);
        let resting = self
            .rests
            .iter()
            .any(|(start, end)| (*start..*end).contains(&second));
        (self.start..self.end).contains(&second) && !resting
    }

    /// Returns the seconds of the day at which the hours may open, sorted: the start and the ends of rests.
    fn openings(&self) -> Vec<u32> {
        let ends = self.rests.iter().map(|(_, end)| *end);
        let mut openings: Vec<u32> = std::iter::once(self.start).chain(ends).collect();
        openings.sort_unstable();
        openings
    }

    fn to_text(&self) -> String {
        let clock = |second: u32| format!("{:02}:{:02}", second / 3_600, second / 60 % 60);
        let mut text = format!("{}-{}", clock(self.start), clock(self.end));
        for (start, end) in &self.rests {
            text.push_str(&format!(" without {}-{}", clock(*start), clock(*end)));
        }
        text
    }
}

fn windows_of(plan: &CallingPlan, preset: &PresetRules) -> Vec<Hours> {
    let rests = plan.window.rests.iter();
    let own = Hours {
        start: plan.window.start.seconds(),
        end: plan.window.end.seconds(),
        rests: rests
            .map(|(start, end)| (start.seconds(), end.seconds()))
            .collect(),
    };
    if plan.trial {
        return vec![own];
    }
    let bound = Hours {
        start: u32::from(preset.opens_minute) * 60,
        end: u32::from(preset.closes_minute) * 60,
        rests: Vec::new(),
    };
    vec![own, bound]
}

fn local_times(zones: &[Tz], now: Timestamp) -> String {
    let shown = zones.iter().map(|zone| {
        let minute = local(now, *zone);
        minute.format("%Y-%m-%dT%H:%M:%S").to_string()
    });
    shown.collect::<Vec<_>>().join(", ")
}

/// Returns the first instant from `now` on at which every window is open in every zone; `None` if there is
/// none.
fn next_open(zones: &[Tz], windows: &[Hours], now: Timestamp) -> Option<Timestamp> {
    let pairs = || {
        zones
            .iter()
            .flat_map(|zone| windows.iter().map(move |window| (*zone, window)))
    };
    first_open(pairs, now)
}

/// Returns the first instant from `now` on at which every window is open in its own zone; `None` if there
/// is none.
fn next_open_of(asked: &[(Tz, Hours)], now: Timestamp) -> Option<Timestamp> {
    first_open(|| asked.iter().map(|(zone, window)| (*zone, window)), now)
}

fn first_open<'a, I>(pairs: impl Fn() -> I, now: Timestamp) -> Option<Timestamp>
where
    I: Iterator<Item = (Tz, &'a Hours)>,
{
    let mut at = now;
    for _ in 0..OPENING_STEPS_MAX {
        let closed = pairs().find(|(zone, window)| !window.is_open(local(at, *zone)));
        match closed {
            None => return Some(at),
            Some((zone, window)) => at = next_opening(zone, window, at)?,
        }
    }
    None
}

/// Returns the next opening of one window in one zone after `at`; `None` if it does not open within
/// `DAYS_AHEAD` days.
fn next_opening(zone: Tz, window: &Hours, at: Timestamp) -> Option<Timestamp> {
    let today = local(at, zone).date();
    let days = (0..=DAYS_AHEAD).filter_map(|count| later_day(today, count));
    let openings = days.flat_map(|day| {
        let midnight = day.and_time(NaiveTime::MIN);
        let seconds = window.openings().into_iter();
        seconds.filter_map(move |second| instant_of(midnight + TimeDelta::seconds(i64::from(second)), zone))
    });
    openings
        .filter(|opening| *opening > at && window.is_open(local(*opening, zone)))
        .min()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calling_plan::{CallingWindow, Preset};
    use crate::compliance::testing::{campaign_facts, customer_facts, instant, time_of_day, window};
    use crate::compliance::{ContactHistory, closed_for_all};
    use crate::working_calendar::Calendars;

    struct Callee {
        preset: Preset,
        window: CallingWindow,
        phone: &'static str,
        zone: Option<&'static str>,
    }

    /// Checks the rule at `now`; `expected`: the same instant allows, a later one defers, none forbids.
    fn check(callee: &Callee, now: &str, expected: Option<&str>) {
        let mut campaign = campaign_facts(callee.preset);
        campaign.plan.window = callee.window.clone();
        let history = ContactHistory::default();
        let mut facts = customer_facts(&campaign, &history);
        (facts.phone, facts.time_zone) = (Some(callee.phone), callee.zone);
        let decision = match expected.map(instant) {
            Some(at) if at == instant(now) => Decision::Allow,
            Some(at) => Decision::DeferUntil(at),
            None => Decision::Forbid,
        };
        let verdict = CallingHours.judge(&facts, instant(now));
        assert_eq!(verdict.decision, decision, "{now}: {verdict:?}");
    }

    fn open(callee: &Callee, now: &str) {
        check(callee, now, Some(now));
    }

    fn mainland(preset: Preset, own: &str) -> Callee {
        Callee {
            preset,
            window: window(own),
            phone: "+8613800138000",
            zone: None,
        }
    }

    #[test]
    fn a_mainland_number_recorded_abroad_is_open_where_both_zones_are() {
        let callee = Callee {
            zone: Some("Asia/Tokyo"),
            ..mainland(Preset::CnCollection, "00:00-24:00")
        };
        // 21:30 in Beijing is 22:30 in Tokyo.
        check(
            &callee,
            "2026-03-02T21:30:00+08:00",
            Some("2026-03-03T08:00:00+08:00"),
        );
        open(&callee, "2026-03-02T20:59:59+08:00");
        check(
            &callee,
            "2026-03-02T21:00:00+08:00",
            Some("2026-03-03T08:00:00+08:00"),
        );
    }

    #[test]
    fn a_fixed_offset_is_refused_where_clocks_change() {
        // 20:30 by the offset, and 21:30 on the clocks of New York in summer.
        for zone in ["EST", "Etc/GMT+5", "UTC"] {
            let callee = Callee {
                preset: Preset::UsTsr,
                window: window("00:00-24:00"),
                phone: "+12025550123",
                zone: Some(zone),
            };
            check(&callee, "2026-07-02T20:30:00-05:00", None);
            check(&callee, "2026-07-02T12:00:00-04:00", None);
        }
    }

    #[test]
    fn the_service_preset_is_open_from_nine_to_twenty_beijing_time() {
        let callee = mainland(Preset::CnService, "00:00-24:00");
        let opens = Some("2026-03-02T09:00:00+08:00");
        let tomorrow = Some("2026-03-03T09:00:00+08:00");
        check(&callee, "2026-03-02T00:00:00+08:00", opens);
        check(&callee, "2026-03-02T08:59:59+08:00", opens);
        check(&callee, "2026-03-02T08:59:59.999999+08:00", opens);
        open(&callee, "2026-03-02T09:00:00+08:00");
        open(&callee, "2026-03-02T19:59:59.999+08:00");
        check(&callee, "2026-03-02T20:00:00+08:00", tomorrow);
        check(&callee, "2026-03-02T23:59:59.999+08:00", tomorrow);
        check(
            &callee,
            "2028-02-28T20:00:00+08:00",
            Some("2028-02-29T09:00:00+08:00"),
        );
        check(
            &callee,
            "2028-02-29T20:00:00+08:00",
            Some("2028-03-01T09:00:00+08:00"),
        );
        check(
            &callee,
            "2026-12-31T20:00:00+08:00",
            Some("2027-01-01T09:00:00+08:00"),
        );
    }

    #[test]
    fn every_preset_has_its_own_hours() {
        for (preset, before, opens, last, closed) in [
            (
                Preset::CnMarketing,
                "08:59:59.999",
                "09:00:00",
                "19:59:59.999",
                "20:00:00",
            ),
            (
                Preset::CnCollection,
                "07:59:59.999",
                "08:00:00",
                "21:59:59.999",
                "22:00:00",
            ),
            (
                Preset::CnCloudTrunk,
                "07:59:59.999",
                "08:00:00",
                "20:59:59.999",
                "21:00:00",
            ),
            (
                Preset::UsTsr,
                "07:59:59.999",
                "08:00:00",
                "20:59:59.999",
                "21:00:00",
            ),
            (
                Preset::UsRegf,
                "07:59:59.999",
                "08:00:00",
                "20:59:59.999",
                "21:00:00",
            ),
            (
                Preset::EuGdpr,
                "08:59:59.999",
                "09:00:00",
                "19:59:59.999",
                "20:00:00",
            ),
        ] {
            let callee = mainland(preset, "00:00-24:00");
            let at = |time: &str| format!("2026-03-02T{time}+08:00");
            check(&callee, &at(before), Some(&at(opens)));
            open(&callee, &at(opens));
            open(&callee, &at(last));
            let tomorrow = at(opens).replace("03-02", "03-03");
            check(&callee, &at(closed), Some(&tomorrow));
        }
    }

    #[test]
    fn the_campaigns_own_window_and_rests_bind_beside_the_preset() {
        let mut callee = mainland(Preset::CnService, "08:00-18:30");
        callee.window.rests = vec![(time_of_day("12:00"), time_of_day("14:00"))];
        check(
            &callee,
            "2026-03-02T08:30:00+08:00",
            Some("2026-03-02T09:00:00+08:00"),
        );
        open(&callee, "2026-03-02T11:59:59.999+08:00");
        check(
            &callee,
            "2026-03-02T12:00:00+08:00",
            Some("2026-03-02T14:00:00+08:00"),
        );
        check(
            &callee,
            "2026-03-02T13:59:59.999+08:00",
            Some("2026-03-02T14:00:00+08:00"),
        );
        open(&callee, "2026-03-02T14:00:00+08:00");
        open(&callee, "2026-03-02T18:29:59.999+08:00");
        check(
            &callee,
            "2026-03-02T18:30:00+08:00",
            Some("2026-03-03T09:00:00+08:00"),
        );
    }

    #[test]
    fn a_window_that_never_meets_the_presets_hours_forbids() {
        let now = "2026-03-02T10:00:00+08:00";
        check(&mainland(Preset::CnService, "20:00-24:00"), now, None);
        check(&mainland(Preset::CnService, "06:00-09:00"), now, None);
        check(
            &mainland(Preset::CnService, "06:00-09:01"),
            now,
            Some("2026-03-03T09:00:00+08:00"),
        );
    }

    fn american(zone: Option<&'static str>) -> Callee {
        Callee {
            preset: Preset::UsRegf,
            window: window("00:00-24:00"),
            phone: "+12025550123",
            zone,
        }
    }

    #[test]
    fn daylight_saving_moves_the_window_with_the_callees_clock() {
        let callee = american(Some("America/New_York"));
        // Clocks go forward on 2026-03-08 and back on 2026-11-01.
        check(
            &callee,
            "2026-03-07T21:00:00-05:00",
            Some("2026-03-08T08:00:00-04:00"),
        );
        check(
            &callee,
            "2026-03-08T07:59:59.999-04:00",
            Some("2026-03-08T08:00:00-04:00"),
        );
        open(&callee, "2026-03-08T08:00:00-04:00");
        open(&callee, "2026-03-08T20:59:59.999-04:00");
        check(
            &callee,
            "2026-10-31T21:00:00-04:00",
            Some("2026-11-01T08:00:00-05:00"),
        );
    }

    #[test]
    fn a_window_that_opens_in_the_skipped_hour_opens_behind_it() {
        let mut callee = american(Some("America/New_York"));
        callee.window = window("02:30-03:30");
        let mut campaign = campaign_facts(Preset::UsRegf);
        campaign.plan.window = callee.window.clone();
        campaign.plan.trial = true;
        let history = ContactHistory::default();
        let mut facts = customer_facts(&campaign, &history);
        (facts.phone, facts.time_zone) = (Some(callee.phone), callee.zone);
        let (said, _) = CallingHours.decide(&facts, instant("2026-03-08T01:59:00-05:00"));
        assert_eq!(said, Decision::DeferUntil(instant("2026-03-08T03:00:00-04:00")));
    }

    #[test]
    fn without_a_record_every_zone_of_the_region_must_be_open() {
        let callee = american(None);
        // 08:00 in Honolulu is 14:00 in New York (daylight saving); 21:00 there closes the day.
        let opens = "2026-06-01T14:00:00-04:00";
        check(&callee, "2026-06-01T09:00:00-04:00", Some(opens));
        check(&callee, "2026-06-01T13:59:59.999-04:00", Some(opens));
        open(&callee, opens);
        open(&callee, "2026-06-01T20:59:59.999-04:00");
        check(
            &callee,
            "2026-06-01T21:00:00-04:00",
            Some("2026-06-02T14:00:00-04:00"),
        );
    }

    #[test]
    fn an_unknown_zone_forbids_unless_the_hours_never_close() {
        let unknown = Callee {
            preset: Preset::CnService,
            window: window("00:00-24:00"),
            phone: "+2902123",
            zone: None,
        };
        let now = "2026-03-02T10:00:00+08:00";
        check(&unknown, now, None);
        check(
            &Callee {
                zone: Some("Mars/Base"),
                ..unknown
            },
            now,
            None,
        );
        let mut campaign = campaign_facts(Preset::CnService);
        campaign.plan.trial = true;
        let history = ContactHistory::default();
        let mut facts = customer_facts(&campaign, &history);
        facts.phone = Some("+2902123");
        let midnight = instant("2026-03-02T00:00:00+08:00");
        assert_eq!(CallingHours.decide(&facts, midnight).0, Decision::Allow);
    }

    #[test]
    fn a_callee_abroad_under_a_mainland_preset_needs_both_clocks() {
        let callee = Callee {
            preset: Preset::CnService,
            window: window("00:00-24:00"),
            phone: "+442079460018",
            zone: None,
        };
        // 09:00 in London is 17:00 in Beijing (winter).
        check(
            &callee,
            "2026-03-02T16:59:59.999+08:00",
            Some("2026-03-02T17:00:00+08:00"),
        );
        open(&callee, "2026-03-02T17:00:00+08:00");
        open(&callee, "2026-03-02T19:59:59.999+08:00");
        check(
            &callee,
            "2026-03-02T20:00:00+08:00",
            Some("2026-03-03T17:00:00+08:00"),
        );
    }

    #[test]
    fn a_window_is_closed_for_all_exactly_while_no_customer_in_the_presets_own_zone_may_be_dialed() {
        let mut campaign = campaign_facts(Preset::CnService);
        campaign.plan.window = window("08:00-18:30");
        campaign.plan.window.rests = vec![(time_of_day("12:00"), time_of_day("14:00"))];
        let history = ContactHistory::default();
        for minute in (0..3 * 24 * 60).step_by(31) {
            let now = instant("2026-03-02T00:00:00+08:00").plus_ms(minute * 60_000);
            let closed = closed_for_all(&campaign.plan, &Calendars::default(), now);
            for (phone, zone) in [
                ("+8613800138000", None),
                ("+8613800138000", Some("America/New_York")),
                ("+12025550123", Some("Asia/Shanghai")),
                ("+12025550123", Some("America/New_York")),
                ("+12025550123", None),
            ] {
                let mut facts = customer_facts(&campaign, &history);
                (facts.phone, facts.time_zone) = (Some(phone), zone);
                let own = CallingHours.judge(&facts, now);
                // A callee who can only be in that zone gets the same verdict.
                let is_there = zone == Some("Asia/Shanghai") || (phone.starts_with("+86") && zone.is_none());
                let holds = match (&closed, own.decision) {
                    (Some(closed), Decision::DeferUntil(until)) if is_there => {
                        let mut said = closed.verdict.clone();
                        said.facts.remove("preset");
                        closed.until == until && said == own
                    }
                    (Some(closed), Decision::DeferUntil(until)) => closed.until <= until,
                    // For a callee without an hour that is open in every possible zone: settled when the
                    // window opens.
                    (Some(_), Decision::Forbid) => !is_there,
                    (Some(_), Decision::Allow) => false,
                    (None, decision) => !is_there || decision == Decision::Allow,
                };
                assert!(holds, "{now} {phone} {zone:?}: {closed:?}, {own:?}");
            }
        }
    }

    #[test]
    fn only_a_person_can_tell_where_the_preset_names_no_zone_and_who_never_opens_again_is_asked() {
        let night = instant("2026-03-02T23:00:00+08:00");
        let opens = instant("2026-03-03T09:00:00+08:00");
        let closed = |change: &dyn Fn(&mut CallingPlan)| {
            let mut campaign = campaign_facts(Preset::CnService);
            change(&mut campaign.plan);
            closed_for_all(&campaign.plan, &Calendars::default(), night).map(|closed| closed.until)
        };
        assert_eq!(closed(&|_| {}), Some(opens));
        assert_eq!(closed(&|plan| plan.preset = Preset::EuGdpr), None);
        assert_eq!(closed(&|plan| plan.trial = true), None);
        assert_eq!(closed(&|plan| plan.ends_at = Some(opens)), None);
        assert_eq!(closed(&|plan| plan.ends_at = Some(opens.plus_ms(1))), Some(opens));
        // The campaign's own hours never overlap with the preset's.
        assert_eq!(closed(&|plan| plan.window = window("21:00-23:30")), None);
        let day = instant("2026-03-02T19:59:59.999999+08:00");
        assert_eq!(
            closed_for_all(
                &campaign_facts(Preset::CnService).plan,
                &Calendars::default(),
                day
            ),
            None
        );
    }

    fn campaign_plan(preset: Preset, own: &str) -> CallingPlan {
        let mut plan = campaign_facts(preset).plan;
        plan.window = window(own);
        plan
    }

    #[test]
    fn hours_open_when_both_windows_do_and_never_where_they_do_not_meet() {
        let night = instant("2026-03-02T03:00:00+08:00");
        let nine = WindowOpening::At(instant("2026-03-02T09:00:00+08:00"));
        assert_eq!(
            opening(&campaign_plan(Preset::CnService, "08:00-18:00"), night),
            nine
        );
        let at_nine = instant("2026-03-02T09:00:00+08:00");
        assert_eq!(
            opening(&campaign_plan(Preset::CnService, "08:00-18:00"), at_nine),
            nine
        );
        assert_eq!(
            opening(&campaign_plan(Preset::CnService, "20:00-23:00"), night),
            WindowOpening::Never
        );
        assert_eq!(
            opening(&campaign_plan(Preset::CnService, "19:59-23:00"), night),
            WindowOpening::At(instant("2026-03-02T19:59:00+08:00"))
        );
    }

    #[test]
    fn an_end_before_the_next_opening_leaves_none() {
        let night = instant("2026-03-02T03:00:00+08:00");
        let mut ends = campaign_plan(Preset::CnService, "09:00-18:00");
        ends.ends_at = Some(instant("2026-03-02T09:00:00+08:00"));
        assert_eq!(opening(&ends, night), WindowOpening::Never);
        ends.ends_at = Some(instant("2026-03-02T09:00:01+08:00"));
        assert_ne!(opening(&ends, night), WindowOpening::Never);
    }

    #[test]
    fn where_each_person_has_a_zone_only_hours_that_never_meet_are_found() {
        let now = instant("2026-03-02T03:00:00+08:00");
        assert_eq!(
            opening(&campaign_plan(Preset::EuGdpr, "09:00-18:00"), now),
            WindowOpening::ByPerson
        );
        assert_eq!(
            opening(&campaign_plan(Preset::EuGdpr, "21:00-23:00"), now),
            WindowOpening::Never
        );
    }
}
