//! The `decide` node: continues at the first rule with all conditions met. Conditions test variables and
//! slots, the last intent, interest, offer and emotion, and how often nodes were entered. It says nothing.

use super::super::fault::DefinitionFault;
use super::node_kind::{NodeContext, NodeKind, NodeReference, RunFacts, undefined};
use serde::{Deserialize, Serialize};
use values::emotion::EmotionLevel;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "DecideNode")]
pub struct DecideNode {
    pub rules: Vec<DecideRule>,
    pub otherwise: String,
}

/// A rule: continues at `next` if every condition holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DecideRule {
    pub when: Vec<Condition>,
    pub next: String,
}

/// One condition. Either a `value` with one of `equals`, `at_least`, `at_most` and `present`; or a list of
/// `intent`, `interest` or `offer`, and one entry must match; or `emotion_at_least`, which never holds if the
/// campaign does not permit it; or a node that was `entered` at least `at_least` times.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "DecideCondition")]
pub struct Condition {
    /// Name of a variable or slot.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub equals: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_least: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_most: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub present: Option<bool>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub intent: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub interest: Vec<String>,
    /// Names of offers; holds if the customer has one of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub offer: Vec<String>,
    /// The callee's last measured emotion is at least this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub emotion_at_least: Option<EmotionLevel>,
    /// Name of a node; counts how often it was entered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entered: Option<String>,
}

impl Condition {
    fn holds(&self, facts: &RunFacts<'_>) -> bool {
        let among =
            |list: &[String], one: Option<&str>| one.is_some_and(|one| list.iter().any(|it| it == one));
        if let Some(node) = &self.entered {
            let count = facts.entered.get(node).copied().unwrap_or_default();
            return self.at_least.is_none_or(|least| i64::from(count) >= least);
        }
        if !self.intent.is_empty() {
            return among(&self.intent, facts.intent);
        }
        if !self.interest.is_empty() {
            return among(&self.interest, facts.interest);
        }
        if !self.offer.is_empty() {
            return among(&self.offer, facts.offer);
        }
        if let Some(least) = self.emotion_at_least {
            return facts.emotion.is_some_and(|emotion| emotion >= least);
        }
        let named = self.value.as_ref().and_then(|name| facts.values.get(name));
        self.holds_of(named.map(String::as_str))
    }

    /// Returns true if the condition holds for a variable's value; `None` and blank are a missing value,
    /// for which only `present: false` holds.
    pub fn holds_of(&self, value: Option<&str>) -> bool {
        let value = value.map(str::trim).filter(|value| !value.is_empty());
        if let Some(wanted) = self.present {
            return value.is_some() == wanted;
        }
        let Some(value) = value else { return false };
        let number = || value.parse::<i64>().ok();
        if let Some(least) = self.at_least {
            return number().is_some_and(|number| number >= least);
        }
        if let Some(most) = self.at_most {
            return number().is_some_and(|number| number <= most);
        }
        self.equals.as_deref() == Some(value)
    }

    /// Returns true if the condition has exactly one subject and the comparison that belongs to it.
    fn is_one(&self) -> bool {
        let count = |given: &[bool]| given.iter().filter(|given| **given).count();
        let compared = [
            self.equals.is_some(),
            self.at_least.is_some(),
            self.at_most.is_some(),
            self.present.is_some(),
        ];
        let subjects = [
            self.value.is_some(),
            !self.intent.is_empty(),
            !self.interest.is_empty(),
            !self.offer.is_empty(),
            self.emotion_at_least.is_some(),
            self.entered.is_some(),
        ];
        let compared = count(&compared);
        let fits = match (&self.value, &self.entered) {
            (Some(_), None) => compared == 1,
            (None, Some(_)) => compared == 1 && self.at_least.is_some(),
            (None, None) => compared == 0,
            (Some(_), Some(_)) => false,
        };
        fits && count(&subjects) == 1
    }
}

impl DecideNode {
    fn held(&self, facts: &RunFacts<'_>) -> Option<(usize, &DecideRule)> {
        let mut rules = self.rules.iter().enumerate();
        rules.find(|(_, rule)| rule.when.iter().all(|condition| condition.holds(facts)))
    }
}

