//! What a node asks of the callee: which keys it knows, how long it waits, and when it asks again.

use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, VecDeque};

/// A question of a node, asked after its text.
#[derive(Debug, Clone, Copy)]
pub(in crate::flow) struct Question<'a> {
    pub(in crate::flow) text: &'a str,
    /// From key to node.
    pub(super) keys: &'a BTreeMap<String, String>,
    /// Variables that a key sets, by key.
    pub(super) set: &'a BTreeMap<String, BTreeMap<String, String>>,
    pub(in crate::flow) timeout_ms: u64,
    pub(super) type_ahead: bool,
    pub(in crate::flow) on_timeout: &'a Reprompt,
    pub(in crate::flow) on_other: &'a Reprompt,
}

/// Says the text again while this visit has replays left, then goes on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Reprompt {
    /// Most replays in one visit, silence and other keys together.
    #[serde(default)]
    pub replay: u32,
    pub then: String,
}

impl<'a> Question<'a> {
    /// The node of a key.
    pub(in crate::flow) fn node_of(&self, digit: char) -> Option<&'a str> {
        let node = self.keys.get(digit.encode_utf8(&mut [0; 4]));
        node.map(String::as_str)
    }

    /// The values that a key sets.
    pub(in crate::flow) fn set_by(&self, digit: char) -> impl Iterator<Item = (&'a String, &'a String)> {
        let set = self.set.get(digit.encode_utf8(&mut [0; 4]));
        set.into_iter().flatten()
    }

    /// The first key pressed ahead that this question knows, where it takes keys ahead. What was pressed
    /// before that key is dropped; without one, everything is.
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
