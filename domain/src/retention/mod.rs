//! The retention aggregate: how long a class of data is kept, and what was disposed of after it.
//!
//! Promises: nothing is disposed of before somebody has set a period, none is shorter than its floor, and
//! the longest that applies counts; what is disposed of is on record, by ids, before it is destroyed, and
//! that it is done after; one disposal at a time, so that a crash leaves at most one to be finished. It
//! destroys nothing itself. One stream per class of data: `retention-recordings`, `retention-persons`,
//! `retention-transcripts`.

mod class;
pub mod command;
mod decide;
pub mod event;
mod floor;
mod refusal;
mod state;

#[cfg(test)]
mod golden;
#[cfg(test)]
mod tests;

pub use class::DataClass;
pub use command::{Beginning, RetentionCommand, Under};
pub use decide::{DISPOSAL_ITEMS_MAX, PERIOD_DAYS_MAX, REASON_BYTES_MAX, kept_from};
pub use event::{DisposalResult, DisposalRule, DisposedThings, RetentionEvent, Reviewed};
pub use floor::{Floor, GENERAL_FLOOR, floor};
pub use refusal::RetentionRefusal;
pub use state::{LastReview, Period, RetentionState, UnderWay};

use crate::decider::{Context, Decider, Scope};
use crate::time::Timestamp;

/// The retention's decider.
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

    /// It is about nobody in particular: whom, its events list.
    fn scope(_: &DataClass, _: &RetentionState, _: &RetentionEvent) -> Scope {
        Scope::default()
    }
}
