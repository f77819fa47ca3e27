//! Compliance rule: if a campaign requires a list of numbers, only numbers on it are dialed.
//!
//! Source: the campaign's own plan. A number on no list is not on this one: unknown means no.

use super::facts::NumberFacts;
use super::verdict::{Decision, Rule, to_fact_map};
use crate::time::Timestamp;
use std::collections::BTreeMap;

pub(super) struct OnWhiteList;

impl Rule<NumberFacts<'_>> for OnWhiteList {
    fn id(&self) -> &'static str {
        "white_list"
    }

    fn effective_from(&self) -> &'static str {
        "2026-11-23"
    }

    fn source(&self) -> &'static str {
        "the campaign's plan"
    }

    fn decide(&self, facts: &NumberFacts<'_>, _now: Timestamp) -> (Decision, BTreeMap<String, String>) {
        let screening = facts.campaign.plan.screening.as_deref();
        let Some(list) = screening.and_then(|screening| screening.only_listed_on.as_ref()) else {
            return (Decision::Allow, BTreeMap::new());
        };
        let list_seen = ("list", list.to_string());
        if facts.listed_on.contains(list) {
            return (Decision::Allow, to_fact_map([list_seen]));
        }
        let because = ("because", "not_listed".to_owned());
        (Decision::Forbid, to_fact_map([list_seen, because]))
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{campaign_facts, instant, number_facts};
    use super::super::{ContactHistory, judge_number, strictest};
    use crate::calling_plan::Preset;
    use crate::screening::{NumberListName, Screening};

    #[test]
    fn only_a_number_on_the_demanded_list_is_dialed_and_without_a_demand_no_list_counts() {
        let list: NumberListName = "consented-2026".parse().unwrap();
        let other: NumberListName = "consented-2025".parse().unwrap();
        for (demanded, listed_on, rule, count) in [
            (None, vec![], None, 3),
            (Some(&list), vec![list.clone()], None, 4),
            (Some(&list), vec![other.clone(), list.clone()], None, 4),
            (Some(&list), vec![other], Some("white_list"), 4),
            (Some(&list), vec![], Some("white_list"), 4),
        ] {
            let mut campaign = campaign_facts(Preset::CnService);
            campaign.plan.screening = demanded.map(|list| {
                Box::new(Screening {
                    relief: None,
                    only_listed_on: Some(list.clone()),
                    number_check: None,
                })
            });
            let history = ContactHistory::default();
            let mut facts = number_facts(&campaign, &history);
            facts.listed_on = &listed_on;
            let verdicts = judge_number(&facts, instant("2026-03-02T10:00:00+08:00"));
            let binding = strictest(&verdicts).map(|verdict| verdict.rule.as_str());
            assert_eq!((binding, verdicts.len()), (rule, count), "{listed_on:?}");
        }
    }
}
