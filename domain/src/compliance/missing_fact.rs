//! Compliance rule: a preset that needs a fact refuses every dial while the fact is missing or speaks against
//! the dial, and names it.
//!
//! Source: our own rule that unknown means no. It applies to rehearsals too: a preset that cannot be judged
//! cannot be rehearsed either. For `us-tsr`: the registry is at most 31 days old on the day of the call (16
//! CFR 310.4(b)(3)(iv), 47 CFR
//! 64.1200(c)(2)(i)(D)); at most 3 % of answered calls are abandoned and an agent takes over (16 CFR
//! 310.4(b)(4)); a robot is not an agent. Facts that may still come (a list, agents at work) are checked
//! again the next day (version 2); a robot's campaign never has agents. If agents take the calls and none is
//! free, the callee hears the seller's name and number (version 3): a plan without a seller is refused
//! permanently.

use super::facts::CustomerFacts;
use super::preset::{PresetRules, rules_of};
use super::verdict::{Decision, Rule, to_fact_map};
use super::zones::{local, zones_of};
use crate::calling_plan::{CallingPlan, Preset};
use crate::preset_facts::AgentPresence;
use crate::screening::CallTaker;
use crate::time::Timestamp;
use crate::working_calendar::Day;
use std::collections::BTreeMap;

/// The most abandoned calls per thousand answered ones in the safe harbor (16 CFR 310.4(b)(4)(i)).
const ABANDONED_PER_MILLE_MAX: u64 = 30;

/// Number of answers below which the abandoned share is not computed: one abandoned call may exceed it. The
/// account then grants one call per free agent, and only further answers can lower the share.
const ANSWERS_MIN: u64 = 100;

/// Name of the fact that a plan names its seller.
const SELLER_MESSAGE: &str = "seller_message";

/// Milliseconds after which a dial is judged again if a missing fact may become true: a day.
const ASK_AGAIN_MS: u64 = 24 * 3_600_000;

/// Milliseconds ahead of UTC of the zone with the latest day (14 hours). It is used if no zone of the
/// callee is known.
const LATEST_ZONE_MS: u64 = 14 * 3_600_000;

pub(super) struct MissingFact;

impl Rule<CustomerFacts<'_>> for MissingFact {
    fn id(&self) -> &'static str {
        "missing_fact"
    }

    fn version(&self) -> u32 {
        3
    }

    fn effective_from(&self) -> &'static str {
        "2026-11-26"
    }

    fn source(&self) -> &'static str {
        "unknown means no; 16 CFR 310.4(b)(3)(iv), 310.4(b)(4); 47 CFR 64.1200(a)(7), (c)(2)(i)(D)"
    }

    fn decide(&self, facts: &CustomerFacts<'_>, now: Timestamp) -> (Decision, BTreeMap<String, String>) {
        let rules = facts.rules(now);
        let mut seen = BTreeMap::new();
        let mut missing = Vec::new();
        let mut decision = Decision::Allow;
        for fact in &rules.needs_facts {
            let asked = FactCheck { facts, rules, now };
            let found = match asked.found(fact, &mut seen) {
                FactStatus::SaysNo if facts.campaign.kept.assumes_kept() => FactStatus::Good,
                found @ (FactStatus::Good | FactStatus::SaysNo | FactStatus::Never) => found,
            };
            if found != FactStatus::Good {
                missing.push(fact.as_str());
            }
            decision = match (decision, found) {
                (same, FactStatus::Good) => same,
                (Decision::Forbid, _) | (_, FactStatus::Never) => Decision::Forbid,
                (Decision::Allow | Decision::DeferUntil(_), FactStatus::SaysNo) => {
                    Decision::DeferUntil(now.plus_ms(ASK_AGAIN_MS))
                }
            };
        }
        if !missing.is_empty() {
            seen.extend(to_fact_map([("missing", missing.join(", "))]));
        }
        (decision, seen)
    }
}

/// Whether a required fact permits a dial.
#[derive(Clone, Copy, PartialEq, Eq)]
enum FactStatus {
    Good,
    /// Missing so far, or against a dial today.
    SaysNo,
    /// It will never be true.
    Never,
}

struct FactCheck<'a> {
    facts: &'a CustomerFacts<'a>,
    rules: &'a PresetRules,
    now: Timestamp,
}

