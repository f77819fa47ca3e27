//! What each campaign was meant to be, held against what it did: hours, days, caps, consent, white lists,
//! stages. Calendars and zones are written down here a second time.

use super::fact::Fact;
use super::{Evidence, Findings};
use crate::manner::Manner;
use domain::call::event::CallEvent;
use domain::calling_plan::Preset;
use domain::campaign::event::CampaignEvent;
use domain::customer::event::CustomerEvent;
use domain::go_live::Stage;
use domain::number::event::NumberEvent;
use domain::time::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

/// Microseconds in an hour.
const HOUR_MICROS: i64 = 3_600_000_000;
/// Twenty-four hours.
const DAY_MICROS: i64 = 24 * HOUR_MICROS;
/// Milliseconds in a minute.
const MINUTE_MS: u64 = 60_000;
/// A dial follows its grant within this, by which the product counts.
const GRANT_TO_DIAL_MS: u64 = 3_000;

/// When Berlin's clocks went forward and back in 2026: at 01:00 UTC.
const BERLIN_SUMMER: [&str; 2] = ["2026-03-29T01:00:00Z", "2026-10-25T01:00:00Z"];

/// Days off of 2026 in China, first and last, and those that were worked for them.
const HOLIDAYS: [(&str, &str); 7] = [
    ("2026-01-01", "2026-01-03"),
    ("2026-02-15", "2026-02-23"),
    ("2026-04-04", "2026-04-06"),
    ("2026-05-01", "2026-05-05"),
    ("2026-06-19", "2026-06-21"),
    ("2026-09-25", "2026-09-27"),
    ("2026-10-01", "2026-10-07"),
];
/// Saturdays and Sundays.
const WORKED: [&str; 6] = [
    "2026-01-04",
    "2026-02-14",
    "2026-02-28",
    "2026-05-09",
    "2026-09-20",
    "2026-10-10",
];

/// Where a campaign's people live.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Zone {
    Beijing,
    Berlin,
}

impl Zone {
    /// The local hour, and the day since the epoch.
    pub(super) fn local(self, at: Timestamp) -> (i64, i64) {
        let ahead = match self {
            Self::Beijing => 8,
            Self::Berlin => {
                let [from, until] = BERLIN_SUMMER.map(instant);
                1 + i64::from((from..until).contains(&at))
            }
        };
        let local = at.micros() + ahead * HOUR_MICROS;
        (
            local.rem_euclid(DAY_MICROS) / HOUR_MICROS,
            local.div_euclid(DAY_MICROS),
        )
    }
}

fn instant(text: &str) -> Timestamp {
    text.parse().unwrap_or(Timestamp::EPOCH)
}

fn day(text: &str) -> i64 {
    instant(&format!("{text}T00:00:00Z"))
        .micros()
        .div_euclid(DAY_MICROS)
}

/// 1970-01-01 was a Thursday.
fn is_working_day(local_day: i64) -> bool {
    let is_weekend = matches!((local_day + 3).rem_euclid(7), 5 | 6);
    let is_holiday = HOLIDAYS
        .iter()
        .any(|(first, last)| (day(first)..=day(last)).contains(&local_day));
    let is_worked = WORKED.iter().any(|worked| day(worked) == local_day);
    is_worked || !(is_weekend || is_holiday)
}

/// What a campaign was meant to be.
#[derive(Debug, Clone, Copy)]
#[expect(clippy::struct_excessive_bools, reason = "each binds by itself")]
pub(crate) struct Terms {
    preset: Preset,
    pub(super) zone: Zone,
    by_consent: bool,
    listed: bool,
    working_days: bool,
    rests: bool,
    stage: Option<Stage>,
}

impl Terms {
    pub(crate) fn of(manner: &Manner) -> Self {
        Self {
            preset: manner.preset,
            zone: if manner.is_far() {
                Zone::Berlin
            } else {
                Zone::Beijing
            },
            by_consent: manner.by_consent(),
            listed: manner.listed,
            working_days: manner.working_days,
            rests: manner.rests,
            stage: manner.stage,
        }
    }

