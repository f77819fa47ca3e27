//! A node that says a text and waits for one key. The expected response is a keypress; a key counts already
//! while the text is spoken (barge-in). Silence and other keys are asked again a bounded number of times.

use super::{Target, Visits};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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
    pub on_timeout: Reprompt,
    pub on_other: Reprompt,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub visits: Option<Visits>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_exception: Option<String>,
}

/// Says the text again while this visit has replays left, then goes on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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

    /// The node of a key.
    pub(in crate::flow) fn node_of(&self, digit: char) -> Option<&str> {
        self.keys.get(digit.encode_utf8(&mut [0; 4])).map(String::as_str)
    }
}
