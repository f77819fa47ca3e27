//! Compliance rule: how often one person, one number or one matter may be dialed in a period, over all
//! campaigns.
//!
//! Source, as far as known: the caps of `preset.rs`, each with its own. Answered and unanswered calls are
//! counted separately; an open grant counts as both. A day is the callee's local day; if several zones are
//! possible, the cap applies in each.

use super::call_counts::judge_caps;
use super::facts::Counters;
use super::facts::{CustomerFacts, NumberFacts};
use super::preset::{CountedOver, FrequencyCap, PresetRules};
use super::verdict::{Decision, Rule};
use super::zones::{UnknownZone, zones_of};
use crate::time::Timestamp;
use std::collections::BTreeMap;

pub(super) struct FrequencyCaps;

const ID: &str = "frequency_cap";
const SOURCE: &str = "the preset's caps, each with its source";

impl Rule<CustomerFacts<'_>> for FrequencyCaps {
    fn id(&self) -> &'static str {
        ID
    }

    fn source(&self) -> &'static str {
        SOURCE
    }

    fn decide(&self, facts: &CustomerFacts<'_>, now: Timestamp) -> (Decision, BTreeMap<String, String>) {
        let caps = caps_over(facts.rules(now), &[CountedOver::Person, CountedOver::Matter]);
        let counters = Counters {
            history: facts.history,
            matter: &facts.campaign.campaign,
        };
        let preset_zone = facts.rules(now).zone;
        let zones = zones_of(preset_zone, facts.phone, facts.time_zone);
        judge_caps(&caps, &counters, zones, now)
    }
}

impl Rule<NumberFacts<'_>> for FrequencyCaps {
    fn id(&self) -> &'static str {
        ID
    }

    fn source(&self) -> &'static str {
        SOURCE
    }

    fn decide(&self, facts: &NumberFacts<'_>, now: Timestamp) -> (Decision, BTreeMap<String, String>) {
        let caps = caps_over(facts.rules(now), &[CountedOver::Number]);
        let counters = Counters {
            history: facts.history,
            matter: &facts.campaign.campaign,
        };
        // The number keeps no digits, so only a preset's own zone is known here.
        let preset_zone = facts.rules(now).zone;
        let zones = preset_zone.map(|zone| vec![zone]).ok_or(UnknownZone::Region);
        judge_caps(&caps, &counters, zones, now)
    }
}

