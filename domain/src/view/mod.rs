//! The view aggregate: the record of rebuilds that users requested for one view: started, switched, canceled.
//!
//! Guarantees: each rebuild is recorded once from start to end. New rows that differ from the old ones are
//! switched in only with a reason, which is recorded with both digests. One stream per view. It does not hold
//! the rows, which follow from the log.

pub mod command;
mod decide;
pub mod event;
mod refusal;
mod state;

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

/// The decider of the view aggregate.
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

    /// Returns an empty scope: a rebuild concerns no campaign and no customer.
    fn scope(_: &ViewId, _: &ViewState, _: &ViewEvent) -> Scope {
        Scope {
            campaign: None,
            customer: None,
        }
    }
}
