//! What a call's events say of its way through the flow.

use domain::call::event::CallEvent;
use domain::key_rule::KeyRule;

/// One step, as recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Told {
    Node(String),
    /// The key, where it can be read.
    Key(Option<char>),
    Transfer(String),
}

/// The rule by which the keys of a call counted; a call from before it was recorded had the first.
pub(super) fn key_rule<'a>(mut events: impl Iterator<Item = &'a CallEvent>) -> KeyRule {
    let recorded = events.find_map(|event| match event {
        CallEvent::Answered { key_rule, .. } => *key_rule,
        _ => None,
    });
    recorded.unwrap_or_default()
}

/// The steps of a call, in order.
pub(super) fn story<'a>(events: impl Iterator<Item = &'a CallEvent>) -> Vec<Told> {
    let mut told = Vec::new();
    for event in events {
        if let Some(node) = event.node_entered() {
            told.push(Told::Node(node.clone()));
        } else if let Some(digit) = event.keypressed() {
            told.push(Told::Key(digit.value().and_then(|digit| digit.chars().next())));
        } else if let Some(node) = event.transfer_requested() {
            told.push(Told::Transfer(node.clone()));
        }
    }
    told
}
