//! Compliance rule: caps set by a campaign or in the person's own record, in addition to those of the preset.
//!
//! Source: the campaign's plan, or the user who set the person's caps. Counted like the preset's caps; if
//! both limit the same calls, the stricter one counts.

use super::call_counts::judge_caps;
use super::facts::Counters;
use super::facts::CustomerFacts;
use super::preset::{CountedOver, FrequencyCap, Period};
use super::verdict::{Decision, Rule};
use super::zones::zones_of;
use crate::time::Timestamp;
use std::collections::BTreeMap;
use values::call_caps::{CallCap, CapScope};

pub(super) struct OwnCaps;

impl Rule<CustomerFacts<'_>> for OwnCaps {
    fn id(&self) -> &'static str {
        "own_caps"
    }

    fn effective_from(&self) -> &'static str {
        "2026-11-23"
    }

    fn source(&self) -> &'static str {
        "the campaign's plan, or the person's own caps; CMP-5"
    }

    fn decide(&self, facts: &CustomerFacts<'_>, now: Timestamp) -> (Decision, BTreeMap<String, String>) {
        let counters = Counters {
            history: facts.history,
            matter: &facts.campaign.campaign,
        };
        let zones = zones_of(facts.rules(now).zone, facts.phone, facts.time_zone);
        let (decision, mut seen) = judge_caps(&strictest(facts), &counters, zones, now);
        let by = match (facts.campaign.plan.caps.is_empty(), facts.own_caps.is_empty()) {
            (false, true) => "campaign",
            (true, _) => "person",
            (false, false) => "campaign_and_person",
        };
        seen.insert("set_by".to_owned(), by.to_owned());
        (decision, seen)
    }
}

/// Returns true if the campaign's plan or the person's record has caps of its own.
pub(super) fn are_set(facts: &CustomerFacts<'_>) -> bool {
    !facts.campaign.plan.caps.is_empty() || !facts.own_caps.is_empty()
}

fn strictest(facts: &CustomerFacts<'_>) -> Vec<FrequencyCap> {
    let mut least: BTreeMap<_, CallCap> = BTreeMap::new();
    for cap in facts.campaign.plan.caps.iter().chain(facts.own_caps) {
        let known = least
            .entry((cap.counted, cap.over, cap.local_days))
            .or_insert(*cap);
        known.calls_max = known.calls_max.min(cap.calls_max);
    }
    let read = |cap: CallCap| FrequencyCap {
        counted: cap.counted,
        over: match cap.over {
            CapScope::Person => CountedOver::Person,
            CapScope::Matter => CountedOver::Matter,
        },
        period: Period::LocalDays(cap.local_days),
        calls_max: cap.calls_max,
    };
    least.into_values().map(read).collect()
}

#[cfg(test)]
mod tests {
    use super::super::testing::{campaign_facts, customer_facts, history_of, instant};
    use super::super::{CountedCalls, judge_customer, strictest as binding};
    use super::*;
    use crate::calling_plan::Preset;

    fn cap(calls_max: u32, local_days: u32) -> CallCap {
        CallCap {
            counted: CountedCalls::Dialed,
            over: CapScope::Person,
            local_days,
            calls_max,
        }
    }

    #[test]
    fn the_stricter_of_campaign_and_person_binds_and_says_what_it_counted() {
        let dials = [("2026-03-02T09:30:00+08:00", false)];
        let history = history_of(&dials);
        let now = instant("2026-03-02T10:00:00+08:00");
        let midnight = instant("2026-03-03T00:00:00+08:00");
        for (campaigns, persons, set_by, refused) in [
            (vec![], vec![], None, false),
            (vec![cap(2, 1)], vec![], Some("campaign"), false),
            (vec![cap(1, 1)], vec![], Some("campaign"), true),
            (vec![], vec![cap(1, 1)], Some("person"), true),
            (
                vec![cap(2, 1)],
                vec![cap(1, 1)],
                Some("campaign_and_person"),
                true,
            ),
            (
                vec![cap(1, 1)],
                vec![cap(2, 1)],
                Some("campaign_and_person"),
                true,
            ),
        ] {
            let mut campaign = campaign_facts(Preset::EuGdpr);
            campaign.plan.caps.clone_from(&campaigns);
            let mut facts = customer_facts(&campaign, &history);
            facts.own_caps = &persons;
            let verdicts = judge_customer(&facts, now);
            let own = verdicts.iter().find(|verdict| verdict.rule == "own_caps");
            assert_eq!(own.map(|own| own.facts["set_by"].as_str()), set_by);
            let decision = own.map(|own| own.decision);
            let expected = match (set_by, refused) {
                (None, _) => None,
                (Some(_), false) => Some(Decision::Allow),
                (Some(_), true) => Some(Decision::DeferUntil(midnight)),
            };
            assert_eq!(decision, expected, "{campaigns:?} {persons:?}");
            if refused {
                let own = own.unwrap();
                assert_eq!(own.facts["dialed_per_person_in_1_days"], "1 of 1");
            }
        }
    }

    #[test]
    fn the_last_call_that_a_cap_permits_is_made_and_the_next_waits_for_its_day() {
        let dials = [
            ("2026-03-02T09:30:00+08:00", false),
            ("2026-03-04T09:30:00+08:00", false),
        ];
        let mut campaign = campaign_facts(Preset::EuGdpr);
        campaign.plan.caps = vec![cap(2, 7)];
        let history = history_of(&dials[..1]);
        let facts = customer_facts(&campaign, &history);
        let at = instant("2026-03-05T12:00:00+08:00");
        assert_eq!(OwnCaps.decide(&facts, at).0, Decision::Allow);
        let history = history_of(&dials);
        let facts = customer_facts(&campaign, &history);
        let opens = instant("2026-03-09T00:00:00+08:00");
        assert_eq!(OwnCaps.decide(&facts, at).0, Decision::DeferUntil(opens));
        assert!(binding(&judge_customer(&facts, opens)).is_none_or(|one| one.rule != "own_caps"));
    }
}
