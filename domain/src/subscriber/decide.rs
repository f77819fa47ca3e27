//! Decides commands to a subscriber: added once with what it follows, forward by acknowledgment only.

use super::command::SubscriberCommand;
use super::event::{Subscribed, SubscriberEvent};
use super::refusal::SubscriberRefusal;
use super::state::SubscriberState;
use crate::stored_event::Position;

/// Longest reason kept: it is stored for ever and must hold nothing personal.
pub const REASON_BYTES_MAX: usize = 256;

type Decided = Result<Vec<SubscriberEvent>, SubscriberRefusal>;

pub(super) fn decide(state: &SubscriberState, command: SubscriberCommand) -> Decided {
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

/// Whoever comes again is where it was; its position would mean nothing under another filter.
fn follow(state: &SubscriberState, wanted: Option<Subscribed>, after: Position) -> Decided {
    match (state.follows(), wanted) {
        (None, wanted) => Ok(vec![SubscriberEvent::Added {
            follows: wanted.unwrap_or_default(),
            after,
        }]),
        (Some(follows), Some(wanted)) if *follows != wanted => Err(SubscriberRefusal::OtherEvents),
        (Some(_), _) => Ok(Vec::new()),
    }
}

/// What was acknowledged before is acknowledged still: a late word changes nothing, and one from before a
/// reset does not undo it.
fn acknowledge(state: &SubscriberState, position: Position, turn: Option<u32>) -> Decided {
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
