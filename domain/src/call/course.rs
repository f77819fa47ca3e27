//! Folds the events of a call into its course, from which the summary is written. Can be repeated at any
//! time.

use super::event::CallEvent;
use crate::call_course::{CallCourse, CourseEnd, CourseMark};
use crate::time::Timestamp;

/// Updates a call's course by its next event. Events must be given in stream order.
pub fn apply_event(course: &mut CallCourse, event: &CallEvent, at: Timestamp) {
    let turns = &mut course.turns;
    match event {
        CallEvent::Permitted {
            customer_grant, flow, ..
        } => {
            course.campaign = Some(customer_grant.campaign.clone());
            course.customer = Some(customer_grant.customer.clone());
            course.flow = Some(flow.clone());
        }
        CallEvent::Answered { .. } => course.is_answered = true,
        CallEvent::NodeEntered { node } => course.enter(node),
        CallEvent::Keypressed { .. } => {
            turns.keypress_count += 1;
            course.marks.insert(CourseMark::Keyed);
        }
        CallEvent::Heard(_) => {
            turns.heard_count += 1;
            course.marks.insert(CourseMark::Spoken);
        }
        CallEvent::Understood(fact) => course.understand(fact),
        CallEvent::Decided(decision) => course.decide(decision),
        CallEvent::Said(_) => turns.said_count += 1,
        CallEvent::BargedIn(_) => {
            turns.barge_in_count += 1;
            course.marks.insert(CourseMark::BargedIn);
        }
        CallEvent::SilenceTimedOut(_) => {
            turns.silence_count += 1;
            course.marks.insert(CourseMark::Silent);
        }
        CallEvent::SensitiveWordMatched(_) => {
            course.marks.insert(CourseMark::SensitiveWord);
        }
        CallEvent::EngineFailed(_) => {
            course.marks.insert(CourseMark::EngineFailed);
        }
        CallEvent::TransferRequested { .. } => {
            course.marks.insert(CourseMark::Transferred);
        }
        CallEvent::Ended {
            disposition,
            outcome,
            talk_ms,
            ..
        } => {
            course.ended = Some(CourseEnd {
                disposition: *disposition,
                outcome: *outcome,
                talk_ms: *talk_ms,
                at,
            });
        }
        CallEvent::Dialing { .. }
        | CallEvent::Ringing { .. }
        | CallEvent::LegFailed { .. }
        | CallEvent::NoticePlayed { .. }
        | CallEvent::AgentConnected { .. }
        // The result of the assistant's answer is in `call.understood`.
        | CallEvent::AssistantAsked(_)
        | CallEvent::AssistantAnswered(_)
        | CallEvent::OfferChosen(_)
        | CallEvent::ModelChosen(_)
        | CallEvent::SellerMessagePlayed(_)
        | CallEvent::CancelRequested { .. }
        | CallEvent::HangupRequested { .. }
        | CallEvent::EndOrdered { .. }
        | CallEvent::LateAnswered { .. }
        | CallEvent::Corrected { .. }
        | CallEvent::RecordingDisposed { .. }
        | CallEvent::TranscriptDisposed { .. } => {}
    }
}

#[cfg(test)]
mod tests {
    use super::super::turn_fact::UnderstandingFact;
    use super::*;
    use crate::personal::Personal;
    use crate::spoken_turn::{Certainty, TurnDecision, TurnInput};
    use crate::spoken_turn::{Explanation, IntentCandidate, ReadingSource, SpokenReading};
    use std::collections::BTreeMap;

    const NOW: Timestamp = Timestamp::from_millis(1_772_416_800_000);

    fn reading(certainty: Certainty, intent: &str) -> SpokenReading {
        SpokenReading {
            certainty,
            read_by: ReadingSource::Model,
            candidates: vec![IntentCandidate {
                intent: intent.to_owned(),
                score_permille: 900,
            }],
            accept_permille: None,
            confirm_permille: None,
            knowledge: None,
            picked: None,
        }
    }

    fn decided(rule: &str, input: TurnInput, reading: Option<SpokenReading>) -> CallEvent {
        CallEvent::Decided(TurnDecision {
            node: "a".to_owned(),
            rule: rule.to_owned(),
            explanation: Explanation {
                reading,
                ..Explanation::of(input)
            },
        })
    }

    fn entered() -> CallEvent {
        CallEvent::NodeEntered { node: "b".to_owned() }
    }

    fn course(events: &[CallEvent]) -> CallCourse {
        let mut course = CallCourse::default();
        for event in events {
            apply_event(&mut course, event, NOW);
        }
        course
    }

    #[test]
    fn the_last_decision_that_moved_the_call_decides_it() {
        let spoken = TurnInput::Spoken;
        let recorded = course(&[
            decided("nodes.a.intents.deny", spoken, None),
            entered(),
            decided("dialogue.intents.ask_fee", spoken, None),
            decided("nodes.b.next", TurnInput::Played, None),
        ]);
        let deciding = recorded.deciding.unwrap();
        assert_eq!(
            deciding.intent.as_deref(),
            Some("deny"),
            "an answered question does not"
        );
        assert_eq!(recorded.turns.decided_count, 3);
        let by_key = course(&[
            decided("nodes.a.intents.affirm", spoken, None),
            entered(),
            decided("nodes.b.keys.1", TurnInput::Keypress, None),
            entered(),
        ]);
        let deciding = by_key.deciding.unwrap();
        assert_eq!(
            (deciding.intent, deciding.rule.as_str()),
            (None, "nodes.b.keys.1")
        );
        let filled = reading(Certainty::Accepted, "tell_term");
        let filled = course(&[decided("nodes.a.on_filled", spoken, Some(filled)), entered()]);
        assert_eq!(filled.deciding.unwrap().intent.as_deref(), Some("tell_term"));
        let unsure = reading(Certainty::ToConfirm, "tell_term");
        let unsure = course(&[decided("nodes.a.on_unclear", spoken, Some(unsure)), entered()]);
        assert_eq!(unsure.deciding.unwrap().intent, None);
    }

    #[test]
    fn a_slot_has_its_last_value_and_an_unreadable_one_has_none() {
        let said = |certainty, value: Personal<String>| {
            CallEvent::Understood(UnderstandingFact {
                node: "a".to_owned(),
                intent: Some("tell_term".to_owned()),
                reading: reading(certainty, "tell_term"),
                slots: BTreeMap::from([("terms".to_owned(), value)]),
                interest: None,
                opt_out: false,
                model: Some("5e".to_owned()),
                emotion: None,
                encoder: None,
            })
        };
        let three = Personal::open("3".to_owned());
        let six = Personal::open("6".to_owned());
        let recorded = course(&[said(Certainty::Accepted, three), said(Certainty::Abstained, six)]);
        assert_eq!(recorded.slots.get("terms"), Some(&Some("6".to_owned())));
        assert!(recorded.is(CourseMark::Unclear) && recorded.is_spoken());
        assert_eq!(recorded.intents.len(), 1);
        let erased = course(&[said(Certainty::Accepted, Personal::Erased { hash: None })]);
        assert_eq!(erased.slots.get("terms"), Some(&None));
    }
}