impl FactCheck<'_> {
    /// Returns the status of a required fact by its name, and adds what it found to `seen`. A name unknown
    /// to this build is `Never`.
    fn found(&self, fact: &str, seen: &mut BTreeMap<String, String>) -> FactStatus {
        match fact {
            "do_not_call_registry" => self.registry(seen),
            "abandon_ratio" => self.abandoned(seen),
            "agents_present" => self.agents(seen),
            SELLER_MESSAGE => self.seller(seen),
            _ => FactStatus::Never,
        }
    }

    fn registry(&self, seen: &mut BTreeMap<String, String>) -> FactStatus {
        let Some(need) = &self.rules.registry else {
            return FactStatus::Never;
        };
        seen.extend(to_fact_map([
            ("registry", need.name.to_string()),
            ("registry_days_max", need.days_max.to_string()),
        ]));
        let list = self.facts.campaign.kept.registries.get(&need.name);
        let Some(as_of) = list.and_then(|list| list.as_of(self.facts.phone)) else {
            return FactStatus::SaysNo;
        };
        let age = as_of.days_to(self.day());
        seen.extend(to_fact_map([
            ("registry_of", as_of.to_string()),
            ("registry_days", age.to_string()),
        ]));
        match age <= i64::from(need.days_max) {
            true => FactStatus::Good,
            false => FactStatus::SaysNo,
        }
    }

    /// Returns the day of the call: the latest of the days in the zones that the callee may be in.
    fn day(&self) -> Day {
        let CustomerFacts { phone, time_zone, .. } = *self.facts;
        let zones = zones_of(self.rules.zone, phone, time_zone).unwrap_or_default();
        let days = zones
            .into_iter()
            .map(|zone| Day::of(local(self.now, zone).date()));
        let latest = || Day::of(self.now.plus_ms(LATEST_ZONE_MS).to_utc().date_naive());
        days.max().unwrap_or_else(latest)
    }

    fn abandoned(&self, seen: &mut BTreeMap<String, String>) -> FactStatus {
        let Some(abandoned) = self.facts.campaign.kept.abandoned else {
            return FactStatus::SaysNo;
        };
        let (drops, answers) = (abandoned.drops, abandoned.answers);
        seen.extend(to_fact_map([("abandoned", format!("{drops} of {answers}"))]));
        let allowed = answers.max(ANSWERS_MIN).saturating_mul(ABANDONED_PER_MILLE_MAX);
        match drops.saturating_mul(1_000) <= allowed {
            true => FactStatus::Good,
            false => FactStatus::SaysNo,
        }
    }

    fn agents(&self, seen: &mut BTreeMap<String, String>) -> FactStatus {
        let relief = self.facts.campaign.plan.relief();
        seen.extend(to_fact_map([("relief", relief.code().to_owned())]));
        match (relief, self.facts.campaign.kept.agents) {
            (CallTaker::Robot, _) => FactStatus::Never,
            (CallTaker::Agents, AgentPresence::Present) => FactStatus::Good,
            (CallTaker::Agents, AgentPresence::Absent) => FactStatus::SaysNo,
        }
    }

    /// Returns whether the plan names a valid seller. Always good for a robot's campaign, which the missing
    /// agents refuse already.
    fn seller(&self, seen: &mut BTreeMap<String, String>) -> FactStatus {
        let plan = &self.facts.campaign.plan;
        if plan.relief() == CallTaker::Robot {
            return FactStatus::Good;
        }
        match &plan.seller {
            Some(seller) if seller.fault().is_none() => {
                seen.extend(to_fact_map([(
                    "seller",
                    format!("{} {}", seller.name, seller.number),
                )]));
                FactStatus::Good
            }
            Some(_) | None => FactStatus::Never,
        }
    }
}

