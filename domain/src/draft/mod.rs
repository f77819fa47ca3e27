//! The draft aggregate: what a user has begun to fill in and not sent yet, kept so that nothing typed is
//! lost.
//!
//! Promises: a place belongs to one user and holds one draft; a save is the whole of it; title and body are
//! sealed under the place's own key; nothing is decided by a draft. One stream per place, of which a user has
//! a few for each kind. An uploaded list is no part of a draft.

pub mod command;
mod content;
mod decide;
pub mod event;
mod name;
mod refusal;
mod state;

#[cfg(test)]
mod golden;
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

/// The draft's decider.
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

    /// About nobody: what it says of persons is sealed.
    fn scope(_: &DraftId, _: &DraftState, _: &DraftEvent) -> Scope {
        Scope::default()
    }

    /// A key of the place's own: its id follows from the place, which is no secret.
    fn sealed_under(id: &DraftId, _: &Scope) -> Option<CustomerId> {
        let digest = Sha256::digest(format!("draft:{id}"));
        let hex: String = digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
        hex.parse().ok()
    }
}
