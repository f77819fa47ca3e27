//! The view aggregate: what was done to the rows of one view by hand: made anew beside the live ones, put in
//! their place, dropped.
//!
//! Promises: each rebuild is on record once, from its beginning to its end; rows that differ from those they
//! replaced were put in place for a reason, which stands beside both digests. One stream per view. It says
//! nothing about the rows themselves: those follow from the log.

pub mod command;
mod decide;
pub mod event;
mod refusal;
mod state;

#[cfg(test)]
mod golden;
#[cfg(test)]
mod tests;

pub use command::ViewCommand;
pub use decide::{BY_BYTES_MAX, REASON_BYTES_MAX};
pub use event::{SwitchFacts, TableFacts, ViewEvent};
pub use refusal::ViewRefusal;
pub use state::ViewState;

use crate::decider::{Context, Decider, Scope};
use crate::time::Timestamp;
use values::ids::ViewId;

/// The view's decider.
#[derive(Debug)]
pub struct View;

impl Decider for View {
    type Id = ViewId;
    type Command = ViewCommand;
    type Event = ViewEvent;
    type State = ViewState;
    type Refusal = ViewRefusal;

    const AGGREGATE: &'static str = "view";

    fn command_kind(command: &ViewCommand) -> &'static str {
        command.kind()
    }

    fn decide(state: &ViewState, command: ViewCommand, _: Context) -> Result<Vec<ViewEvent>, ViewRefusal> {
        decide::decide(state, command)
    }

    fn evolve(state: &mut ViewState, event: &ViewEvent, _: Timestamp) {
        state.apply(event);
    }

    /// About no campaign and no person.
    fn scope(_: &ViewId, _: &ViewState, _: &ViewEvent) -> Scope {
        Scope {
            campaign: None,
            customer: None,
        }
    }
}