    fn is_open(&self, at: Timestamp) -> bool {
        let (hour, _) = self.zone.local(at);
        (9..18).contains(&hour) && !(self.rests && hour == 12)
    }

    fn is_called_on(&self, at: Timestamp) -> bool {
        !self.working_days || is_working_day(self.zone.local(at).1)
    }

    /// Whether anybody may be dialed at some hour of `at..until`; hours open and close whole.
    pub(super) fn opens_within(&self, at: Timestamp, until: Timestamp) -> bool {
        let hour_ms = HOUR_MICROS.unsigned_abs() / 1_000;
        let mut hour = at;
        while hour < until {
            if self.is_open(hour) && self.is_called_on(hour) {
                return true;
            }
            let within = hour.micros().rem_euclid(HOUR_MICROS).unsigned_abs() / 1_000;
            hour = hour.plus_ms(hour_ms - within);
        }
        false
    }
}

/// One dialed call.
struct Dialed<'a> {
    at: Timestamp,
    campaign: &'a str,
    answered: bool,
}

/// Consent of one person for one purpose.
#[derive(Default)]
struct Consent {
    given_at: Option<Timestamp>,
    until: Option<Timestamp>,
    has_evidence: bool,
    withdrawn: bool,
}

#[derive(Default)]
struct Heard<'a> {
    numbers: BTreeMap<&'a str, &'a str>,
    dialed: Vec<Dialed<'a>>,
    by_number: BTreeMap<&'a str, Vec<usize>>,
    by_person: BTreeMap<&'a str, Vec<usize>>,
    by_call: BTreeMap<&'a str, usize>,
    consents: BTreeMap<(&'a str, &'a str), Consent>,
    listed: BTreeSet<&'a str>,
    stages: BTreeMap<&'a str, Staged<'a>>,
}

#[derive(Default)]
struct Staged<'a> {
    promoted: bool,
    people: BTreeSet<&'a str>,
    calls: BTreeMap<i64, u64>,
}

/// People of a test, and calls of a pilot's day (DEP-7).
const TEST_PEOPLE_MAX: usize = 200;
/// Of a day.
const PILOT_CALLS_MAX: u64 = 1_000;

pub(super) fn judge(findings: &mut Findings, facts: &[Fact], evidence: &Evidence<'_>) {
    let mut heard = Heard::default();
    for fact in facts {
        match fact.kind.as_str() {
            CallEvent::PERMITTED => {
                heard
                    .numbers
                    .insert(&fact.stream, fact.text_at("/number_grant/number"));
            }
            CallEvent::DIALING => heard.dialing(findings, fact, evidence),
            CallEvent::ANSWERED => {
                let nth = heard.by_call.get(fact.stream.as_str());
                if let Some(dialed) = nth.and_then(|nth| heard.dialed.get_mut(*nth)) {
                    dialed.answered = true;
                }
            }
            CustomerEvent::CONSENT_RECORDED | CustomerEvent::CONSENT_WITHDRAWN => heard.consent(fact),
            CustomerEvent::DIAL_GRANTED => heard.granted(findings, fact, evidence),
            NumberEvent::LISTED => {
                heard.listed.insert(fact.subject());
            }
            NumberEvent::UNLISTED => {
                heard.listed.remove(fact.subject());
            }
            NumberEvent::DIAL_GRANTED => heard.number_granted(findings, fact, evidence),
            CampaignEvent::PROMOTED => heard.stages.entry(&fact.campaign).or_default().promoted = true,
            _ => {}
        }
    }
}

