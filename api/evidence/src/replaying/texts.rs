//! The text at a place of a flow, as written: it contains nothing about a person.

use super::response::PlayedTextResponse;
use domain::flow::{FlowAction, FlowDefinition, FlowPrompt, NoticeKind};
use serde_json::Value;

/// The texts of one flow version, found by their place.
#[derive(Debug)]
pub struct Texts(Value);

impl Texts {
    pub fn of(flow: &FlowDefinition) -> Self {
        Self(flow.to_value())
    }

    /// Returns the text that an action of the flow says; `None` if it says nothing.
    pub(super) fn said(&self, action: &FlowAction) -> Option<PlayedTextResponse> {
        match action {
            FlowAction::Notice { notice, .. } => {
                let member = match notice {
                    NoticeKind::Recording => "notices.recording",
                    NoticeKind::Ai => "notices.ai",
                };
                Some(self.at(member, None))
            }
            FlowAction::Say { prompt, .. } => {
                let FlowPrompt { member, variant } = prompt;
                Some(self.at(member, variant.as_deref()))
            }
            FlowAction::StopSaying
            | FlowAction::SpeakSlower
            | FlowAction::Listen { .. }
            | FlowAction::EnterNode { .. }
            | FlowAction::Decide { .. }
            | FlowAction::Intend { .. }
            | FlowAction::RequestTransfer { .. }
            | FlowAction::OptOut
            | FlowAction::End { .. } => None,
        }
    }

    /// Returns the text at a place of the flow, of this variant if it has variants, as written.
    pub fn at(&self, prompt: &str, variant: Option<&str>) -> PlayedTextResponse {
        PlayedTextResponse {
            prompt: prompt.to_owned(),
            variant: variant.map(str::to_owned),
            text: self
                .text(prompt, variant)
                .and_then(Value::as_str)
                .map(str::to_owned),
            words: None,
            spoken_chars: None,
            prompt_chars: None,
        }
    }

    fn text(&self, prompt: &str, variant: Option<&str>) -> Option<&Value> {
        let Some(of_node) = prompt.strip_prefix("nodes.") else {
            return below(&self.0, prompt);
        };
        // A node's name may contain a dot, so the longest matching name is used.
        let nodes = self.0.get("nodes")?.as_object()?;
        let fitting = nodes.iter().filter_map(|(name, node)| {
            let member = of_node.strip_prefix(name.as_str())?.strip_prefix('.')?;
            Some((name.len(), member, node))
        });
        let (_, member, node) = fitting.max_by_key(|(length, ..)| *length)?;
        let node = node.as_object()?.values().next()?;
        match (member, variant) {
            ("text", Some(variant)) => node.get("variants")?.get("arms")?.get(variant)?.get("text"),
            ("answer", _) => {
                let answers = self.0.get("dialogue")?.get("answers")?;
                answers.get(node.get("answer")?.as_str()?)?.get("text")
            }
            (member, _) => below(node, member),
        }
    }
}

/// Returns the member at a path like `on_silence.say[0]`; `None` if it does not exist.
fn below<'a>(value: &'a Value, path: &str) -> Option<&'a Value> {
    let mut found = value;
    for part in path.split('.') {
        let (name, place) = match part.strip_suffix(']').and_then(|part| part.split_once('[')) {
            Some((name, place)) => (name, Some(place.parse::<usize>().ok()?)),
            None => (part, None),
        };
        found = found.get(name)?;
        if let Some(place) = place {
            found = found.get(place)?;
        }
    }
    Some(found)
}
