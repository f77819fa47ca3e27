//! A node that says a text and waits for one key. The expected response is a keypress; a key counts already
//! while the text is spoken (barge-in), and one pressed before it where the node says `type_ahead`. Silence
//! and other keys are asked again a bounded number of times.

use super::{Target, Visits};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, VecDeque};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AskKeypress {
    pub text: String,
    /// From key (`0` to `9`, `*`, `#`) to node.
    pub keys: BTreeMap<String, String>,
    /// Variables that a key sets, by key.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub set: BTreeMap<String, BTreeMap<String, String>>,
    /// How long to wait for a key after the text.
    pub timeout_ms: u64,
    /// Keys pressed since the last question answer this one, before it is asked.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub type_ahead: bool,
    pub on_timeout: Reprompt,
    pub on_other: Reprompt,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub visits: Option<Visits>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_exception: Option<String>,
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

impl AskKeypress {
    pub(super) fn targets(&self) -> Vec<Target<'_>> {
        let keys = self.keys.iter();
        let mut found: Vec<_> = keys
            .map(|(key, node)| Target::by_callee(format!("keys.{key}"), node))
            .collect();
        found.push(Target::by_callee("on_timeout.then", &self.on_timeout.then));
        found.push(Target::by_callee("on_other.then", &self.on_other.then));
        found.extend(self.visits.as_ref().map(Visits::target));
        found
    }

    /// The first key pressed ahead that this menu knows, where it takes keys ahead. What was pressed before
    /// that key is dropped; without one, everything is.
    pub(in crate::flow) fn take_ahead(&self, ahead: &mut VecDeque<char>) -> Option<char> {
        let known = ahead.iter().position(|digit| self.node_of(*digit).is_some());
        let Some(known) = known.filter(|_| self.type_ahead) else {
            ahead.clear();
            return None;
        };
        ahead.drain(..known);
        ahead.pop_front()
    }

    /// The node of a key.
    pub(in crate::flow) fn node_of(&self, digit: char) -> Option<&str> {
        self.keys.get(digit.encode_utf8(&mut [0; 4])).map(String::as_str)
    }
}