/// Returns the first preset of a plan that requires a seller message for callees without a free agent;
/// `None` if no preset does, or a robot takes the calls.
pub fn demands_seller(plan: &CallingPlan, now: Timestamp) -> Option<Preset> {
    if plan.relief() == CallTaker::Robot {
        return None;
    }
    let demanding =
        rules_of(plan, now).find(|rules| rules.needs_facts.iter().any(|fact| fact == SELLER_MESSAGE));
    demanding.map(|rules| rules.preset)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compliance::testing::{campaign_facts, customer_facts, instant};
    use crate::compliance::{ContactHistory, waits_for_facts};
    use crate::preset_facts::{AbandonmentTotals, PresetFacts};
    use crate::registry_book::{Edition, RegistryBook};
    use crate::screening::Screening;
    use std::sync::Arc;
    use values::seller::Seller;

    /// A Monday morning in New York.
    const NOW: &str = "2026-03-02T10:00:00-05:00";

    #[test]
    fn only_a_preset_that_cannot_be_judged_yet_is_refused_and_names_what_it_lacks() {
        let all = "do_not_call_registry, abandon_ratio, agents_present";
        for preset in Preset::ALL {
            let missing = (preset == Preset::UsTsr).then_some(all);
            let campaign = campaign_facts(preset);
            let history = ContactHistory::default();
            let facts = customer_facts(&campaign, &history);
            let verdict = MissingFact.judge(&facts, instant(NOW));
            assert_eq!(verdict.allows(), missing.is_none(), "{preset:?}");
            assert_eq!(verdict.facts.get("missing").map(String::as_str), missing);
        }
    }

    fn list(as_of: &str, areas: &[&str]) -> Arc<RegistryBook> {
        let mut book = RegistryBook::default();
        let edition = Edition {
            as_of: as_of.parse().unwrap(),
            areas: areas.iter().map(|area| area.parse().unwrap()).collect(),
            digests: None,
            numbers: 3,
            bad: 0,
            uncallable: 0,
        };
        book.take(&"us-dnc".parse().unwrap(), &edition);
        Arc::new(book)
    }

    const fn abandoned(answers: u64, drops: u64) -> Option<AbandonmentTotals> {
        Some(AbandonmentTotals { answers, drops })
    }

    /// Facts that permit a dial; each row changes one of them. The list is 31 days old.
    fn good() -> (Option<CallTaker>, PresetFacts) {
        let mut kept = PresetFacts::default();
        kept.registries = list("2026-01-30", &["202"]);
        kept.abandoned = abandoned(1_000, 30);
        kept.agents = AgentPresence::Present;
        (Some(CallTaker::Agents), kept)
    }

    /// Checks the verdict at `now`; `missing` is `None` if the rule allows.
    fn check_at(
        now: &str,
        change: impl Fn(&mut Option<CallTaker>, &mut PresetFacts),
        missing: Option<&str>,
        for_good: bool,
    ) {
        let now = instant(now);
        let (mut relief, mut kept) = good();
        change(&mut relief, &mut kept);
        let mut campaign = campaign_facts(Preset::UsTsr);
        campaign.plan.screening = Some(Box::new(Screening {
            relief,
            only_listed_on: None,
            number_check: None,
        }));
        campaign.kept = kept;
        let history = ContactHistory::default();
        let mut facts = customer_facts(&campaign, &history);
        (facts.phone, facts.time_zone) = (Some("+12025550123"), Some("America/New_York"));
        let verdict = MissingFact.judge(&facts, now);
        let decision = match (missing, for_good) {
            (None, _) => Decision::Allow,
            (Some(_), true) => Decision::Forbid,
            (Some(_), false) => Decision::DeferUntil(now.plus_ms(ASK_AGAIN_MS)),
        };
        assert_eq!(verdict.decision, decision, "{verdict:?}");
        assert_eq!(verdict.facts.get("missing").map(String::as_str), missing);
        assert_eq!(waits_for_facts(&verdict), missing.is_some() && !for_good);
    }

    fn check(
        change: impl Fn(&mut Option<CallTaker>, &mut PresetFacts),
        missing: Option<&str>,
        for_good: bool,
    ) {
        check_at(NOW, change, missing, for_good);
    }

    #[test]
    fn us_tsr_is_callable_where_its_facts_exist_and_agents_relieve() {
        check(|_, _| {}, None, true);
        check(|_, kept| kept.abandoned = abandoned(0, 0), None, true);
        check(|_, kept| kept.registries = list("2026-01-30", &[]), None, true);
    }

    #[test]
    fn the_list_is_no_more_than_31_days_old_on_the_callees_day() {
        let registry = Some("do_not_call_registry");
        check_at("2026-03-02T23:59:59.999999-05:00", |_, _| {}, None, false);
        check_at("2026-03-03T00:00:00-05:00", |_, _| {}, registry, false);
        check(
            |_, kept| kept.registries = list("2026-01-29", &["202"]),
            registry,
            false,
        );
        check(|_, kept| kept.registries = Arc::default(), registry, false);
        // The list of another area code does not cover this number.
        check(
            |_, kept| kept.registries = list("2026-03-01", &["212"]),
            registry,
            false,
        );
    }

    #[test]
    fn each_of_its_other_facts_refuses_where_it_is_absent_or_against_it() {
        let ratio = Some("abandon_ratio");
        check(|_, kept| kept.abandoned = None, ratio, false);
        for (answers, drops, refused) in [
            (1_000, 31, true),
            (100, 3, false),
            (100, 4, true),
            (10, 3, false),
            (10, 4, true),
        ] {
            let change = |_: &mut Option<CallTaker>, kept: &mut PresetFacts| {
                kept.abandoned = abandoned(answers, drops);
            };
            check(change, ratio.filter(|_| refused), false);
        }
    }

    #[test]
    fn with_a_robot_alone_it_stays_refused_and_agents_must_be_there() {
        let agents = Some("agents_present");
        check(|relief, _| *relief = Some(CallTaker::Robot), agents, true);
        check(|relief, _| *relief = None, agents, true);
        check(|_, kept| kept.agents = AgentPresence::Absent, agents, false);
    }

    /// Version 2 of the preset applies from here; the good facts stay good except for the list's age.
    const SINCE_SELLER: &str = "2026-11-26T10:00:00-05:00";

    fn check_seller(seller: Option<Seller>, relief: CallTaker, missing: Option<&str>) {
        let now = instant(SINCE_SELLER);
        let (_, mut kept) = good();
        kept.registries = list("2026-11-20", &[]);
        let mut campaign = campaign_facts(Preset::UsTsr);
        campaign.plan.seller = seller.map(Box::new);
        campaign.plan.screening = Some(Box::new(Screening {
            relief: Some(relief),
            only_listed_on: None,
            number_check: None,
        }));
        campaign.kept = kept;
        let history = ContactHistory::default();
        let mut facts = customer_facts(&campaign, &history);
        (facts.phone, facts.time_zone) = (Some("+12025550123"), Some("America/New_York"));
        let verdict = MissingFact.judge(&facts, now);
        let decision = missing.map_or(Decision::Allow, |_| Decision::Forbid);
        assert_eq!(verdict.decision, decision, "{verdict:?}");
        assert_eq!(verdict.facts.get("missing").map(String::as_str), missing);
        assert_eq!(verdict.version, 3);
    }

    #[test]
    fn where_agents_relieve_a_plan_without_a_seller_that_can_be_called_is_refused_for_good() {
        let seller = |number: &str| {
            Some(Seller {
                name: "Example Bank".to_owned(),
                number: number.to_owned(),
            })
        };
        check_seller(seller("+12025550100"), CallTaker::Agents, None);
        check_seller(None, CallTaker::Agents, Some("seller_message"));
        check_seller(seller("555 0100"), CallTaker::Agents, Some("seller_message"));
        // With a robot alone the seller does not help: the missing fact is an agent.
        check_seller(seller("+12025550100"), CallTaker::Robot, Some("agents_present"));
        check_seller(None, CallTaker::Robot, Some("agents_present"));
        // The day before, the version without this requirement was in force.
        let plan = |preset| {
            let mut plan = campaign_facts(preset).plan;
            let relief = Some(CallTaker::Agents);
            plan.screening = Some(Box::new(Screening {
                relief,
                ..Screening::default()
            }));
            plan
        };
        let since = instant("2026-11-26T00:00:00Z");
        assert_eq!(demands_seller(&plan(Preset::UsTsr), since), Some(Preset::UsTsr));
        assert_eq!(
            demands_seller(&plan(Preset::UsTsr), instant("2026-11-25T23:59:59Z")),
            None
        );
        assert_eq!(demands_seller(&plan(Preset::CnService), since), None);
    }

    #[test]
    fn a_look_ahead_takes_what_may_come_to_have_come_and_never_a_robot_for_an_agent() {
        check(
            |_, kept| *kept = PresetFacts::default().assuming_kept(),
            None,
            false,
        );
        let robot = |relief: &mut Option<CallTaker>, kept: &mut PresetFacts| {
            (*relief, *kept) = (Some(CallTaker::Robot), kept.assuming_kept());
        };
        check(robot, Some("agents_present"), true);
    }
}
