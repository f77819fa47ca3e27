//! The intended terms of each campaign, compared with its calls: hours, days, caps, consent, white lists,
//! stages.

use super::fact::{Fact, Member};
use super::zones::{Zone, is_working_day};
use super::{Evidence, Findings};
use crate::campaign_profile::CampaignProfile;
use crate::home::CustomerHome;
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
/// Milliseconds in a minute.
const MINUTE_MS: u64 = 60_000;
/// Longest time from a grant, by which the product counts, to its dial, in milliseconds.
const GRANT_TO_DIAL_MS: u64 = 3_000;

/// The intended terms of a campaign.
#[derive(Debug, Clone, Copy)]
#[expect(clippy::struct_excessive_bools, reason = "each binds by itself")]
pub(crate) struct Terms {
    pub(super) preset: Preset,
    pub(super) zone: Zone,
    by_consent: bool,
    listed: bool,
    working_days: bool,
    rests: bool,
    stage: Option<Stage>,
}

impl Terms {
    pub(crate) fn of(manner: &CampaignProfile) -> Self {
        Self {
            preset: manner.preset,
            zone: match manner.home() {
                CustomerHome::China => Zone::Beijing,
                CustomerHome::Berlin => Zone::Berlin,
                CustomerHome::NewYork => Zone::NewYork,
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

    /// Returns the day in which a pilot's call is counted, since the epoch: in the rule set's time zone, or
    /// UTC if it has none.
    fn day_of_stage(&self, at: Timestamp) -> i64 {
        match self.preset {
            Preset::UsTsr | Preset::UsRegf | Preset::EuGdpr | Preset::SandboxOpen => {
                at.micros().div_euclid(24 * HOUR_MICROS)
            }
            Preset::CnService | Preset::CnMarketing | Preset::CnCollection | Preset::CnCloudTrunk => {
                Zone::Beijing.local(at).1
            }
        }
    }

    fn is_called_on(&self, at: Timestamp) -> bool {
        !self.working_days || is_working_day(self.zone.local(at).1)
    }

    /// True if some hour of `at..until` allows calls; windows open and close on the hour.
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
struct DialedCall<'a> {
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
struct TermsState<'a> {
    numbers: BTreeMap<&'a str, &'a str>,
    dialed: Vec<DialedCall<'a>>,
    by_number: BTreeMap<&'a str, Vec<usize>>,
    by_person: BTreeMap<&'a str, Vec<usize>>,
    by_call: BTreeMap<&'a str, usize>,
    consents: BTreeMap<(&'a str, &'a str), Consent>,
    listed: BTreeSet<&'a str>,
    stages: BTreeMap<&'a str, StagedCampaign<'a>>,
}

#[derive(Default)]
struct StagedCampaign<'a> {
    promoted: bool,
    people: BTreeSet<&'a str>,
    calls: BTreeMap<i64, u64>,
}

/// Most customers of a test (DEP-7).
const TEST_PEOPLE_MAX: usize = 200;
/// Most calls of a pilot's day (DEP-7).
const PILOT_CALLS_MAX: u64 = 1_000;

pub(super) fn judge(findings: &mut Findings, facts: &[Fact], evidence: &Evidence<'_>) {
    let mut heard = TermsState::default();
    for fact in facts {
        match fact.kind.as_str() {
            CallEvent::PERMITTED => {
                heard
                    .numbers
                    .insert(&fact.stream, fact.text_at(&[Member::NumberGrant, Member::Number]));
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

impl<'a> TermsState<'a> {
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
            .get(fact.text(Member::SipCallId))
            .map(|entry| entry.invited_at);
        let in_time = left_at.is_none_or(|at| terms.is_open(at) && terms.is_called_on(at));
        findings.check("no_invite_leaves_outside_the_window", in_time, || {
            format!("{} at {left_at:?}", words())
        });
        if fact.number(Member::Leg) != 1 {
            return;
        }
        let number = self
            .numbers
            .get(fact.stream.as_str())
            .copied()
            .unwrap_or("unknown");
        self.caps(findings, terms, fact, number);
        let nth = self.dialed.len();
        self.dialed.push(DialedCall {
            at: fact.at,
            campaign: &fact.campaign,
            answered: false,
        });
        self.by_number.entry(number).or_default().push(nth);
        self.by_person.entry(&fact.customer).or_default().push(nth);
        self.by_call.insert(&fact.stream, nth);
        self.placed(findings, terms, fact);
    }

    /// Checks the number of a pilot's calls per day, in Beijing time or UTC. A grant that was never dialed
    /// does not count.
    fn placed(&mut self, findings: &mut Findings, terms: &Terms, fact: &'a Fact) {
        let Some(stage) = terms.stage else { return };
        let staged = self.stages.entry(&fact.campaign).or_default();
        if stage != Stage::Test || staged.promoted {
            let count = staged.calls.entry(terms.day_of_stage(fact.at)).or_default();
            *count += 1;
            let count = *count;
            findings.check(
                "a_pilot_places_so_many_calls_a_day",
                count <= PILOT_CALLS_MAX,
                || format!("{}: {count}", fact.campaign),
            );
        }
    }

    /// Checks the caps of the rule set of this call, over all calls before it.
    fn caps(&self, findings: &mut Findings, terms: &Terms, fact: &Fact, number: &str) {
        let of = |index: &BTreeMap<&str, Vec<usize>>, key: &str, counts: &dyn Fn(&DialedCall<'_>) -> bool| {
            let before = index.get(key).into_iter().flatten();
            let dialed = before.filter_map(|nth| self.dialed.get(*nth));
            dialed.filter(|one| counts(one)).count()
        };
        let today = terms.zone.local(fact.at).1;
        let same_day = |one: &DialedCall<'_>| terms.zone.local(one.at).1 == today;
        let within = |one: &DialedCall<'_>, ms: u64| fact.at.ms_since(one.at) < ms - GRANT_TO_DIAL_MS;
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
                let week = |one: &DialedCall<'_>| terms.zone.local(one.at).1 > today - 7;
                let own = |one: &DialedCall<'_>| one.campaign == fact.campaign && week(one);
                of(&self.by_person, &fact.customer, &own) < 7
                    && of(&self.by_person, &fact.customer, &|one| own(one) && one.answered) < 1
            }
            Preset::UsTsr | Preset::EuGdpr | Preset::SandboxOpen => true,
        };
        findings.check("the_caps_of_the_preset", holds, || {
            format!("{} under {:?} at {}", fact.stream, terms.preset, fact.at)
        });
    }

    fn consent(&mut self, fact: &'a Fact) {
        let consent = self
            .consents
            .entry((fact.subject(), fact.text(Member::Scope)))
            .or_default();
        if fact.kind == CustomerEvent::CONSENT_WITHDRAWN {
            consent.withdrawn = true;
            return;
        }
        *consent = Consent {
            given_at: Some(fact.instant_at(&[Member::GivenAt])),
            until: fact.text(Member::Until).parse().ok(),
            has_evidence: fact.has(Member::Evidence),
            withdrawn: consent.withdrawn,
        };
    }

    fn granted(&mut self, findings: &mut Findings, fact: &'a Fact, evidence: &Evidence<'_>) {
        let Some(terms) = evidence.terms.get(&fact.campaign) else {
            return;
        };
        let purpose = format!("purpose of {}", fact.campaign);
        let consent = self.consents.get(&(fact.subject(), purpose.as_str()));
        let is_valid = |consent: &Consent| {
            let in_time = consent.until.is_none_or(|until| fact.at < until);
            consent.given_at.is_some_and(|at| at <= fact.at) && in_time && consent.has_evidence
        };
        let is_withdrawn = consent.is_some_and(|consent| consent.withdrawn);
        let holds = !is_withdrawn && (!terms.by_consent || consent.is_some_and(is_valid));
        findings.check("no_grant_without_the_consent_it_needs", holds, || {
            format!("{} in {} at {}", fact.stream, fact.campaign, fact.at)
        });
        self.staged(findings, terms, fact);
    }

    /// Checks that a test calls only its first customers.
    fn staged(&mut self, findings: &mut Findings, terms: &Terms, fact: &'a Fact) {
        let Some(stage) = terms.stage else { return };
        let staged = self.stages.entry(&fact.campaign).or_default();
        if stage == Stage::Test && !staged.promoted {
            staged.people.insert(fact.subject());
            let count = staged.people.len();
            findings.check("a_test_calls_so_many_people", count <= TEST_PEOPLE_MAX, || {
                format!("{}: {count}", fact.campaign)
            });
        }
    }

    fn number_granted(&self, findings: &mut Findings, fact: &Fact, evidence: &Evidence<'_>) {
        let terms = evidence.terms.get(fact.text(Member::Campaign));
        if terms.is_some_and(|terms| terms.listed) {
            let is_listed = self.listed.contains(fact.subject());
            findings.check("no_grant_off_the_white_list", is_listed, || fact.stream.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::invariants::fact::Data;
    use crate::invariants::zones::instant;

    const PILOT: Terms = Terms {
        preset: Preset::CnCollection,
        zone: Zone::Beijing,
        by_consent: false,
        listed: false,
        working_days: true,
        rests: false,
        stage: Some(Stage::Pilot),
    };

    fn fact(kind: &str, at: &str) -> Fact {
        Fact {
            kind: kind.to_owned(),
            stream: "call-1".to_owned(),
            at: instant(at),
            campaign: "A".to_owned(),
            customer: "C".to_owned(),
            data: Data::default(),
        }
    }

    fn violations_of(findings: &Findings) -> u64 {
        findings.tallies.values().map(|tally| tally.violations).sum()
    }

    #[test]
    fn a_pilots_day_counts_calls_that_were_dialed_in_the_day_of_its_preset() {
        let eu = Terms {
            preset: Preset::EuGdpr,
            ..PILOT
        };
        let evening = "2026-03-02T23:59:59+08:00";
        for (terms, next, violations) in [
            (PILOT, "2026-03-02T09:00:00+08:00", 1),
            (PILOT, "2026-03-03T00:00:00+08:00", 0),
            (eu, "2026-03-03T07:59:59+08:00", 1),
            (eu, "2026-03-03T08:00:00+08:00", 0),
        ] {
            let (mut findings, mut heard) = (Findings::default(), TermsState::default());
            let (granted, dialed) = (
                fact(CustomerEvent::DIAL_GRANTED, evening),
                fact(CallEvent::DIALING, evening),
            );
            let last = fact(CallEvent::DIALING, next);
            for _ in 0..PILOT_CALLS_MAX {
                heard.staged(&mut findings, &terms, &granted);
                heard.placed(&mut findings, &terms, &dialed);
            }
            assert_eq!(violations_of(&findings), 0, "as many as a day has");
            heard.placed(&mut findings, &terms, &last);
            assert_eq!(violations_of(&findings), violations, "{:?} {next}", terms.preset);
        }
    }

    #[test]
    fn where_nothing_opens_before_an_end_nothing_is_waited_for() {
        let terms = Terms { stage: None, ..PILOT };
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