impl<'a> Heard<'a> {
    fn dialing(&mut self, findings: &mut Findings, fact: &'a Fact, evidence: &Evidence<'_>) {
        let Some(terms) = evidence.terms.get(&fact.campaign) else {
            findings.check("every_call_is_of_a_campaign", false, || fact.stream.clone());
            return;
        };
        let words = || format!("{} {:?} at {}", fact.stream, terms, fact.at);
        findings.check("no_dial_outside_the_window", terms.is_open(fact.at), words);
        findings.check("no_dial_on_a_day_off", terms.is_called_on(fact.at), words);
        let left_at = evidence
            .book
            .get(fact.text("sip_call_id"))
            .map(|entry| entry.invited_at);
        let in_time = left_at.is_none_or(|at| terms.is_open(at) && terms.is_called_on(at));
        findings.check("no_invite_leaves_outside_the_window", in_time, || {
            format!("{} at {left_at:?}", words())
        });
        if fact.number("leg") != 1 {
            return;
        }
        let number = self
            .numbers
            .get(fact.stream.as_str())
            .copied()
            .unwrap_or("unknown");
        self.caps(findings, terms, fact, number);
        let nth = self.dialed.len();
        self.dialed.push(Dialed {
            at: fact.at,
            campaign: &fact.campaign,
            answered: false,
        });
        self.by_number.entry(number).or_default().push(nth);
        self.by_person.entry(&fact.customer).or_default().push(nth);
        self.by_call.insert(&fact.stream, nth);
    }

    /// The caps of the preset under which this call is dialed, over all calls before it.
    fn caps(&self, findings: &mut Findings, terms: &Terms, fact: &Fact, number: &str) {
        let of = |index: &BTreeMap<&str, Vec<usize>>, key: &str, counts: &dyn Fn(&Dialed<'_>) -> bool| {
            let before = index.get(key).into_iter().flatten();
            let dialed = before.filter_map(|nth| self.dialed.get(*nth));
            dialed.filter(|one| counts(one)).count()
        };
        let today = terms.zone.local(fact.at).1;
        let same_day = |one: &Dialed<'_>| terms.zone.local(one.at).1 == today;
        let within = |one: &Dialed<'_>, ms: u64| fact.at.ms_since(one.at) < ms - GRANT_TO_DIAL_MS;
        let holds = match terms.preset {
            Preset::CnService | Preset::CnMarketing => of(&self.by_number, number, &same_day) < 2,
            Preset::CnCloudTrunk => {
                of(&self.by_number, number, &|one| within(one, 1_440 * MINUTE_MS)) < 5
                    && of(&self.by_number, number, &|one| within(one, 5 * MINUTE_MS)) < 3
            }
            Preset::CnCollection => {
                of(&self.by_person, &fact.customer, &|one| {
                    one.answered && same_day(one)
                }) < 3
                    && of(&self.by_number, number, &|one| !one.answered && same_day(one)) < 6
            }
            Preset::UsRegf => {
                let week = |one: &Dialed<'_>| terms.zone.local(one.at).1 > today - 7;
                let own = |one: &Dialed<'_>| one.campaign == fact.campaign && week(one);
                of(&self.by_person, &fact.customer, &own) < 7
                    && of(&self.by_person, &fact.customer, &|one| own(one) && one.answered) < 1
            }
            Preset::UsTsr | Preset::EuGdpr => true,
        };
        findings.check("the_caps_of_the_preset", holds, || {
            format!("{} under {:?} at {}", fact.stream, terms.preset, fact.at)
        });
    }

    fn consent(&mut self, fact: &'a Fact) {
        let consent = self
            .consents
            .entry((fact.subject(), fact.text("scope")))
            .or_default();
        if fact.kind == CustomerEvent::CONSENT_WITHDRAWN {
            consent.withdrawn = true;
            return;
        }
        *consent = Consent {
            given_at: Some(fact.instant_at("/given_at")),
            until: fact.text("until").parse().ok(),
            has_evidence: fact.has("evidence"),
            withdrawn: consent.withdrawn,
        };
    }

