//! Keys that record 谢绝来电 (opt-out) at any time in a call: those that lead to an opt-out from some menu. Only
//! for key rules that have these keys.

use super::graph::FlowDefinition;
use super::nodes::NodeKind;
use std::collections::BTreeSet;
use values::key_rule::KeyRule;

impl FlowDefinition {
    /// Returns the node to which a key of some menu leads and which records an opt-out; `None` if there is
    /// none. Of several the first by menu name.
    pub fn opt_out_node(&self, digit: char, rule: KeyRule) -> Option<&str> {
        let menus = self.nodes.values();
        let nodes = menus.filter_map(|node| node.kind().key_target(digit));
        nodes.into_iter().find(|node| self.ends_as_opt_out(node, rule))
    }

    /// Returns the key that records an opt-out, to be named to callees; of several the highest digit.
    /// `None` if there is none.
    pub fn refusing_key(&self) -> Option<char> {
        let mut keys = ('0'..='9').rev();
        keys.find(|key| self.opt_out_node(*key, KeyRule::CURRENT).is_some())
    }

    /// Returns the node to which a spoken opt-out leads: the target of a global intent that ends as an
    /// opt-out, else the first node that does. `None` if there is none.
    pub fn opt_out_end(&self) -> Option<&str> {
        let led = self
            .dialogue()
            .intents
            .values()
            .filter_map(|one| one.then.as_deref());
        let mut nodes = led.chain(self.nodes.keys().map(String::as_str));
        nodes.find(|node| self.ends_as_opt_out(node, KeyRule::CURRENT))
    }

    /// Returns true if every call that enters this node opts out: all nodes that follow automatically end
    /// with an opt-out, or an act node on the way records one.
    pub(super) fn ends_as_opt_out(&self, first: &str, rule: KeyRule) -> bool {
        let mut seen = BTreeSet::new();
        let mut open = vec![first];
        let mut ends = false;
        while let Some(name) = open.pop() {
            let Some(node) = self.nodes.get(name) else {
                return false;
            };
            if !seen.insert(name) {
                continue;
            }
            let node = node.kind();
            match node.ending() {
                Some(ending) if ending.opt_out => ends = true,
                // The texts that follow are for a callee who has opted out already.
                None if rule.knows_spoken_nodes() && refuses(node) => ends = true,
                Some(_) => return false,
                // A question in between asks for confirmation, which another key gives.
                None if node.question().is_some() || node.ask().is_some() => return false,
                // The node leaves a group or returns to a question.
                None if node.calls().is_some() || node.targets().is_empty() => return false,
                None if rule.knows_spoken_nodes() && returns(node) => return false,
                None => open.extend(node.targets().into_iter().map(|target| target.node)),
            }
        }
        ends
    }
}

fn refuses(node: &dyn NodeKind) -> bool {
    node.act().is_some_and(|act| act.opt_out)
}

/// Returns true for an answer node without `next`: it returns to the question until its visits are used up.
fn returns(node: &dyn NodeKind) -> bool {
    node.answer().is_some() && !node.targets().iter().any(|target| target.member == "next")
}

#[cfg(test)]
mod tests {
    use super::super::nodes::Node;
    use super::super::tests::{script, shipped};
    use super::*;
    use serde_json::{from_value, json};

    #[test]
    fn only_a_key_that_surely_refuses_is_one() {
        let keys = |flow: &FlowDefinition| -> String {
            let refusing = |key: &char| flow.opt_out_node(*key, KeyRule::CURRENT).is_some();
            "0123456789*#".chars().filter(refusing).collect()
        };
        assert_eq!(keys(&script()), "9");
        assert_eq!(script().refusing_key(), Some('9'));
        assert_eq!(keys(&shipped("card_instalment.yaml")), "9");
        let through = |node: serde_json::Value| {
            let mut flow = script();
            if let Some(Node::AskKeypress(menu)) = flow.nodes.get_mut("menu") {
                menu.keys.insert("0".to_owned(), "first".to_owned());
            }
            flow.nodes.insert("first".to_owned(), from_value(node).unwrap());
            keys(&flow)
        };
        let say = |next: &str| json!({"say": {"text": "好的", "next": next}});
        assert_eq!(through(say("refused")), "09", "a text in between changes nothing");
        assert_eq!(through(say("menu")), "9", "a question in between is asked first");
        assert_eq!(through(say("first")), "9", "a loop records no opt-out");
    }
}
