//! When a key counts that no menu asks for, as a numbered rule: which keys of a flow say 谢绝来电 wherever they
//! are pressed. A call's `call.answered` names its rule, so that a stored call replays as it went.

use super::graph::FlowDefinition;
use super::nodes::Node;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// The rule of a call, by its number; what `call.answered` does not name is the first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(try_from = "u16", into = "u16")]
pub enum KeyRule {
    /// A key counts in the menu being asked, and nowhere else.
    #[default]
    MenusOnly,
    /// A key by which any menu of the flow refuses further calls counts from the answer to the hang-up, unless
    /// the menu being asked gives it another meaning; other keys wait for a menu that says `type_ahead`.
    OptOutAnywhere,
}

impl KeyRule {
    /// The rule of calls that are answered now.
    pub const CURRENT: Self = Self::OptOutAnywhere;

    /// Its number in events.
    pub const fn number(self) -> u16 {
        match self {
            Self::MenusOnly => 1,
            Self::OptOutAnywhere => 2,
        }
    }
}

/// A number that is no rule of this build.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("key rule {0} is not known to this build")]
pub struct UnknownKeyRule(u16);

impl TryFrom<u16> for KeyRule {
    type Error = UnknownKeyRule;

    fn try_from(number: u16) -> Result<Self, UnknownKeyRule> {
        match number {
            1 => Ok(Self::MenusOnly),
            2 => Ok(Self::OptOutAnywhere),
            _ => Err(UnknownKeyRule(number)),
        }
    }
}

impl From<KeyRule> for u16 {
    fn from(rule: KeyRule) -> Self {
        rule.number()
    }
}

impl FlowDefinition {
    /// The node a key leads to by which some menu refuses further calls. Where menus lead to several such
    /// nodes by one key, the first in the order of the menus' names.
    pub fn opt_out_node(&self, digit: char) -> Option<&str> {
        let menus = self.nodes.values().filter_map(|node| match node {
            Node::AskKeypress(ask) => ask.node_of(digit),
            Node::Say(_) | Node::Branch(_) | Node::Transfer(_) | Node::End(_) => None,
        });
        menus.into_iter().find(|node| self.leads_to_opt_out(node))
    }

    /// True when whoever comes to this node has refused further calls: whatever follows by itself ends so.
    pub(super) fn leads_to_opt_out(&self, first: &str) -> bool {
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
            match node {
                Node::End(end) if end.opt_out => ends = true,
                // A question in between asks whether it was meant: that is another key's to say.
                Node::End(_) | Node::AskKeypress(_) | Node::Transfer(_) => return false,
                Node::Say(_) | Node::Branch(_) => {
                    open.extend(node.targets().into_iter().map(|target| target.node));
                }
            }
        }
        ends
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{script, shipped};
    use super::*;
    use serde_json::{from_value, json};

    #[test]
    fn only_a_key_that_surely_refuses_is_one() {
        let keys = |flow: &FlowDefinition| -> String {
            let refusing = |key: &char| flow.opt_out_node(*key).is_some();
            "0123456789*#".chars().filter(refusing).collect()
        };
        assert_eq!(keys(&script()), "9");
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
        assert_eq!(through(say("first")), "9", "a ring refuses nobody");
    }

    #[test]
    fn a_rule_is_written_by_its_number_and_an_unknown_one_is_not_read() {
        for rule in [KeyRule::MenusOnly, KeyRule::OptOutAnywhere] {
            assert_eq!(from_value::<KeyRule>(json!(rule.number())).unwrap(), rule);
        }
        assert_eq!(json!(KeyRule::CURRENT), json!(2));
        assert!(from_value::<KeyRule>(json!(3)).is_err());
    }
}
