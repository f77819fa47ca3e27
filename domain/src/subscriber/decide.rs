//! Decides the commands of a subscriber: added once with its filter, moved forward only by acknowledgements.

use super::command::SubscriberCommand;
use super::event::{SubscriberEvent, SubscriberFilter};
use super::refusal::SubscriberRefusal;
use super::state::SubscriberState;
use crate::stored_event::Position;

/// Longest reason of a reset or removal of a subscriber, in bytes; a longer one is refused. It is stored
/// permanently and must not contain personal data.
pub const REASON_BYTES_MAX: usize = 256;

type DecideResult = Result<Vec<SubscriberEvent>, SubscriberRefusal>;

pub(super) fn decide(state: &SubscriberState, command: SubscriberCommand) -> DecideResult {
    match command {
        SubscriberCommand::Follow { wanted, after } => follow(state, wanted, after),
        SubscriberCommand::Acknowledge { position, turn } => acknowledge(state, position, turn),
        SubscriberCommand::Reset { after, reason } => {
            check(reason.as_deref())?;
            known(state)?;
            let before = state.position();
            Ok(vec![SubscriberEvent::Reset {
                before,
                after,
                reason,
            }])
        }
        SubscriberCommand::Remove { reason } => {
            check(reason.as_deref())?;
            known(state)?;
            Ok(vec![SubscriberEvent::Removed { reason }])
        }
    }
}

/// Adds a subscriber at a position. No event if it exists: it continues at its own position. Refused if it
/// exists with another filter, because its position would have another meaning.
fn follow(state: &SubscriberState, wanted: Option<SubscriberFilter>, after: Position) -> DecideResult {
    match (state.follows(), wanted) {
        (None, wanted) => Ok(vec![SubscriberEvent::Added {
            follows: wanted.unwrap_or_default(),
            after,
        }]),
        (Some(follows), Some(wanted)) if *follows != wanted => Err(SubscriberRefusal::OtherEvents),
        (Some(_), _) => Ok(Vec::new()),
    }
}

/// Moves the acknowledged position forward. No event for an earlier position, or for an acknowledgement of
/// a turn before the last reset. Refused for an unknown subscriber.
fn acknowledge(state: &SubscriberState, position: Position, turn: Option<u32>) -> DecideResult {
    known(state)?;
    let is_of_now = turn.is_none_or(|turn| turn == state.turn());
    if !is_of_now || position <= state.position() {
        return Ok(Vec::new());
    }
    Ok(vec![SubscriberEvent::Reached { position }])
}

fn known(state: &SubscriberState) -> Result<(), SubscriberRefusal> {
    state.follows().map(|_| ()).ok_or(SubscriberRefusal::Unknown)
}

fn check(reason: Option<&str>) -> Result<(), SubscriberRefusal> {
    let bytes = reason.map_or(0, str::len);
    if bytes > REASON_BYTES_MAX {
        return Err(SubscriberRefusal::TooLong {
            bytes,
            bytes_max: REASON_BYTES_MAX,
        });
    }
    Ok(())
}
