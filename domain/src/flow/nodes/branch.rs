//! The `branch` node: continues at the first case that holds for a variable's value, else at `otherwise`. It
//! says nothing.

use super::super::fault::DefinitionFault;
use super::node_kind::{NodeContext, NodeKind, NodeReference, RunFacts, undefined};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BranchNode {
    pub when: Vec<BranchCase>,
    pub otherwise: String,
}

/// One case: a variable and exactly one of `equals`, `one_of`, `at_least` and `present`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BranchCase {
    pub variable: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub equals: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub one_of: Option<Vec<String>>,
    /// Holds if the value is a whole number of at least this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_least: Option<i64>,
    /// True: holds if the variable has a value that is not blank. False: holds if it has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub present: Option<bool>,
    pub next: String,
}

impl NodeKind for BranchNode {
    fn text(&self) -> Option<&str> {
        None
    }

    fn targets(&self) -> Vec<NodeReference<'_>> {
        let cases = self.when.iter().enumerate();
        cases
            .map(|(index, case)| NodeReference::automatic(format!("when[{index}].next"), &case.next))
            .chain([NodeReference::automatic("otherwise", &self.otherwise)])
            .collect()
    }

    fn next(&self, facts: &RunFacts<'_>) -> Option<&str> {
        let held = self.when.iter().find(|case| case.holds(facts.values));
        Some(held.map_or(&self.otherwise, |case| &case.next))
    }

    fn value_tests(&self) -> Vec<String> {
        let tests = self.when.iter().map(|case| {
            let (equals, one_of) = (&case.equals, &case.one_of);
            format!(
                "{:?} {equals:?} {one_of:?} {:?} {:?}",
                case.variable, case.at_least, case.present
            )
        });
        tests.collect()
    }

    fn check(&self, place: &NodeContext<'_>, faults: &mut Vec<DefinitionFault>) {
        for (index, case) in self.when.iter().enumerate() {
            let member = place.member(&format!("when[{index}]"));
            if !place.declares(&case.variable) {
                faults.push(undefined(&member, &case.variable));
            }
            if case.conditions_count() != 1 {
                faults.push(DefinitionFault::BadCondition { member });
            }
        }
    }
}

impl BranchCase {
    /// Returns how many conditions this case has; exactly one is valid.
    fn conditions_count(&self) -> usize {
        let conditions = [
            self.equals.is_some(),
            self.one_of.is_some(),
            self.at_least.is_some(),
            self.present.is_some(),
        ];
        conditions.into_iter().filter(|given| *given).count()
    }

    fn holds(&self, values: &BTreeMap<String, String>) -> bool {
        let value = values.get(&self.variable).map(|value| value.trim());
        if let Some(wanted) = self.present {
            return value.is_some_and(|value| !value.is_empty()) == wanted;
        }
        let Some(value) = value else {
            return false;
        };
        let among = |list: &Vec<String>| list.iter().any(|one| one == value);
        let reached = |least: i64| value.parse::<i64>().is_ok_and(|number| number >= least);
        self.equals.as_deref() == Some(value)
            || self.one_of.as_ref().is_some_and(among)
            || self.at_least.is_some_and(reached)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn case(condition: &str) -> BranchCase {
        let text = format!("{{\"variable\":\"days\",{condition},\"next\":\"late\"}}");
        serde_json::from_str(&text).unwrap()
    }

    #[test]
    fn a_condition_holds_on_its_boundary_and_not_before() {
        for (condition, value, holds) in [
            ("\"equals\":\"3\"", Some("3"), true),
            ("\"equals\":\"3\"", Some("4"), false),
            ("\"equals\":\"3\"", None, false),
            ("\"one_of\":[\"3\",\"4\"]", Some("4"), true),
            ("\"one_of\":[]", Some("4"), false),
            ("\"at_least\":3", Some("3"), true),
            ("\"at_least\":3", Some("2"), false),
            ("\"at_least\":3", Some("many"), false),
            ("\"present\":true", Some(" "), false),
            ("\"present\":true", Some("x"), true),
            ("\"present\":false", None, true),
        ] {
            let values: BTreeMap<_, _> = value
                .map(|value| ("days".to_owned(), value.to_owned()))
                .into_iter()
                .collect();
            assert_eq!(case(condition).holds(&values), holds, "{condition} {value:?}");
        }
    }
}
