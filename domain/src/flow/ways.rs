//! Where each node of a flow leads, by the member that says so: the edges of the graph that people draw.

use super::graph::FlowDefinition;

/// One way from a node to another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Way {
    pub from: String,
    /// The member's place inside the node, such as `on_timeout.then`.
    pub member: String,
    pub to: String,
    /// Taken without anything from the callee.
    pub automatic: bool,
}

impl FlowDefinition {
    /// Every way that a node names, its exception branch last; by node and as its kind has them.
    pub fn ways(&self) -> Vec<Way> {
        let mut ways = Vec::new();
        for (from, node) in &self.nodes {
            let kind = node.kind();
            ways.extend(kind.targets().into_iter().map(|target| Way {
                from: from.clone(),
                member: target.member,
                to: target.node.to_owned(),
                automatic: target.automatic,
            }));
            ways.extend(kind.on_exception().map(|to| Way {
                from: from.clone(),
                member: "on_exception".to_owned(),
                to: to.to_owned(),
                automatic: true,
            }));
        }
        ways
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
}
