//! The registry aggregate: number lists of other organizations (禁呼登记), for example national do-not-call
//! lists: the date of each, by area code where editions have one, and the salts of lists that come as
//! digests.
//!
//! Guarantees: a registry gets an edition's date only after all its numbers were stored, and its date never
//! moves back. The entries are in the streams of the numbers. A number that came as a digest has a stream of
//! its own; its id is derived from the digest, so that the log cannot be searched for numbers. All registries
//! share one stream, `registry-all`, because a dial checks all of them.

mod command;
mod decide;
pub mod event;
mod refusal;
mod state;

#[cfg(test)]
mod tests;

pub use command::RegistryCommand;
pub use event::RegistryEvent;
pub use refusal::RegistryRefusal;
pub use state::RegistryState;

use crate::decider::{Context, Decider, Scope};
use crate::time::Timestamp;
use std::fmt;

/// The id of the one registry stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct NumberRegistryId;

impl fmt::Display for NumberRegistryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("all")
    }
}

/// The decider of the registry aggregate.
#[derive(Debug)]
pub struct NumberRegistry;

impl Decider for NumberRegistry {
    type Id = NumberRegistryId;
    type Command = RegistryCommand;
    type Event = RegistryEvent;
    type State = RegistryState;
    type Refusal = RegistryRefusal;

    const AGGREGATE: &'static str = "registry";

    fn command_kind(command: &RegistryCommand) -> &'static str {
        command.kind()
    }

    fn decide(
        state: &RegistryState,
        command: RegistryCommand,
        context: Context,
    ) -> Result<Vec<RegistryEvent>, RegistryRefusal> {
        decide::decide(state, command, context.now)
    }

    fn evolve(state: &mut RegistryState, event: &RegistryEvent, _: Timestamp) {
        state.apply(event);
    }

    fn is_underway(_: &RegistryState) -> bool {
        false
    }

    /// Returns an empty scope: registries concern no campaign and no customer.
    fn scope(_: &NumberRegistryId, _: &RegistryState, _: &RegistryEvent) -> Scope {
        Scope::default()
    }
}
