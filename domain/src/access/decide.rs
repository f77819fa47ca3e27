//! Decides whether refused attempts are recorded now: at most once a minute.

use super::command::AccessCommand;
use super::event::AccessEvent;
use super::refusal::AccessRefusal;
use super::state::AccessState;
use crate::time::Timestamp;

/// Shortest time between two events of one access stream, in milliseconds; an earlier one is refused with
/// `TooSoon`.
pub const RECORDED_EVERY_MS: u64 = 60_000;

pub(super) fn decide(
    state: &AccessState,
    command: AccessCommand,
    now: Timestamp,
) -> Result<Vec<AccessEvent>, AccessRefusal> {
    let AccessCommand::Refuse { facts } = command;
    let again_at = state.last_at().map(|last| last.plus_ms(RECORDED_EVERY_MS));
    match again_at.filter(|again_at| now < *again_at) {
        Some(again_at) => Err(AccessRefusal::TooSoon { again_at }),
        None => Ok(vec![AccessEvent::Refused { facts }]),
    }
}
