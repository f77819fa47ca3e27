//! The draft aggregate: an unfinished form of a user, kept so that no entry is lost.
//!
//! Guarantees: a slot belongs to one user and holds one draft. A save contains the whole draft. Title and
//! body are sealed under the slot's own key. No decision uses a draft. Each slot has one stream; a user has a
//! few slots per kind. An uploaded list is not part of a draft.

pub mod command;
mod content;
mod decide;
pub mod event;
mod name;
mod refusal;
mod state;

#[cfg(test)]
mod tests;

pub use command::DraftCommand;
pub use content::{BODY_BYTES_MAX, DraftContent, TITLE_BYTES_MAX};
pub use event::DraftEvent;
pub use name::{DraftId, DraftKind, DraftName, PLACES_MAX};
pub use refusal::DraftRefusal;
pub use state::DraftState;

use crate::decider::{Context, Decider, Scope};
use crate::time::Timestamp;
use sha2::{Digest, Sha256};
use values::ids::CustomerId;

/// The decider of the draft aggregate.
#[derive(Debug)]
pub struct Draft;

impl Decider for Draft {
    type Id = DraftId;
    type Command = DraftCommand;
    type Event = DraftEvent;
    type State = DraftState;
    type Refusal = DraftRefusal;

    const AGGREGATE: &'static str = "draft";

    fn command_kind(command: &DraftCommand) -> &'static str {
        command.kind()
    }

    fn decide(
        state: &DraftState,
        command: DraftCommand,
        _: Context,
    ) -> Result<Vec<DraftEvent>, DraftRefusal> {
        decide::decide(state, command)
    }

    fn evolve(state: &mut DraftState, event: &DraftEvent, at: Timestamp) {
        state.apply(event, at);
    }

    fn is_underway(_: &DraftState) -> bool {
        false
    }

    /// Returns an empty scope: personal data in a draft is sealed.
    fn scope(_: &DraftId, _: &DraftState, _: &DraftEvent) -> Scope {
        Scope::default()
    }

    /// Returns the slot's own key id, a hash of the slot's name, which is not secret.
    fn sealed_under(id: &DraftId, _: &Scope) -> Option<CustomerId> {
        let digest = Sha256::digest(format!("draft:{id}"));
        values::hex::encode_first(16, &digest).parse().ok()
    }
}
