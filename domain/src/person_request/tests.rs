//! Tests of the person request decider: given events, when a command, then events or a refusal.

use super::{
    AnswerKind, PersonRequest, PersonRequestCommand, PersonRequestEvent, PersonRequestInput,
    PersonRequestRefusal, PersonRequestState, Wish,
};
use crate::case::{CASE_TEXT_BYTES_MAX, CaseTextError, Deadline};
use crate::decider::{Context, Decider};
use crate::time::Timestamp;

const NOW: Timestamp = Timestamp::from_millis(1_772_416_800_000);

fn receiving(wish: Wish) -> PersonRequestInput {
    PersonRequestInput {
        wish,
        customer: "00112233445566778899aabbccddeeff".parse().unwrap(),
        channel: None,
        note: None,
        received_at: NOW,
    }
}

fn received(wish: Wish) -> PersonRequestEvent {
    let PersonRequestInput { customer, .. } = receiving(wish);
    PersonRequestEvent::Received {
        wish,
        customer,
        channel: None,
        note: None,
        received_at: NOW,
        deadline: Deadline::after(NOW, wish.deadline()),
    }
}

fn answer(note: &str) -> PersonRequestCommand {
    PersonRequestCommand::Answer {
        answer: AnswerKind::Done,
        note: note.to_owned(),
        done_by: None,
    }
}

fn state(given: &[PersonRequestEvent]) -> PersonRequestState {
    let mut state = PersonRequestState::default();
    for event in given {
        PersonRequest::evolve(&mut state, event, NOW);
    }
    state
}

fn decide(
    given: &[PersonRequestEvent],
    when: PersonRequestCommand,
) -> Result<Vec<PersonRequestEvent>, PersonRequestRefusal> {
    PersonRequest::decide(&state(given), when, Context { now: NOW })
}

#[test]
fn every_wish_has_its_deadline_and_says_what_it_rests_on() {
    for wish in Wish::ALL {
        let when = PersonRequestCommand::Receive(receiving(wish));
        assert_eq!(decide(&[], when), Ok(vec![received(wish)]));
        assert_eq!(wish.code().parse(), Ok(wish));
    }
    let later = PersonRequestInput {
        received_at: NOW.plus_ms(1),
        ..receiving(Wish::Copy)
    };
    let when = PersonRequestCommand::Receive(later);
    assert_eq!(decide(&[], when), Err(PersonRequestRefusal::ReceivedLater));
}

#[test]
fn it_is_received_once_and_answered_once_with_what_was_done() {
    let given = [received(Wish::Copy)];
    let again = PersonRequestCommand::Receive(receiving(Wish::Copy));
    assert_eq!(decide(&given, again), Ok(vec![]));
    let answered = PersonRequestEvent::Answered {
        answer: AnswerKind::Done,
        note: "sent by letter".to_owned(),
        done_by: None,
    };
    assert_eq!(
        decide(&given, answer("sent by letter")),
        Ok(vec![answered.clone()])
    );
    let over = [given[0].clone(), answered];
    assert_eq!(
        decide(&over, answer("again")),
        Err(PersonRequestRefusal::Answered)
    );
    assert_eq!(decide(&[], answer("x")), Err(PersonRequestRefusal::Unknown));
    let missing = CaseTextError::Missing { member: "note" };
    assert_eq!(decide(&given, answer(" ")), Err(missing.into()));
    assert!(decide(&given, answer(&"x".repeat(CASE_TEXT_BYTES_MAX + 1))).is_err());
}

#[test]
fn it_is_overdue_from_its_deadline_on() {
    let open = state(&[received(Wish::Delete)]);
    let due_at = open.received().unwrap().deadline.due_at;
    assert!(!open.is_overdue(due_at.minus_ms(1)) && open.is_overdue(due_at));
}
