//! Further presets of a campaign: each is judged like the campaign's own, and the strictest verdict of all
//! applies for every rule. Each verdict names its preset.
//!
//! Presets with hours that never overlap, or with contradicting ring times, cannot be combined: the plan is
//! refused.

use super::facts::{CustomerFacts, NumberFacts};
use super::preset::rules_of;
use super::preset::{PresetRules, rules_at};
use super::verdict::{PRESET, Rule, Verdict};
use super::{calling_days, calling_window, consent, frequency_cap, home_location, missing_fact};
use crate::calling_plan::{CallingPlan, Preset};
use crate::time::Timestamp;

/// Returns true if one of the plan's presets requires facts that are not in the plan.
pub fn needs_facts(plan: &CallingPlan, now: Timestamp) -> bool {
    rules_of(plan, now).any(|rules| !rules.needs_facts.is_empty())
}

/// Returns the ring time in milliseconds for a planned one, raised or lowered to what all presets of the
/// plan permit. Plans with presets that contradict one another in this are refused.
pub fn ring_ms(plan: &CallingPlan, planned_ms: u64, now: Timestamp) -> u64 {
    let most = rules_of(plan, now).filter_map(|rules| rules.ring_ms_max).min();
    let least = rules_of(plan, now).filter_map(|rules| rules.ring_ms_min).max();
    planned_ms.min(most.unwrap_or(u64::MAX)).max(least.unwrap_or(0))
}

/// Returns the rules, effective at `now`, of the plan's presets besides its own.
fn each(plan: &CallingPlan, now: Timestamp) -> impl Iterator<Item = &'static PresetRules> {
    plan.also_presets.iter().map(move |preset| rules_at(*preset, now))
}

fn by<F>(rules: &PresetRules, asked: &[&dyn Rule<F>], facts: &F, now: Timestamp) -> Vec<Verdict> {
    let judged = asked.iter().map(|rule| {
        let mut verdict = rule.judge(facts, now);
        verdict.facts.insert(PRESET.to_owned(), rules.named());
        verdict
    });
    judged.collect()
}

/// Returns the verdicts of the plan's additional presets on the customer's side of a dial: missing facts,
/// consent, home location, hours, caps and days.
pub(super) fn judge_customer_side(facts: &CustomerFacts<'_>, now: Timestamp) -> Vec<Verdict> {
    let plan = &facts.campaign.plan;
    let judged = each(plan, now).flat_map(|rules| {
        let coming = Some(rules);
        let facts = CustomerFacts { coming, ..*facts };
        let mut said = by(
            rules,
            &[
                &missing_fact::MissingFact as &dyn Rule<CustomerFacts<'_>>,
                &consent::ConsentGiven,
                &home_location::HomeLocation,
                &calling_window::CallingHours,
                &frequency_cap::FrequencyCaps,
            ],
            &facts,
            now,
        );
        if rules.holidays.is_some() && !plan.trial {
            said.extend(by(rules, &[&calling_days::CallingDay], &facts, now));
        }
        said
    });
    judged.collect()
}

/// Returns the verdicts of the plan's additional presets on a text message to a customer: as for a dial,
/// without caps and days.
pub(super) fn judge_text_side(facts: &CustomerFacts<'_>, now: Timestamp) -> Vec<Verdict> {
    let judged = each(&facts.campaign.plan, now).flat_map(|rules| {
        let coming = Some(rules);
        let facts = CustomerFacts { coming, ..*facts };
        let asked: [&dyn Rule<CustomerFacts<'_>>; 4] = [
            &missing_fact::MissingFact,
            &consent::ConsentGiven,
            &home_location::HomeLocation,
            &calling_window::CallingHours,
        ];
        by(rules, &asked, &facts, now)
    });
    judged.collect()
}

/// Returns the verdicts of the plan's additional presets on the number's side of a dial: the frequency
/// caps.
pub(super) fn judge_number_side(facts: &NumberFacts<'_>, now: Timestamp) -> Vec<Verdict> {
    let judged = each(&facts.campaign.plan, now).flat_map(|rules| {
        let coming = Some(rules);
        let facts = NumberFacts { coming, ..*facts };
        by(rules, &[&frequency_cap::FrequencyCaps], &facts, now)
    });
    judged.collect()
}

/// Two presets of a plan with rules that no dial can satisfy at once, and the reason.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{} and {} contradict each other: {why}", one.code(), other.code())]
pub struct Contradiction {
    pub one: Preset,
    pub other: Preset,
    pub why: &'static str,
}

/// Returns the first two of a plan's presets that contradict one another, considering the plan's hours;
/// `None` if they can be combined.
pub fn contradiction(plan: &CallingPlan, now: Timestamp) -> Option<Contradiction> {
    let all: Vec<&PresetRules> = rules_of(plan, now).collect();
    first_contradiction(&all, |two| calling_window::meet(plan, two, now))
}

