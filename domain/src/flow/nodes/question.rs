//! A question that only a keypress answers: its keys, its timeout and its reprompts.

use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, VecDeque};

/// The keypress question of a node, asked after its text.
#[derive(Debug, Clone, Copy)]
pub(in crate::flow) struct Question<'a> {
    pub(in crate::flow) text: &'a str,
    /// Next node by key.
    pub(super) keys: &'a BTreeMap<String, String>,
    /// Variables that a key sets: by key, then by name.
    pub(super) set: &'a BTreeMap<String, BTreeMap<String, String>>,
    pub(in crate::flow) timeout_ms: u64,
    pub(super) type_ahead: bool,
    pub(in crate::flow) on_timeout: &'a Reprompt,
    pub(in crate::flow) on_other: &'a Reprompt,
}

/// What follows silence or a wrong key: the text again while the visit has replays left, then the node
/// `then`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Reprompt {
    /// Most repetitions of the text in one visit; silence and wrong keys count together.
    #[serde(default)]
    pub replay: u32,
    pub then: String,
}

impl<'a> Question<'a> {
    /// Returns the node to which a key leads; `None` for a key without a node.
    pub(in crate::flow) fn node_of(&self, digit: char) -> Option<&'a str> {
        let node = self.keys.get(digit.encode_utf8(&mut [0; 4]));
        node.map(String::as_str)
    }

    /// Returns the variables that a key sets, with their values.
    pub(in crate::flow) fn set_by(&self, digit: char) -> impl Iterator<Item = (&'a String, &'a String)> {
        let set = self.set.get(digit.encode_utf8(&mut [0; 4]));
        set.into_iter().flatten()
    }

    /// Removes and returns the first early keypress that has a node here, if the question accepts keys
    /// ahead; keys before it are dropped. Otherwise drops all early keypresses and returns `None`.
    pub(in crate::flow) fn take_ahead(&self, ahead: &mut VecDeque<char>) -> Option<char> {
        let known = ahead.iter().position(|digit| self.node_of(*digit).is_some());
        let Some(known) = known.filter(|_| self.type_ahead) else {
            ahead.clear();
            return None;
        };
        ahead.drain(..known);
        ahead.pop_front()
    }
}
