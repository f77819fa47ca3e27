//! Decides the commands of a person request: received once with its deadline, answered once.

use super::command::{PersonRequestCommand, PersonRequestInput};
use super::event::PersonRequestEvent;
use super::refusal::PersonRequestRefusal;
use super::state::PersonRequestState;
use crate::case::{Deadline, check_required_text, check_text_length};
use crate::time::Timestamp;

type DecideResult = Result<Vec<PersonRequestEvent>, PersonRequestRefusal>;

pub(super) fn decide(
    state: &PersonRequestState,
    command: PersonRequestCommand,
    now: Timestamp,
) -> DecideResult {
    match command {
        PersonRequestCommand::Receive(receiving) => receive(state, receiving, now),
        PersonRequestCommand::Answer {
            answer,
            note,
            done_by,
        } => {
            state.received().ok_or(PersonRequestRefusal::Unknown)?;
            if state.answered().is_some() {
                return Err(PersonRequestRefusal::Answered);
            }
            check_required_text("note", &note)?;
            Ok(vec![PersonRequestEvent::Answered {
                answer,
                note,
                done_by,
            }])
        }
    }
}

/// Stores the request with its deadline. No event if it was received before. Refused if it is received in
/// the future or a text is too long.
fn receive(state: &PersonRequestState, receiving: PersonRequestInput, now: Timestamp) -> DecideResult {
    if state.received().is_some() {
        return Ok(Vec::new());
    }
    check_text_length("channel", receiving.channel.as_deref())?;
    check_text_length("note", receiving.note.as_deref())?;
    if receiving.received_at > now {
        return Err(PersonRequestRefusal::ReceivedLater);
    }
    Ok(vec![PersonRequestEvent::Received {
        deadline: Deadline::after(receiving.received_at, receiving.wish.deadline()),
        wish: receiving.wish,
        customer: receiving.customer,
        channel: receiving.channel,
        note: receiving.note,
        received_at: receiving.received_at,
    }])
}
