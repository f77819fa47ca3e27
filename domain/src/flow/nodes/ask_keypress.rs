//! The `ask_keypress` node: says a text and waits for one key. A key counts already while the text plays
//! (barge-in), and before the text if `type_ahead` is set. Silence and other keys repeat the text a limited
//! number of times.

use super::super::fault::DefinitionFault;
use super::node_kind::{NodeContext, NodeKind, NodeReference, VisitLimit, check_range};
use super::question::{Question, Reprompt};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Shortest permitted wait for a key, in milliseconds: people need a second.
pub const TIMEOUT_MIN_MS: u64 = 1_000;

/// Longest permitted wait for a key, in milliseconds: a longer silence only occupies a line.
pub const TIMEOUT_MAX_MS: u64 = 60_000;

/// Most repetitions of the text in one visit; more are a fault.
pub const REPLAYS_MAX: u32 = 5;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AskKeypressNode {
    pub text: String,
    /// Next node by key (`0` to `9`, `*`, `#`).
    pub keys: BTreeMap<String, String>,
    /// Variables that a key sets: by key, then by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub set: BTreeMap<String, BTreeMap<String, String>>,
    /// Wait for a key after the text, in milliseconds.
    pub timeout_ms: u64,
    /// Keys pressed since the last question answer this one before it is asked.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub type_ahead: bool,
    pub on_timeout: Reprompt,
    pub on_other: Reprompt,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub visits: Option<VisitLimit>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_exception: Option<String>,
}

impl NodeKind for AskKeypressNode {
    fn text(&self) -> Option<&str> {
        Some(&self.text)
    }

    fn targets(&self) -> Vec<NodeReference<'_>> {
        let keys = self.keys.iter();
        let mut found: Vec<_> = keys
            .map(|(key, node)| NodeReference::by_callee(format!("keys.{key}"), node))
            .collect();
        found.push(NodeReference::by_callee("on_timeout.then", &self.on_timeout.then));
        found.push(NodeReference::by_callee("on_other.then", &self.on_other.then));
        found.extend(self.visits.as_ref().map(VisitLimit::target));
        found
    }

    fn question(&self) -> Option<Question<'_>> {
        Some(Question {
            text: &self.text,
            keys: &self.keys,
            set: &self.set,
            timeout_ms: self.timeout_ms,
            type_ahead: self.type_ahead,
            on_timeout: &self.on_timeout,
            on_other: &self.on_other,
        })
    }

    fn visits(&self) -> Option<&VisitLimit> {
        self.visits.as_ref()
    }

    fn on_exception(&self) -> Option<&str> {
        self.on_exception.as_deref()
    }

    fn sets(&self, variable: &str) -> bool {
        self.set.values().any(|set| set.contains_key(variable))
    }

    fn check(&self, place: &NodeContext<'_>, faults: &mut Vec<DefinitionFault>) {
        let timeout = TIMEOUT_MIN_MS..=TIMEOUT_MAX_MS;
        check_range(place.member("timeout_ms"), self.timeout_ms, timeout, faults);
        for (member, reprompt) in [("on_timeout", &self.on_timeout), ("on_other", &self.on_other)] {
            let member = place.member(&format!("{member}.replay"));
            check_range(member, reprompt.replay.into(), 0..=REPLAYS_MAX.into(), faults);
        }
        check_keys(place, &self.keys, &self.set, faults);
    }
}

/// Adds faults for member names that are not keys, `set` entries for keys that the node does not have, and
/// set values that are undeclared or of the wrong type.
pub(super) fn check_keys(
    place: &NodeContext<'_>,
    keys: &BTreeMap<String, String>,
    sets: &BTreeMap<String, BTreeMap<String, String>>,
    faults: &mut Vec<DefinitionFault>,
) {
    for key in keys.keys().filter(|key| !is_key(key)) {
        faults.push(bad_key(place, "keys", key));
    }
    for (key, set) in sets {
        if !keys.contains_key(key) {
            faults.push(bad_key(place, "set", key));
        }
        place.check_set(&format!("set.{key}"), set, faults);
    }
}

fn bad_key(place: &NodeContext<'_>, member: &str, key: &str) -> DefinitionFault {
    DefinitionFault::BadKey {
        member: place.member(member),
        key: key.to_owned(),
    }
}

fn is_key(key: &str) -> bool {
    let mut characters = key.chars();
    let first = characters.next();
    matches!(first, Some('0'..='9' | '*' | '#')) && characters.next().is_none()
}
