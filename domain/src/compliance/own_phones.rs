//! Compliance rule: a campaign in its test stage that is limited to our own phones calls no other number. It
//! makes no call while the list of our own phones is unknown.
//!
//! Source: the campaign's own plan (DEP-7: in tests simulated or internal numbers). A number that is not ours
//! is checked again the next day: the campaign may then be in its pilot.

use super::facts::CustomerFacts;
use super::verdict::{Decision, Rule, to_fact_map};
use crate::time::Timestamp;
use std::collections::BTreeMap;
use values::go_live::Stage;

/// Milliseconds after which a refused dial is judged again: a day.
const ASK_AGAIN_MS: u64 = 24 * 3_600_000;

pub(super) struct OwnPhonesOnly;

/// Returns true if the plan limits the test stage to our own phones.
pub(super) fn are_asked(facts: &CustomerFacts<'_>) -> bool {
    facts.campaign.plan.stages.is_some_and(|stages| stages.own_phones)
}

impl Rule<CustomerFacts<'_>> for OwnPhonesOnly {
    fn id(&self) -> &'static str {
        "own_phones"
    }

    fn effective_from(&self) -> &'static str {
        "2026-11-26"
    }

    fn source(&self) -> &'static str {
        "the campaign's plan"
    }

    fn decide(&self, facts: &CustomerFacts<'_>, now: Timestamp) -> (Decision, BTreeMap<String, String>) {
        let kept = &facts.campaign.kept;
        if !kept.under_test || kept.assumes_kept() {
            return (Decision::Allow, BTreeMap::new());
        }
        let stage = ("stage", Stage::Test.code().to_owned());
        let why = match (&kept.own_phones, facts.phone) {
            (Some(own), Some(phone)) if own.holds(phone) => return (Decision::Allow, to_fact_map([stage])),
            (Some(_), _) => "not_own_phone",
            (None, _) => "own_phones_unknown",
        };
        let later = Decision::DeferUntil(now.plus_ms(ASK_AGAIN_MS));
        (later, to_fact_map([stage, ("because", why.to_owned())]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calling_plan::Preset;
    use crate::compliance::testing::{campaign_facts, customer_facts, instant};
    use crate::compliance::{ContactHistory, judge_customer, strictest, waits_for_facts};
    use crate::preset_facts::{OwnNumbers, PresetFacts};
    use std::sync::Arc;
    use values::go_live::StagePlan;

    #[test]
    fn under_test_only_our_own_phones_are_called_and_none_while_they_are_not_known() {
        let own = |phone: &str| Some(Arc::new(OwnNumbers::of([phone.to_owned()])));
        let (ours, other) = ("+8613800138000", "+8613800138001");
        for (is_asked, under_test, known, because) in [
            (true, true, own(ours), None),
            (true, true, own(other), Some("not_own_phone")),
            (true, true, None, Some("own_phones_unknown")),
            (true, false, own(other), None),
            (false, true, own(other), None),
        ] {
            let mut campaign = campaign_facts(Preset::CnService);
            campaign.plan.stages = Some(StagePlan {
                own_phones: is_asked,
                ..StagePlan::beginning_at(Stage::Test)
            });
            campaign.kept = PresetFacts::of_stage(under_test);
            campaign.kept.own_phones = known;
            let history = ContactHistory::default();
            let facts = customer_facts(&campaign, &history);
            let now = instant("2026-03-02T10:00:00+08:00");
            let verdicts = judge_customer(&facts, now);
            let refused = strictest(&verdicts);
            assert_eq!(
                refused
                    .and_then(|one| one.facts.get("because"))
                    .map(String::as_str),
                because
            );
            if let Some(refused) = refused {
                assert_eq!(refused.rule, "own_phones");
                assert_eq!(refused.decision, Decision::DeferUntil(now.plus_ms(ASK_AGAIN_MS)));
                assert!(waits_for_facts(refused), "why-not says when it is asked again");
            }
        }
    }
}
