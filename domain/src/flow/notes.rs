//! The notes that act nodes make about a call: tags of the customer and interest.

use super::graph::FlowDefinition;
use crate::call_course::CallNotes;

/// Most tags that the notes of one call keep, the limit of a summary; further tags are dropped.
pub const NOTED_TAGS_MAX: usize = 32;

impl FlowDefinition {
    /// Returns the tags and the interest that the entered act nodes note, in call order, each tag once. The
    /// last interest counts.
    pub fn notes_of(&self, entered: &[String]) -> CallNotes {
        let mut notes = CallNotes {
            lang: self.lang.clone(),
            ..CallNotes::default()
        };
        for node in entered {
            let Some(act) = self.nodes.get(node).and_then(|node| node.kind().act()) else {
                continue;
            };
            for tag in &act.tags {
                if notes.tags.len() < NOTED_TAGS_MAX && !notes.tags.contains(tag) {
                    notes.tags.push(tag.clone());
                }
            }
            if act.interest.is_some() {
                notes.interest.clone_from(&act.interest);
            }
        }
        notes
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn flow() -> FlowDefinition {
        let value = json!({
            "flow": "small", "notices": { "recording": "本次通话将录音。" },
            "start": "wants", "on_exception": "bye",
            "nodes": {
                "wants": { "act": { "tags": ["要资料", "老客户"], "interest": "中", "next": "agrees" } },
                "agrees": { "act": { "tags": ["老客户", "同意"], "interest": "高", "next": "bye" } },
                "bye": { "end": { "text": "再见。", "outcome": "success" } },
            },
        });
        FlowDefinition::from_value(&value).unwrap()
    }

    fn noted(entered: &[&str]) -> CallNotes {
        let entered: Vec<String> = entered.iter().map(|node| (*node).to_owned()).collect();
        flow().notes_of(&entered)
    }

    #[test]
    fn tags_stand_once_in_their_order_and_the_last_word_on_interest_counts() {
        let notes = noted(&["wants", "agrees", "wants", "bye"]);
        assert_eq!(notes.tags, ["要资料", "老客户", "同意"]);
        assert_eq!(
            (notes.interest.as_deref(), notes.lang.as_str()),
            (Some("中"), "zh-CN")
        );
        let nothing = noted(&["bye", "gone"]);
        assert_eq!((nothing.tags.len(), nothing.interest), (0, None));
    }

    #[test]
    fn a_tag_that_no_person_may_have_and_a_word_for_the_disposition_are_faults() {
        for (member, value) in [
            ("tags", json!([" "])),
            ("tags", json!(["a\nb"])),
            ("tags", json!(["字".repeat(33)])),
            ("tags", json!(vec!["x"; 21])),
            ("disposition", json!("满意")),
        ] {
            let mut changed = flow().to_value();
            changed["nodes"]["wants"]["act"][member] = value;
            let faults = FlowDefinition::from_value(&changed).unwrap().check();
            let texts: Vec<String> = faults.iter().map(ToString::to_string).collect();
            assert_eq!(texts.len(), 1, "{texts:?}");
            assert!(
                texts[0].starts_with(&format!("nodes.wants.{member}: ")),
                "{texts:?}"
            );
        }
        let mut fits = flow().to_value();
        fits["nodes"]["wants"]["act"]["tags"] = json!(["字".repeat(32)]);
        assert_eq!(FlowDefinition::from_value(&fits).unwrap().check(), []);
    }
}
