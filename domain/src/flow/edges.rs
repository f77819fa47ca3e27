//! The edges of a flow's graph, each with the member that defines it. Designers draw them.

use super::graph::FlowDefinition;
use super::offers::Offers;
use std::collections::BTreeSet;

/// An edge of a flow's graph from one node to another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FlowEdge {
    pub from: String,
    /// The member's path inside the node, such as `on_timeout.then`.
    pub member: String,
    pub to: String,
    /// True if the call takes the edge without having waited for the callee, as for `next`, a visit limit
    /// or the exception branch. False for all results of a question, its timeout and silence included.
    pub automatic: bool,
}

impl FlowDefinition {
    /// Returns every edge of the flow, ordered by node and then as the node's kind lists them; a node's
    /// exception branch is last.
    pub fn ways(&self) -> Vec<FlowEdge> {
        let mut ways = Vec::new();
        for (from, node) in &self.nodes {
            let kind = node.kind();
            ways.extend(kind.targets().into_iter().map(|target| FlowEdge {
                from: from.clone(),
                member: target.member,
                to: target.node.to_owned(),
                automatic: target.automatic,
            }));
            ways.extend(kind.on_exception().map(|to| FlowEdge {
                from: from.clone(),
                member: "on_exception".to_owned(),
                to: to.to_owned(),
                automatic: true,
            }));
        }
        ways
    }

    /// Returns true if this flow tests only conditions on values that `other` tests too. Then a call's path
    /// in this flow reveals no more about the customer's values than its path in `other`.
    pub fn tests_only_values_of(&self, other: &Self) -> bool {
        let tests = |flow: &Self| -> BTreeSet<String> {
            let nodes = flow.nodes.values();
            let of_offers = flow.offers.iter().flat_map(Offers::value_tests);
            nodes
                .flat_map(|node| node.kind().value_tests())
                .chain(of_offers)
                .collect()
        };
        tests(self).is_subset(&tests(other))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ways_name_the_members_that_name_a_node() {
        let text = include_str!("../../../fixtures/flows/reminder.yaml");
        let flow = FlowDefinition::from_yaml(text).unwrap();
        let ways = flow.ways();
        let of = |from: &str| -> Vec<(&str, &str)> {
            let own = ways.iter().filter(|way| way.from == from);
            own.map(|way| (way.member.as_str(), way.to.as_str())).collect()
        };
        assert_eq!(of("message"), [("next", "menu")]);
        assert!(of("menu").contains(&("on_timeout.then", "silent")), "{ways:?}");
        assert_eq!(of("heard"), []);
    }

    #[test]
    fn a_further_condition_on_a_value_is_seen_wherever_it_goes_on_to() {
        let flow = |nodes: &str| {
            let text = format!(
                "flow: f\nvariables: {{debt: {{type: integer}}}}\nnotices: {{recording: n}}\nstart: a\n\
                 on_exception: b\nnodes:\n  b: {{end: {{text: t, outcome: success}}}}\n{nodes}"
            );
            FlowDefinition::from_yaml(&text).unwrap()
        };
        let branch = |least: u32, to: &str| {
            format!(
                "  a: {{branch: {{when: [{{variable: debt, at_least: {least}, next: {to}}}], otherwise: b}}}}\n"
            )
        };
        let decide =
            "  a: {decide: {rules: [{when: [{value: debt, at_least: 9}], next: b}], otherwise: b}}\n";
        let own = flow(&branch(100, "b"));
        assert!(flow(&branch(100, "a")).tests_only_values_of(&own));
        assert!(flow("  a: {say: {text: t, next: b}}\n").tests_only_values_of(&own));
        assert!(!flow(&branch(101, "b")).tests_only_values_of(&own));
        assert!(!flow(decide).tests_only_values_of(&own));
        assert!(flow(decide).tests_only_values_of(&flow(decide)));
    }
}
