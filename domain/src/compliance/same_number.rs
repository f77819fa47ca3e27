//! Compliance rule: a phone with two customer ids is called only for the first one, if the campaign calls
//! each number once.
//!
//! Source: no regulation; the operator's default for new campaigns. If each customer is called about a matter
//! of their own (collection), the campaign says `by_customer` and this rule does not apply.

use super::facts::NumberFacts;
use super::verdict::{Decision, Rule, to_fact_map};
use crate::time::Timestamp;
use std::collections::BTreeMap;

/// The name of this rule; also stored with an enrolment that a list import left out because of it.
pub const SAME_NUMBER: &str = "same_number";

pub(super) struct SameNumber;

impl Rule<NumberFacts<'_>> for SameNumber {
    fn id(&self) -> &'static str {
        SAME_NUMBER
    }

    fn source(&self) -> &'static str {
        "operator default"
    }

    fn decide(&self, facts: &NumberFacts<'_>, _now: Timestamp) -> (Decision, BTreeMap<String, String>) {
        match facts.claimed_by {
            None => (Decision::Allow, BTreeMap::new()),
            Some(customer) => (Decision::Forbid, to_fact_map([("same_as", customer.to_string())])),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{campaign_facts, customer, instant, number_facts};
    use super::super::{ContactHistory, judge_number, strictest};
    use super::SAME_NUMBER;
    use crate::calling_plan::{DuplicatePolicy, Preset};

    /// Returns the rule that forbids a dial to a number claimed by another customer, under this choice.
    fn forbidding(duplicates: Option<DuplicatePolicy>, is_claimed: bool) -> Option<String> {
        let mut campaign = campaign_facts(Preset::CnService);
        campaign.plan.duplicates = duplicates;
        let (history, other) = (ContactHistory::default(), customer());
        let mut facts = number_facts(&campaign, &history);
        facts.claimed_by = is_claimed.then_some(&other);
        let verdicts = judge_number(&facts, instant("2026-03-02T10:00:00+08:00"));
        strictest(&verdicts).map(|verdict| verdict.rule.clone())
    }

    #[test]
    fn a_number_that_is_called_for_another_is_forbidden_only_where_the_campaign_calls_by_number() {
        for (duplicates, is_claimed, rule) in [
            (
                Some(DuplicatePolicy::ByNumber),
                true,
                Some(SAME_NUMBER.to_owned()),
            ),
            (Some(DuplicatePolicy::ByNumber), false, None),
            (Some(DuplicatePolicy::ByCustomer), true, None),
            (None, true, None),
        ] {
            assert_eq!(
                forbidding(duplicates, is_claimed),
                rule,
                "{duplicates:?} {is_claimed}"
            );
        }
    }
}
