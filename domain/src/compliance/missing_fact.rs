//! A preset that needs a fact which is not kept refuses every dial and names the fact; so does one whose fact
//! is kept and says no.
//!
//! Source: our own rule that unknown means no. It binds rehearsals too: a preset that cannot be judged
//! cannot be rehearsed either. Of `us-tsr`: the registry is asked within 31 days (16 CFR 310.4(b)(3)(iv)), at
//! most 3 % of answered calls are abandoned and an agent takes over (310.4(b)(4)); a robot is none.

use super::{CustomerFacts, Decision, Rule, named};
use crate::calling_plan::CampaignFacts;
use crate::screening::Relief;
use crate::time::Timestamp;
use std::collections::BTreeMap;

/// How old the registry may be: 31 days (16 CFR 310.4(b)(3)(iv)).
const REGISTRY_AGE_MS: u64 = 31 * 24 * 3_600_000;

/// Abandoned calls of those answered, per mille, that the safe harbor allows (16 CFR 310.4(b)(4)(i)).
const ABANDONED_PER_MILLE_MAX: u64 = 30;

/// What was true once may be true again: asked about the next day.
const ASK_AGAIN_MS: u64 = 24 * 3_600_000;

pub(super) struct MissingFact;

impl Rule<CustomerFacts<'_>> for MissingFact {
    fn id(&self) -> &'static str {
        "missing_fact"
    }

    fn source(&self) -> &'static str {
        "unknown means no"
    }

    fn decide(&self, facts: &CustomerFacts<'_>, now: Timestamp) -> (Decision, BTreeMap<String, String>) {
        let mut seen = BTreeMap::new();
        let mut missing = Vec::new();
        let mut decision = Decision::Allow;
        for fact in &facts.rules(now).needs_facts {
            let found = found(fact, facts.campaign, now, &mut seen);
            if found != Found::Good {
                missing.push(fact.as_str());
            }
            decision = match (decision, found) {
                (same, Found::Good) => same,
                (Decision::Forbid, _) | (_, Found::Absent) => Decision::Forbid,
                (Decision::Allow | Decision::DeferUntil(_), Found::SaysNo) => {
                    Decision::DeferUntil(now.plus_ms(ASK_AGAIN_MS))
                }
            };
        }
        if !missing.is_empty() {
            seen.extend(named([("missing", missing.join(", "))]));
        }
        (decision, seen)
    }
}

/// How it stands with a fact.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Found {
    Good,
    /// Kept, and against a dial today.
    SaysNo,
    Absent,
}

/// A fact that this build does not know is absent.
fn found(fact: &str, campaign: &CampaignFacts, now: Timestamp, seen: &mut BTreeMap<String, String>) -> Found {
    let kept = campaign.kept;
    let mut see = |name: &str, value: String| seen.insert(name.to_owned(), value);
    match fact {
        "do_not_call_registry" => {
            let Some(imported_at) = kept.do_not_call_registry else {
                return Found::Absent;
            };
            see("registry_of", imported_at.to_string());
            match now <= imported_at.plus_ms(REGISTRY_AGE_MS) {
                true => Found::Good,
                false => Found::SaysNo,
            }
        }
        "abandon_ratio" => {
            let Some(abandoned) = kept.abandoned else {
                return Found::Absent;
            };
            see(
                "abandoned",
                format!("{} of {}", abandoned.drops, abandoned.answers),
            );
            let within = abandoned.drops.saturating_mul(1_000)
                <= abandoned.answers.saturating_mul(ABANDONED_PER_MILLE_MAX);
            match within {
                true => Found::Good,
                false => Found::SaysNo,
            }
        }
        "agents_present" => {
            let screening = campaign.plan.screening.as_deref();
            let relief = screening.and_then(|screening| screening.relief);
            let relief = relief.unwrap_or(Relief::Robot);
            see("relief", relief.code().to_owned());
            match (relief, kept.agents_present) {
                (Relief::Robot, _) => Found::Absent,
                (Relief::Agents, true) => Found::Good,
                (Relief::Agents, false) => Found::SaysNo,
            }
        }
        _ => Found::Absent,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calling_plan::Preset;
    use crate::compliance::ContactHistory;
    use crate::compliance::testing::{campaign_facts, customer_facts, instant};
    use crate::screening::{Abandoned, KeptFacts, Screening};

    const NOW: &str = "2026-03-02T10:00:00+08:00";

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

    /// What is good; one thing is changed in each row.
    fn good(now: Timestamp) -> (Option<Relief>, KeptFacts) {
        let kept = KeptFacts {
            do_not_call_registry: Some(now.minus_ms(REGISTRY_AGE_MS)),
            abandoned: Some(Abandoned {
                answers: 1_000,
                drops: 30,
            }),
            agents_present: true,
        };
        (Some(Relief::Agents), kept)
    }

    /// `missing`: none allows.
    fn check(change: fn(&mut Option<Relief>, &mut KeptFacts), missing: Option<&str>, for_good: bool) {
        let now = instant(NOW);
        let (mut relief, mut kept) = good(now);
        change(&mut relief, &mut kept);
        let mut campaign = campaign_facts(Preset::UsTsr);
        campaign.plan.screening = Some(Box::new(Screening {
            relief,
            only_listed_on: None,
            number_check: None,
        }));
        campaign.kept = kept;
        let history = ContactHistory::default();
        let verdict = MissingFact.judge(&customer_facts(&campaign, &history), now);
        let decision = match (missing, for_good) {
            (None, _) => Decision::Allow,
            (Some(_), true) => Decision::Forbid,
            (Some(_), false) => Decision::DeferUntil(now.plus_ms(ASK_AGAIN_MS)),
        };
        assert_eq!(verdict.decision, decision, "{verdict:?}");
        assert_eq!(verdict.facts.get("missing").map(String::as_str), missing);
    }

    #[test]
    fn us_tsr_is_callable_where_its_facts_exist_and_agents_relieve() {
        check(|_, _| {}, None, true);
        check(
            |_, kept| kept.abandoned = Some(Abandoned { answers: 0, drops: 0 }),
            None,
            true,
        );
    }

    #[test]
    fn each_of_its_facts_refuses_where_it_is_absent_stale_or_against_it() {
        let registry = Some("do_not_call_registry");
        check(|_, kept| kept.do_not_call_registry = None, registry, true);
        let stale: fn(&mut Option<Relief>, &mut KeptFacts) = |_, kept| {
            let last = kept.do_not_call_registry.unwrap();
            kept.do_not_call_registry = Some(Timestamp::from_micros(last.micros() - 1));
        };
        check(stale, registry, false);
        let ratio = Some("abandon_ratio");
        check(|_, kept| kept.abandoned = None, ratio, true);
        let above: fn(&mut Option<Relief>, &mut KeptFacts) = |_, kept| {
            kept.abandoned = Some(Abandoned {
                answers: 1_000,
                drops: 31,
            });
        };
        check(above, ratio, false);
    }

    #[test]
    fn with_a_robot_alone_it_stays_refused_and_agents_must_be_there() {
        let agents = Some("agents_present");
        check(|relief, _| *relief = Some(Relief::Robot), agents, true);
        check(|relief, _| *relief = None, agents, true);
        check(|_, kept| kept.agents_present = false, agents, false);
    }
}
