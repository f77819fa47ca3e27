//! Compliance rule: an enrolment is dialed as often as the campaign's retry policy permits, and at most a few
//! times uncharged.
//!
//! Source: the campaign's plan (3 retries by default, requirement CMP-3); at most 3 uncharged dials (call
//! progress). A callback may exceed it: the person requested that call. The spacing is the enrolment's due
//! time, which the customer keeps.

use super::facts::CustomerFacts;
use super::verdict::{Decision, Rule, to_fact_map};
use crate::time::Timestamp;
use std::collections::BTreeMap;

pub(super) struct RetriesLeft;

impl Rule<CustomerFacts<'_>> for RetriesLeft {
    fn id(&self) -> &'static str {
        "retry_policy"
    }

    fn version(&self) -> u32 {
        2
    }

    fn effective_from(&self) -> &'static str {
        "2026-11-23"
    }

    fn source(&self) -> &'static str {
        "the campaign's plan; CMP-3"
    }

    fn decide(&self, facts: &CustomerFacts<'_>, now: Timestamp) -> (Decision, BTreeMap<String, String>) {
        let policy = &facts.campaign.plan.retry_policy;
        let mut seen = to_fact_map([
            ("charged_dials", facts.charged_dials.to_string()),
            ("retries_max", policy.retries_max.to_string()),
            ("uncharged_dials", facts.uncharged_dials.to_string()),
            ("uncharged_max", policy.uncharged_max.to_string()),
        ]);
        let calls_max = policy.calls_max;
        seen.extend(calls_max.map(|calls_max| ("calls_max".to_owned(), calls_max.to_string())));
        if policy.permits_another(facts.charged_dials, facts.uncharged_dials) {
            return (Decision::Allow, seen);
        }
        // A requested callback is made whatever the policy has left.
        if let Some(at) = facts.callback.filter(|at| now >= *at) {
            seen.insert("callback_at".to_owned(), at.to_string());
            return (Decision::Allow, seen);
        }
        (Decision::Forbid, seen)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calling_plan::Preset;
    use crate::compliance::ContactHistory;
    use crate::compliance::testing::{campaign_facts, customer_facts, instant};

    #[test]
    fn three_retries_are_four_calls_and_the_third_uncharged_dial_is_the_last() {
        for (charged, uncharged, uncharged_max, decision) in [
            (0, 0, 3, Decision::Allow),
            (3, 2, 3, Decision::Allow),
            (4, 0, 3, Decision::Forbid),
            (0, 3, 3, Decision::Forbid),
            (0, 0, 0, Decision::Allow),
            (0, 1, 0, Decision::Forbid),
        ] {
            let mut campaign = campaign_facts(Preset::CnService);
            campaign.plan.retry_policy.uncharged_max = uncharged_max;
            let history = ContactHistory::default();
            let mut facts = customer_facts(&campaign, &history);
            (facts.charged_dials, facts.uncharged_dials) = (charged, uncharged);
            let (said, _) = RetriesLeft.decide(&facts, instant("2026-03-02T10:00:00+08:00"));
            assert_eq!(said, decision, "{charged} {uncharged} {uncharged_max}");
        }
    }
}