fn caps_over(rules: &PresetRules, over: &[CountedOver]) -> Vec<FrequencyCap> {
    let caps = rules.caps.iter();
    caps.filter(|cap| over.contains(&cap.over)).copied().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calling_plan::Preset;
    use crate::compliance::ContactHistory;
    use crate::compliance::testing::{
        campaign_facts, customer_facts, history_of, instant, nth_call, number_facts,
    };

    fn decision(opens_at: Option<&str>) -> Decision {
        opens_at.map_or(Decision::Allow, |at| Decision::DeferUntil(instant(at)))
    }

    fn check_number(preset: Preset, dials: &[(&str, bool)], now: &str, opens_at: Option<&str>) {
        let campaign = campaign_facts(preset);
        let history = history_of(dials);
        let (said, seen) = FrequencyCaps.decide(&number_facts(&campaign, &history), instant(now));
        assert_eq!(said, decision(opens_at), "{preset:?} {dials:?} {now} {seen:?}");
    }

    fn check_customer(preset: Preset, dials: &[(&str, bool)], now: &str, opens_at: Option<&str>) {
        let campaign = campaign_facts(preset);
        let history = history_of(dials);
        let mut facts = customer_facts(&campaign, &history);
        if preset == Preset::UsRegf {
            (facts.phone, facts.time_zone) = (Some("+12025550123"), Some("America/New_York"));
        }
        let (said, seen) = FrequencyCaps.decide(&facts, instant(now));
        assert_eq!(said, decision(opens_at), "{preset:?} {dials:?} {now} {seen:?}");
    }

    #[test]
    fn a_number_is_dialed_twice_a_beijing_day() {
        let first = ("2026-03-02T00:00:00+08:00", true);
        let second = ("2026-03-02T10:00:01+08:00", false);
        for preset in [Preset::CnService, Preset::CnMarketing] {
            check_number(preset, &[], "2026-03-02T10:00:02+08:00", None);
            check_number(preset, &[first], "2026-03-02T10:00:02+08:00", None);
            let tomorrow = Some("2026-03-03T00:00:00+08:00");
            check_number(preset, &[first, second], "2026-03-02T10:00:02+08:00", tomorrow);
            check_number(
                preset,
                &[first, second],
                "2026-03-02T23:59:59.999999+08:00",
                tomorrow,
            );
            check_number(preset, &[first, second], "2026-03-03T00:00:00+08:00", None);
        }
        let leap_day = [
            ("2028-02-28T19:00:00+08:00", false),
            ("2028-02-28T19:10:00+08:00", false),
        ];
        check_number(
            Preset::CnService,
            &leap_day,
            "2028-02-28T19:20:00+08:00",
            Some("2028-02-29T00:00:00+08:00"),
        );
    }

    #[test]
    fn an_open_grant_counts_until_released() {
        let campaign = campaign_facts(Preset::CnService);
        let now = instant("2026-03-02T10:00:02+08:00");
        let mut history = history_of(&[("2026-03-02T10:00:00+08:00", true)]);
        history.grant(nth_call(1), campaign.campaign.clone(), now);
        let refused = FrequencyCaps.decide(&number_facts(&campaign, &history), now).0;
        assert_eq!(refused, decision(Some("2026-03-03T00:00:00+08:00")));
        history.release(nth_call(1));
        assert_eq!(
            FrequencyCaps.decide(&number_facts(&campaign, &history), now).0,
            Decision::Allow
        );
    }

    #[test]
    fn a_debtor_is_reached_three_times_a_day_and_a_number_rings_in_vain_six_times() {
        let at = |hour: u32| format!("2026-03-02T{hour:02}:00:00+08:00");
        let hours: Vec<String> = (8..15).map(at).collect();
        let dials = |answered: bool, count: usize| -> Vec<(&str, bool)> {
            hours
                .iter()
                .take(count)
                .map(|at| (at.as_str(), answered))
                .collect()
        };
        let (now, tomorrow) = ("2026-03-02T15:00:00+08:00", "2026-03-03T00:00:00+08:00");
        let preset = Preset::CnCollection;
        check_customer(preset, &dials(true, 2), now, None);
        check_customer(preset, &dials(true, 3), now, Some(tomorrow));
        check_customer(preset, &dials(false, 6), now, None);
        check_number(preset, &dials(false, 5), now, None);
        check_number(preset, &dials(false, 6), now, Some(tomorrow));
        check_number(preset, &dials(true, 6), now, None);
        check_number(preset, &dials(false, 6), tomorrow, None);
    }

    #[test]
    fn a_cloud_trunk_takes_three_in_five_minutes_and_five_in_a_day() {
        let at = |text: &'static str| (text, false);
        let three = [
            at("2026-03-02T10:00:00+08:00"),
            at("2026-03-02T10:01:00+08:00"),
            at("2026-03-02T10:02:00+08:00"),
        ];
        let preset = Preset::CnCloudTrunk;
        let first_leaves = "2026-03-02T10:05:00+08:00";
        check_number(preset, &three[..2], "2026-03-02T10:02:00+08:00", None);
        check_number(
            preset,
            &three,
            "2026-03-02T10:04:59.999999+08:00",
            Some(first_leaves),
        );
        check_number(preset, &three, first_leaves, None);
        let mut five = three.to_vec();
        five.extend([at("2026-03-02T12:00:00+08:00"), at("2026-03-02T14:00:00+08:00")]);
        let a_day_later = "2026-03-03T10:00:00+08:00";
        check_number(preset, &five[..4], "2026-03-02T15:00:00+08:00", None);
        check_number(
            preset,
            &five,
            "2026-03-03T09:59:59.999999+08:00",
            Some(a_day_later),
        );
        check_number(preset, &five, a_day_later, None);
    }

    #[test]
    fn a_debt_is_called_about_seven_times_in_seven_days_and_not_after_a_conversation() {
        let preset = Preset::UsRegf;
        let at = |day: u32| format!("2026-03-{day:02}T10:00:00-05:00");
        let days: Vec<String> = (1..8).map(at).collect();
        let in_vain: Vec<(&str, bool)> = days.iter().map(|at| (at.as_str(), false)).collect();
        // 2026-03-08 is the eighth day, and the day on which clocks go forward.
        check_customer(preset, &in_vain[..6], "2026-03-07T10:00:01-05:00", None);
        let eighth = Some("2026-03-08T00:00:00-05:00");
        check_customer(preset, &in_vain, "2026-03-07T10:00:01-05:00", eighth);
        check_customer(preset, &in_vain, "2026-03-07T23:59:59.999999-05:00", eighth);
        check_customer(preset, &in_vain, "2026-03-08T00:00:00-05:00", None);

        let spoken = [("2026-03-02T10:00:00-05:00", true)];
        let free_again = "2026-03-09T00:00:00-04:00";
        check_customer(preset, &spoken, "2026-03-02T10:30:00-05:00", Some(free_again));
        check_customer(
            preset,
            &spoken,
            "2026-03-08T23:59:59.999999-04:00",
            Some(free_again),
        );
        check_customer(preset, &spoken, free_again, None);
    }

    #[test]
    fn another_matter_counts_apart_and_another_campaign_of_one_person_does_not() {
        let mut elsewhere = ContactHistory::default();
        let now = instant("2026-03-02T10:00:00-05:00");
        for attempt in 1..=3 {
            elsewhere.grant(nth_call(attempt), "OTHER".parse().unwrap(), now);
            elsewhere.close(nth_call(attempt), now, true);
        }
        for (preset, allowed) in [(Preset::UsRegf, true), (Preset::CnCollection, false)] {
            let campaign = campaign_facts(preset);
            let facts = customer_facts(&campaign, &elsewhere);
            let verdict = Rule::<CustomerFacts<'_>>::judge(&FrequencyCaps, &facts, now);
            assert_eq!(verdict.allows(), allowed, "{preset:?}");
        }
    }

    #[test]
    fn an_unknown_day_forbids() {
        let campaign = campaign_facts(Preset::UsRegf);
        let history = ContactHistory::default();
        let mut facts = customer_facts(&campaign, &history);
        facts.phone = Some("+2902123");
        let now = instant("2026-03-02T10:00:00-05:00");
        assert_eq!(FrequencyCaps.decide(&facts, now).0, Decision::Forbid);
    }
}
