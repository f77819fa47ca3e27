//! The retention aggregate: the retention period of a data class, and the disposals after it.
//!
//! Guarantees: there is no disposal unless a period is set; no period is below its floor, and the longest
//! applicable one counts. A disposal and its item ids are recorded before the destruction, and its completion
//! afterwards. Only one disposal is open at a time, so that a crash leaves at most one to finish. The
//! aggregate itself destroys nothing. One stream per data class: `retention-recordings`, `retention-persons`,
//! `retention-transcripts`.

mod class;
pub mod command;
mod decide;
pub mod event;
mod floor;
mod refusal;
mod state;

#[cfg(test)]
mod tests;

pub use class::DataClass;
pub use command::{DisposalBasis, DisposalRequest, RetentionCommand};
pub use decide::{DISPOSAL_ITEMS_MAX, PERIOD_DAYS_MAX, REASON_BYTES_MAX, compute_cutoff};
pub use event::{DisposalResult, DisposalRule, DisposedItems, RetentionEvent, ReviewCounts};
pub use floor::{Floor, GENERAL_FLOOR, floor};
pub use refusal::RetentionRefusal;
pub use state::{LastReview, OpenDisposal, Period, RetentionState};

use crate::decider::{Context, Decider, Scope};
use crate::time::Timestamp;

/// The decider of the retention aggregate.
#[derive(Debug)]
pub struct Retention;

impl Decider for Retention {
    type Id = DataClass;
    type Command = RetentionCommand;
    type Event = RetentionEvent;
    type State = RetentionState;
    type Refusal = RetentionRefusal;

    const AGGREGATE: &'static str = "retention";

    fn command_kind(command: &RetentionCommand) -> &'static str {
        command.kind()
    }

    fn decide(
        state: &RetentionState,
        command: RetentionCommand,
        context: Context,
    ) -> Result<Vec<RetentionEvent>, RetentionRefusal> {
        decide::decide(state, command, context.now)
    }

    fn evolve(state: &mut RetentionState, event: &RetentionEvent, at: Timestamp) {
        state.apply(event, at);
    }

    /// Returns an empty scope: the events list the customers and calls themselves.
    fn scope(_: &DataClass, _: &RetentionState, _: &RetentionEvent) -> Scope {
        Scope::default()
    }
}