    fn granted(&mut self, findings: &mut Findings, fact: &'a Fact, evidence: &Evidence<'_>) {
        let Some(terms) = evidence.terms.get(&fact.campaign) else {
            return;
        };
        let purpose = format!("purpose of {}", fact.campaign);
        let consent = self.consents.get(&(fact.subject(), purpose.as_str()));
        let stands = |consent: &Consent| {
            let in_time = consent.until.is_none_or(|until| fact.at < until);
            consent.given_at.is_some_and(|at| at <= fact.at) && in_time && consent.has_evidence
        };
        let is_withdrawn = consent.is_some_and(|consent| consent.withdrawn);
        let holds = !is_withdrawn && (!terms.by_consent || consent.is_some_and(stands));
        findings.check("no_grant_without_the_consent_it_needs", holds, || {
            format!("{} in {} at {}", fact.stream, fact.campaign, fact.at)
        });
        self.staged(findings, terms, fact);
    }

    /// A test calls its first people and nobody else; a pilot so many a day.
    fn staged(&mut self, findings: &mut Findings, terms: &Terms, fact: &'a Fact) {
        let Some(stage) = terms.stage else { return };
        let staged = self.stages.entry(&fact.campaign).or_default();
        if stage == Stage::Test && !staged.promoted {
            staged.people.insert(fact.subject());
            let count = staged.people.len();
            findings.check("a_test_calls_so_many_people", count <= TEST_PEOPLE_MAX, || {
                format!("{}: {count}", fact.campaign)
            });
            return;
        }
        let calls = staged.calls.entry(Zone::Beijing.local(fact.at).1).or_default();
        *calls += 1;
        let count = *calls;
        findings.check(
            "a_pilot_places_so_many_calls_a_day",
            count <= PILOT_CALLS_MAX,
            || format!("{}: {count}", fact.campaign),
        );
    }

    fn number_granted(&self, findings: &mut Findings, fact: &Fact, evidence: &Evidence<'_>) {
        let terms = evidence.terms.get(fact.text("campaign"));
        if terms.is_some_and(|terms| terms.listed) {
            let is_listed = self.listed.contains(fact.subject());
            findings.check("no_grant_off_the_white_list", is_listed, || fact.stream.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_off_and_hours_of_berlin_are_those_of_2026() {
        for (text, is_worked) in [
            ("2026-03-02", true),
            ("2026-03-07", false),
            ("2026-03-08", false),
            ("2026-02-14", true),
            ("2026-02-15", false),
            ("2026-04-06", false),
            ("2026-04-07", true),
            ("2026-10-10", true),
        ] {
            assert_eq!(is_working_day(day(text)), is_worked, "{text}");
        }
        for (text, hour) in [
            ("2026-03-28T17:00:00+01:00", 17),
            ("2026-03-29T02:59:59+02:00", 1),
            ("2026-03-29T03:00:00+02:00", 3),
            ("2026-10-24T17:59:59+02:00", 17),
            ("2026-10-26T09:00:00+01:00", 9),
        ] {
            assert_eq!(Zone::Berlin.local(instant(text)).0, hour, "{text}");
        }
        assert_eq!(
            Zone::Beijing.local(instant("2026-03-02T08:59:59.999999+08:00")).0,
            8
        );
    }

    #[test]
    fn where_nothing_opens_before_an_end_nothing_is_waited_for() {
        let terms = Terms {
            preset: Preset::CnCollection,
            zone: Zone::Beijing,
            by_consent: false,
            listed: false,
            working_days: true,
            rests: false,
            stage: None,
        };
        let beijing = |text: &str| instant(&format!("2026-{text}+08:00"));
        // The fourth of April, a Saturday, and the two days after it are days off.
        for (at, until, opens) in [
            ("04-03T17:59:59", "04-03T18:00:00", true),
            ("04-03T18:00:00", "04-04T19:00:00", false),
            ("04-04T00:00:23", "04-07T09:00:00", false),
            ("04-04T00:00:23", "04-07T09:00:01", true),
            ("04-07T08:30:00", "04-07T09:30:00", true),
        ] {
            assert_eq!(
                terms.opens_within(beijing(at), beijing(until)),
                opens,
                "{at} {until}"
            );
        }
        let any_day = Terms {
            working_days: false,
            ..terms
        };
        assert!(any_day.opens_within(beijing("04-04T00:00:23"), beijing("04-04T19:00:00")));
    }
}
