//! Lists the texts that must be recorded for a voice without a synthesizer: every text of a flow, split
//! at its variables.

use super::graph::FlowDefinition;
use super::nodes::Node;
use super::text::{TextPart, pieces};

/// A piece of text between variables, which a voice artist can record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordableText {
    /// Member path of the text, such as `nodes.greeting.text`.
    pub member: String,
    pub text: String,
}

impl FlowDefinition {
    /// Returns every piece of the flow's texts that a recorded voice needs, in the order of the flow's
    /// members. Pieces without a letter or digit are left out.
    pub fn recorded_pieces(&self) -> Vec<RecordableText> {
        let mut texts = vec![("notices.recording".to_owned(), self.notices.recording.as_str())];
        texts.extend(self.notices.ai.as_deref().map(|ai| ("notices.ai".to_owned(), ai)));
        for (name, node) in &self.nodes {
            texts.extend(node.text().map(|text| (format!("nodes.{name}.text"), text)));
            let further = Node::kind(node).further_texts().into_iter();
            texts.extend(further.map(|(member, text)| (format!("nodes.{name}.{member}"), text)));
        }
        let answers = self.dialogue().answers.iter();
        texts.extend(
            answers.map(|(id, answer)| (format!("dialogue.answers.{id}.text"), answer.text.as_str())),
        );
        let mut found = Vec::new();
        for (member, text) in texts {
            for piece in pieces(text).unwrap_or_default() {
                if let TextPart::Plain(plain) = piece
                    && plain.contains(char::is_alphanumeric)
                {
                    found.push(RecordableText {
                        member: member.clone(),
                        text: plain.trim().to_owned(),
                    });
                }
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_text_is_cut_at_its_variables_and_named_by_its_place() {
        let value = json!({
            "flow": "small", "notices": { "recording": "本次通话将录音。" }, "variables": { "name": { "type": "text" } },
            "start": "hello", "on_exception": "bye",
            "nodes": {
                "hello": { "say": { "text": "您好，{{name}}。请留步", "next": "bye",
                    "variants": { "metric": "completion", "stop_after_calls": 9, "arms": { "b": { "text": "喂" } } } } },
                "bye": { "end": { "text": "再见。", "outcome": "success" } },
            },
        });
        let flow = FlowDefinition::from_value(&value).unwrap();
        let found: Vec<String> = flow
            .recorded_pieces()
            .into_iter()
            .map(|piece| format!("{} {}", piece.member, piece.text))
            .collect();
        assert_eq!(
            found,
            [
                "notices.recording 本次通话将录音。",
                "nodes.bye.text 再见。",
                "nodes.hello.text 您好，",
                "nodes.hello.text 。请留步",
                "nodes.hello.variants.arms.b.text 喂"
            ]
        );
    }
}
