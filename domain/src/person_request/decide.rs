//! Decides the commands of a person request: received once with its deadline, answered once.

use super::command::{PersonRequestCommand, Receiving};
use super::event::PersonRequestEvent;
use super::refusal::PersonRequestRefusal;
use super::state::PersonRequestState;
use crate::case::{Deadline, needed, within};
use crate::time::Timestamp;

type Decided = Result<Vec<PersonRequestEvent>, PersonRequestRefusal>;

pub(super) fn decide(state: &PersonRequestState, command: PersonRequestCommand, now: Timestamp) -> Decided {
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
            needed("note", &note)?;
            Ok(vec![PersonRequestEvent::Answered {
                answer,
                note,
                done_by,
            }])
        }
    }
}

/// Stores the request. A repeated command stores no event.
fn receive(state: &PersonRequestState, receiving: Receiving, now: Timestamp) -> Decided {
    if state.received().is_some() {
        return Ok(Vec::new());
    }
    within("channel", receiving.channel.as_deref())?;
    within("note", receiving.note.as_deref())?;
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
