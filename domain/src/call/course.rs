//! The course of a call, folded from its events: what a summary is written from, at any time again.

use super::event::CallEvent;
use super::turn_fact::UnderstoodFact;
use crate::call_course::{CallCourse, CourseEnd, CourseMark, Deciding};
use crate::spoken_turn::{Certainty, TurnDecision, TurnInput};
use crate::time::Timestamp;

/// What stands before an intent's name in a rule of a flow.
const INTENTS: &str = ".intents.";

/// Takes one more event of a call, in order.
pub fn take(course: &mut CallCourse, event: &CallEvent, at: Timestamp) {
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
        CallEvent::NodeEntered { node } => enter(course, node),
        CallEvent::Keypressed { .. } => {
            turns.keypress_count += 1;
            course.marks.insert(CourseMark::Keyed);
        }
        CallEvent::Heard(_) => {
            turns.heard_count += 1;
            course.marks.insert(CourseMark::Spoken);
        }
        CallEvent::Understood(fact) => understand(course, fact),
        CallEvent::Decided(decision) => decide(course, decision),
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
        // What came of it stands in what was understood.
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

fn enter(course: &mut CallCourse, node: &str) {
    course.entered.push(node.to_owned());
    if let Some(deciding) = course.undone.take() {
        course.deciding = Some(deciding);
    }
}

fn understand(course: &mut CallCourse, fact: &UnderstoodFact) {
    course.turns.understood_count += 1;
    course.marks.insert(CourseMark::Spoken);
    match fact.reading.certainty {
        Certainty::Accepted => course.intents.extend(fact.intent.clone()),
        Certainty::Abstained => {
            course.marks.insert(CourseMark::Unclear);
        }
        Certainty::ToConfirm | Certainty::BackChannel => {}
    }
    for (name, value) in &fact.slots {
        course.slots.insert(name.clone(), value.value().cloned());
    }
    if fact.interest.is_some() {
        course.interest.clone_from(&fact.interest);
    }
    course.emotion = course
        .emotion
        .max(fact.emotion.as_ref().map(|emotion| emotion.level));
    if fact.opt_out {
        course.marks.insert(CourseMark::OptedOut);
    }
    course.models.extend(fact.model.clone());
}

/// What follows from the robot's own words alone decides nothing.
fn decide(course: &mut CallCourse, decision: &TurnDecision) {
    course.turns.decided_count += 1;
    if !decision.explanation.corrected.is_empty() {
        course.marks.insert(CourseMark::Corrected);
    }
    let intent = match decision.explanation.input {
        TurnInput::Played => return,
        TurnInput::Spoken => intent_of(decision),
        TurnInput::Keypress
        | TurnInput::Unheard
        | TurnInput::Deaf
        | TurnInput::Silence
        | TurnInput::SensitiveWord => None,
    };
    course.undone = Some(Deciding {
        intent,
        rule: decision.rule.clone(),
    });
}

/// The intent that the rule names; where it names none, what was accepted.
fn intent_of(decision: &TurnDecision) -> Option<String> {
    if let Some((_, named)) = decision.rule.rsplit_once(INTENTS) {
        return named.split('.').next().map(str::to_owned);
    }
    let reading = decision.explanation.reading.as_ref()?;
    let is_accepted = reading.certainty == Certainty::Accepted;
    reading.intent().filter(|_| is_accepted).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::personal::Personal;
    use crate::spoken_turn::{Explanation, IntentCandidate, ReadBy, SpokenReading};
    use std::collections::BTreeMap;

    const NOW: Timestamp = Timestamp::from_millis(1_772_416_800_000);

    fn reading(certainty: Certainty, intent: &str) -> SpokenReading {
        SpokenReading {
            certainty,
            read_by: ReadBy::Model,
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
            take(&mut course, event, NOW);
        }
        course
    }

    #[test]
    fn the_last_decision_that_moved_the_call_decides_it() {
        let spoken = TurnInput::Spoken;
        let told = course(&[
            decided("nodes.a.intents.deny", spoken, None),
            entered(),
            decided("dialogue.intents.ask_fee", spoken, None),
            decided("nodes.b.next", TurnInput::Played, None),
        ]);
        let deciding = told.deciding.unwrap();
        assert_eq!(
            deciding.intent.as_deref(),
            Some("deny"),
            "an answered question does not"
        );
        assert_eq!(told.turns.decided_count, 3);
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
    fn a_slot_has_its_last_value_and_what_nobody_can_open_has_none() {
        let said = |certainty, value: Personal<String>| {
            CallEvent::Understood(UnderstoodFact {
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
        let told = course(&[said(Certainty::Accepted, three), said(Certainty::Abstained, six)]);
        assert_eq!(told.slots.get("terms"), Some(&Some("6".to_owned())));
        assert!(told.is(CourseMark::Unclear) && told.is_spoken());
        assert_eq!(told.intents.len(), 1);
        let erased = course(&[said(Certainty::Accepted, Personal::Erased { hash: None })]);
        assert_eq!(erased.slots.get("terms"), Some(&None));
    }
}