impl NodeKind for DecideNode {
    fn text(&self) -> Option<&str> {
        None
    }

    fn value_tests(&self) -> Vec<String> {
        let conditions = self.rules.iter().flat_map(|rule| &rule.when);
        let of_values = conditions.filter(|condition| condition.value.is_some());
        of_values.map(|condition| format!("{condition:?}")).collect()
    }

    fn offers(&self) -> Vec<(String, &str)> {
        let rules = self.rules.iter().enumerate();
        rules
            .flat_map(|(index, rule)| {
                let offers = rule.when.iter().flat_map(|condition| &condition.offer);
                offers.map(move |offer| (format!("rules[{index}]"), offer.as_str()))
            })
            .collect()
    }

    fn targets(&self) -> Vec<NodeReference<'_>> {
        let rules = self.rules.iter().enumerate();
        rules
            .map(|(index, rule)| NodeReference::automatic(format!("rules[{index}].next"), &rule.next))
            .chain([NodeReference::automatic("otherwise", &self.otherwise)])
            .collect()
    }

    fn next(&self, facts: &RunFacts<'_>) -> Option<&str> {
        let held = self.held(facts);
        Some(held.map_or(&self.otherwise, |(_, rule)| &rule.next))
    }

    fn rule(&self, facts: &RunFacts<'_>) -> Option<String> {
        let held = self.held(facts);
        Some(held.map_or_else(|| "otherwise".to_owned(), |(index, _)| format!("rules[{index}]")))
    }

    fn check(&self, place: &NodeContext<'_>, faults: &mut Vec<DefinitionFault>) {
        for (index, rule) in self.rules.iter().enumerate() {
            let member = place.member(&format!("rules[{index}]"));
            if rule.when.is_empty() || !rule.when.iter().all(Condition::is_one) {
                faults.push(DefinitionFault::BadRule {
                    member: member.clone(),
                });
            }
            for condition in &rule.when {
                if let Some(name) = &condition.value
                    && !place.declares(name)
                {
                    faults.push(undefined(&member, name));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, from_value, json};
    use std::collections::BTreeMap;

    #[test]
    fn a_condition_holds_on_its_boundary_and_says_one_thing() {
        let values: BTreeMap<String, String> = [("term".to_owned(), "3".to_owned())].into();
        let entered: BTreeMap<String, u32> = [("menu".to_owned(), 2)].into();
        let facts = RunFacts {
            values: &values,
            intent: Some("affirm"),
            interest: Some("高"),
            offer: Some("premium"),
            emotion: Some(EmotionLevel::Raised),
            entered: &entered,
        };
        let read = |value: Value| from_value::<Condition>(value).unwrap();
        for (condition, holds) in [
            (json!({"value": "term", "equals": "3"}), true),
            (json!({"value": "term", "at_least": 3}), true),
            (json!({"value": "term", "at_least": 4}), false),
            (json!({"value": "term", "at_most": 2}), false),
            (json!({"value": "gone", "present": false}), true),
            (json!({"value": "gone", "equals": ""}), false),
            (json!({"intent": ["deny", "affirm"]}), true),
            (json!({"interest": ["低"]}), false),
            (json!({"offer": ["regular", "premium"]}), true),
            (json!({"offer": ["regular"]}), false),
            (json!({"emotion_at_least": "raised"}), true),
            (json!({"emotion_at_least": "angry"}), false),
            (json!({"entered": "menu", "at_least": 2}), true),
            (json!({"entered": "menu", "at_least": 3}), false),
        ] {
            let condition = read(condition);
            assert_eq!(condition.holds(&facts), holds, "{condition:?}");
            assert!(condition.is_one(), "{condition:?}");
        }
        for two in [
            json!({"value": "term", "equals": "3", "at_least": 3}),
            json!({"value": "term", "intent": ["deny"], "equals": "3"}),
            json!({"entered": "menu", "equals": "3"}),
            json!({"emotion_at_least": "raised", "interest": ["高"]}),
            json!({}),
        ] {
            assert!(!read(two.clone()).is_one(), "{two}");
        }
    }
}
