//! The course of a text conversation, folded from its events. Its summary is written from it, at any time
//! again.

use super::event::{ClosedFact, ConversationEvent};
use crate::call_course::{CourseMark, TextClose, TextCourse};
use crate::text_channel::CloseReason;
use crate::time::Timestamp;

/// Updates a text conversation's course by its next event. Events must be given in stream order.
pub fn apply_event(text_course: &mut TextCourse, event: &ConversationEvent, at: Timestamp) {
    let course = &mut text_course.course;
    match event {
        ConversationEvent::Opened(fact) => {
            course.campaign = Some(fact.campaign.clone());
            course.customer = Some(fact.customer.clone());
            course.flow = Some(fact.flow.clone());
            text_course.channel = Some(fact.channel);
        }
        ConversationEvent::Heard(fact) if fact.as_key => {
            course.turns.keypress_count += 1;
            course.marks.insert(CourseMark::Keyed);
        }
        ConversationEvent::Heard(_) => {
            course.turns.heard_count += 1;
            course.marks.insert(CourseMark::Spoken);
        }
        ConversationEvent::Understood(fact) => course.understand(fact),
        ConversationEvent::SensitiveWordMatched(_) => {
            course.marks.insert(CourseMark::SensitiveWord);
        }
        ConversationEvent::Decided(decision) => {
            course.decide(decision);
            text_course.decided_in = Some(decision.node.clone());
        }
        ConversationEvent::Said(fact) => {
            course.turns.said_count += 1;
            if text_course
                .decided_in
                .as_ref()
                .is_some_and(|node| *node != fact.node)
            {
                course.move_on();
            }
        }
        ConversationEvent::Closed(fact) => close(text_course, fact, at),
        ConversationEvent::TranscriptDisposed { .. } => {}
    }
}

fn close(text_course: &mut TextCourse, fact: &ClosedFact, at: Timestamp) {
    let course = &mut text_course.course;
    match fact.reason {
        CloseReason::HandedOver => {
            course.marks.insert(CourseMark::Transferred);
            course.move_on();
        }
        CloseReason::FlowEnded => course.move_on(),
        // No utterance decided the end.
        CloseReason::Idle | CloseReason::TooLong | CloseReason::Requested => {}
    }
    text_course.close = text_course.channel.map(|channel| TextClose {
        channel,
        reason: fact.reason,
        outcome: fact.outcome,
        at,
    });
}

#[cfg(test)]
mod tests {
    use super::super::event::{TextHeardFact, TextSaidFact};
    use super::*;
    use crate::personal::Personal;
    use crate::spoken_turn::{Explanation, TurnDecision, TurnInput};

    const NOW: Timestamp = Timestamp::from_millis(1_772_416_800_000);

    fn heard(text: &str, as_key: bool) -> ConversationEvent {
        ConversationEvent::Heard(TextHeardFact {
            message: "m-1".to_owned(),
            node: "a".to_owned(),
            text: Personal::open(text.to_owned()),
            as_key,
        })
    }

    fn decided(rule: &str) -> ConversationEvent {
        ConversationEvent::Decided(TurnDecision {
            node: "a".to_owned(),
            rule: rule.to_owned(),
            explanation: Explanation::of(TurnInput::Spoken),
        })
    }

    fn said(node: &str) -> ConversationEvent {
        ConversationEvent::Said(TextSaidFact {
            message: None,
            node: node.to_owned(),
            shows: Vec::new(),
            prompt: format!("nodes.{node}.text"),
            variant: None,
            text: Personal::open("好的。".to_owned()),
        })
    }

    fn closed(reason: CloseReason) -> ConversationEvent {
        ConversationEvent::Closed(ClosedFact {
            reason,
            outcome: None,
            messages_count: 1,
            idle_since: None,
        })
    }

    fn text_course(events: &[ConversationEvent]) -> TextCourse {
        let mut text_course = TextCourse::default();
        for event in events {
            apply_event(&mut text_course, event, NOW);
        }
        text_course
    }

    #[test]
    fn the_last_decision_that_moved_it_on_decides_it() {
        let answered = [
            decided("nodes.a.intents.deny"),
            said("b"),
            decided("x.intents.ask"),
            said("a"),
        ];
        let deciding = text_course(&answered).course.deciding.unwrap();
        assert_eq!(
            deciding.intent.as_deref(),
            Some("deny"),
            "an answer in place moves nothing"
        );
        let ended = [decided("nodes.a.intents.affirm"), closed(CloseReason::FlowEnded)];
        let deciding = text_course(&ended).course.deciding.unwrap();
        assert_eq!(deciding.intent.as_deref(), Some("affirm"));
        let left = [decided("nodes.a.intents.affirm"), closed(CloseReason::Idle)];
        assert_eq!(text_course(&left).course.deciding, None);
    }

    #[test]
    fn keys_and_words_are_counted_apart_and_a_hand_over_is_a_wish_for_a_person() {
        let all = [
            heard("1", true),
            heard("三期", false),
            said("b"),
            closed(CloseReason::HandedOver),
        ];
        let text_course = text_course(&all);
        let turns = text_course.course.turns;
        assert_eq!(
            (turns.keypress_count, turns.heard_count, turns.said_count),
            (1, 1, 1)
        );
        assert!(text_course.course.is(CourseMark::Transferred));
        assert!(text_course.close.is_none(), "it was never opened here");
    }
}