fn first_contradiction(
    all: &[&PresetRules],
    meet: impl Fn(&[&PresetRules]) -> bool,
) -> Option<Contradiction> {
    let pairs = all.iter().enumerate();
    let mut pairs = pairs.flat_map(|(at, one)| all.iter().skip(at + 1).map(move |other| (*one, *other)));
    pairs.find_map(|(one, other)| {
        let longer = |min: Option<u64>, max: Option<u64>| min.zip(max).is_some_and(|(min, max)| min > max);
        let why = if !meet(&[one, other]) {
            "their calling hours and the campaign's do not overlap"
        } else if longer(one.ring_ms_min, other.ring_ms_max) || longer(other.ring_ms_min, one.ring_ms_max) {
            "one requires a longer ring time than the other allows"
        } else {
            return None;
        };
        Some(Contradiction {
            one: one.preset,
            other: other.preset,
            why,
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calling_plan::{Basis, Preset};
    use crate::compliance::testing::{campaign_facts, customer_facts, history_of, instant, window};
    use crate::compliance::{Decision, closed_for_all, judge_customer, opening, strictest};
    use crate::working_calendar::Calendars;

    fn both(own: Preset, also: Preset) -> crate::calling_plan::CampaignFacts {
        let mut campaign = campaign_facts(own);
        campaign.plan.window = window("00:00-24:00");
        campaign.plan.basis = Basis::Contract;
        campaign.plan.also_presets = vec![also];
        campaign
    }

    fn binding(
        campaign: &crate::calling_plan::CampaignFacts,
        at: &str,
    ) -> Option<(String, Decision, String)> {
        let history = history_of(&[]);
        let verdicts = judge_customer(&customer_facts(campaign, &history), instant(at));
        let verdict = strictest(&verdicts)?;
        let of = verdict.facts.get(PRESET).cloned().unwrap_or_default();
        Some((verdict.rule.clone(), verdict.decision, of))
    }

    #[test]
    fn the_stricter_hours_bind_whichever_preset_has_them_and_the_verdict_names_it() {
        // cn-collection is open from 8:00 to 22:00, cn-service from 9:00 to 20:00.
        let until_nine = Decision::DeferUntil(instant("2026-03-02T09:00:00+08:00"));
        for (own, also) in [
            (Preset::CnCollection, Preset::CnService),
            (Preset::CnService, Preset::CnCollection),
        ] {
            let campaign = both(own, also);
            let (rule, decision, _) = binding(&campaign, "2026-03-02T08:30:00+08:00").unwrap();
            assert_eq!(
                (rule.as_str(), decision),
                ("calling_window", until_nine),
                "{own:?}"
            );
            assert_eq!(binding(&campaign, "2026-03-02T09:00:00+08:00"), None);
            assert!(binding(&campaign, "2026-03-02T20:00:00+08:00").is_some());
            let closed = closed_for_all(
                &campaign.plan,
                &Calendars::default(),
                instant("2026-03-02T08:30:00+08:00"),
            );
            let closed = closed.unwrap();
            assert_eq!(Decision::DeferUntil(closed.until), until_nine);
            assert!(
                closed.verdict.facts[PRESET].starts_with("cn-service@"),
                "{closed:?}"
            );
        }
        let of = binding(
            &both(Preset::CnCollection, Preset::CnService),
            "2026-03-02T08:30:00+08:00",
        );
        assert!(of.unwrap().2.starts_with("cn-service@"));
    }

    #[test]
    fn a_further_preset_demands_its_consent_and_facts_as_the_first_would() {
        let now = "2026-03-02T10:00:00+08:00";
        let alone = campaign_facts(Preset::CnService);
        assert_eq!(binding(&alone, now), None);
        let (rule, decision, of) = binding(&both(Preset::CnService, Preset::CnMarketing), now).unwrap();
        assert_eq!((rule.as_str(), decision), ("consent", Decision::Forbid));
        assert!(of.starts_with("cn-marketing@"), "{of}");
        let (rule, ..) = binding(&both(Preset::CnService, Preset::UsTsr), now).unwrap();
        assert_eq!(rule, "missing_fact");
    }

    #[test]
    fn hours_that_never_meet_and_ringing_that_is_both_too_long_and_too_short_contradict() {
        let night = |id: &str, opens: &str, closes: &str, ring: &str| {
            let text = format!(
                "id: {id}\nversion: 1\neffective_from: 2026-01-01\nstatus: default\nsource: made up\n\
                 opens: \"{opens}\"\ncloses: \"{closes}\"\nzone: Asia/Shanghai\n{ring}"
            );
            PresetRules::from_yaml(&text).unwrap()
        };
        let now = instant("2026-03-02T10:00:00+08:00");
        let plan = both(Preset::CnService, Preset::CnCollection).plan;
        let contradiction_of = |one: &PresetRules, other: &PresetRules| {
            first_contradiction(&[one, other], |two| calling_window::meet(&plan, two, now))
        };
        let early = night("cn-service", "08:00", "12:00", "ring_ms_min: 20000\n");
        let late = night("cn-collection", "12:00", "20:00", "");
        let meets = night("cn-collection", "11:59", "20:00", "ring_ms_max: 20000\n");
        let short = night("cn-collection", "09:00", "20:00", "ring_ms_max: 19999\n");
        let named = contradiction_of(&early, &late).unwrap();
        assert_eq!(
            (named.one, named.other),
            (Preset::CnService, Preset::CnCollection)
        );
        assert_eq!(contradiction_of(&early, &meets), None);
        assert!(contradiction_of(&short, &early).unwrap().why.contains("ring"));
        assert_eq!(contradiction(&plan, now), None);
        assert_ne!(opening(&plan, now), crate::compliance::WindowOpening::Never);
    }
}
