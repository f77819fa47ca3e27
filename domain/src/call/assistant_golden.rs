//! The events of a question to the assistant and its answer, compared with their golden files.

use super::event::CallEvent;
use crate::assistant_facts::{AssistantAnsweredFact, AssistantAskedFact};
use crate::record::golden_support::check;
use crate::spoken_turn::PickKind;

#[test]
fn what_an_assistant_is_asked_and_answers_is_written_as_its_golden_file() {
    let node = || "确认分期期数".to_owned();
    let events = [
        CallEvent::AssistantAsked(AssistantAskedFact {
            node: node(),
            pick_of: PickKind::Answer,
            model: "qwen2.5-7b-instruct".to_owned(),
            prompt_sha256: "a".repeat(64),
            candidates: vec!["提前还款".to_owned(), "违约金".to_owned()],
        }),
        CallEvent::AssistantAnswered(AssistantAnsweredFact {
            node: node(),
            pick_of: PickKind::Answer,
            choice: Some("违约金".to_owned()),
            confidence_permille: Some(870),
            took_ms: 312,
            prompt_tokens: Some(188),
            answer_tokens: Some(14),
            failure: Some("late".to_owned()),
        }),
    ];
    for event in events {
        check("call", event);
    }
}
