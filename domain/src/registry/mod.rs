//! The registry aggregate: lists of numbers that others keep (禁呼登记): national ones and lists that come as
//! digests; of which day each is, by area code where it is handed out so, and how its numbers are hidden.
//!
//! Promises: a list is as of a day only once all its numbers were told, and never of an earlier day than it
//! was. Which numbers stand on a list stands on their own streams; one that came as a digest has a stream of
//! its own, under an id made of the digest, so that nobody can go through the log for numbers. One stream for
//! all lists, `registry-all`: a dial asks all of them.

mod command;
mod decide;
pub mod event;
mod refusal;
mod state;

#[cfg(test)]
mod golden;
#[cfg(test)]
mod tests;

pub use command::RegistryCommand;
pub use event::RegistryEvent;
pub use refusal::RegistryRefusal;
pub use state::RegistryState;

use crate::decider::{Context, Decider, Scope};
use crate::time::Timestamp;
use std::fmt;

/// The id of the one stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct AllRegistries;

impl fmt::Display for AllRegistries {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("all")
    }
}

/// The decider of lists that others keep.
#[derive(Debug)]
pub struct NumberRegistry;

impl Decider for NumberRegistry {
    type Id = AllRegistries;
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

    /// About nobody.
    fn scope(_: &AllRegistries, _: &RegistryState, _: &RegistryEvent) -> Scope {
        Scope::default()
    }
}
