//! Parts of a flow, besides nodes and edges, that recorded calls can cover: waits that can time out, and
//! questions that the flow answers.

use super::graph::FlowDefinition;
use super::nodes::Node;
use super::shorthand::PRESETS;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

impl FlowDefinition {
    /// Returns the nodes that wait for the callee. For a keypress menu with the node to which its timeout
    /// leads: a call's events show the timeout only by that next node.
    pub fn waits(&self) -> BTreeMap<&str, Option<&str>> {
        let waits = self.nodes.iter().filter_map(|(name, node)| match node {
            Node::Ask(_) => Some((name.as_str(), None)),
            Node::AskKeypress(ask) => Some((name.as_str(), Some(ask.on_timeout.then.as_str()))),
            Node::Say(_)
            | Node::Branch(_)
            | Node::Decide(_)
            | Node::Knowledge(_)
            | Node::Act(_)
            | Node::SubFlow(_)
            | Node::Return(_)
            | Node::Transfer(_)
            | Node::End(_) => None,
        });
        waits.collect()
    }

    /// Returns the intents that ask a question: those that this flow answers, and those that the preset of
    /// its language answers, even if the flow does not use the preset.
    pub fn questions(&self) -> BTreeSet<String> {
        let own = self.dialogue().intents.iter();
        let own = own
            .filter(|(_, global)| global.answer.is_some())
            .map(|(intent, _)| intent.clone());
        let mut questions: BTreeSet<String> = own.collect();
        for node in self.nodes.values() {
            if let Node::Ask(ask) = node {
                let answered = ask.intents.iter().filter(|(_, next)| self.answers_at(next));
                questions.extend(answered.map(|(intent, _)| intent.clone()));
            }
        }
        let language = self.lang.get(..2).unwrap_or_default();
        for (_, text) in PRESETS.iter().filter(|(name, _)| name.starts_with(language)) {
            let preset: Value = serde_json::from_str(text).unwrap_or_default();
            let intents = preset.pointer("/dialogue/intents").and_then(Value::as_object);
            let asked = intents
                .into_iter()
                .flatten()
                .filter(|(_, one)| one.get("answer").is_some());
            questions.extend(asked.map(|(intent, _)| intent.clone()));
        }
        questions
    }

    /// Returns true if a decision led to an approved answer: by its rule, or by the node entered next.
    pub fn is_answer(&self, rule: &str, entered: Option<&str>) -> bool {
        if rule.starts_with("knowledge.answers.") {
            return true;
        }
        let intent = rule.strip_prefix("dialogue.intents.");
        let global = intent.and_then(|intent| self.dialogue().intents.get(intent));
        global.is_some_and(|global| global.answer.is_some())
            || entered.is_some_and(|node| self.answers_at(node))
    }

    fn answers_at(&self, node: &str) -> bool {
        matches!(self.nodes.get(node), Some(Node::Knowledge(_)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_and_questions_are_found_in_a_spoken_flow() {
        let text = include_str!("../../../fixtures/flows/card_instalment_spoken.yaml");
        let flow = FlowDefinition::from_yaml(text).unwrap();
        let waits = flow.waits();
        assert_eq!(waits.get("签约"), Some(&None), "{waits:?}");
        let questions = flow.questions();
        assert!(
            questions.contains("ask_fee") && !questions.contains("affirm"),
            "{questions:?}"
        );
        assert!(flow.is_answer("dialogue.intents.ask_fee", None));
        assert!(!flow.is_answer("nodes.签约.on_silence", Some("签约")));
    }
}
