//! The report aggregate: every issue of a signed report, with the digest of what it said.
//!
//! Promises: an issue names the position it rests on, so that the report can be made again and compared; the
//! same issue again is no news; a later one of the same period stands beside the earlier ones for ever.

pub mod command;
mod decide;
pub mod event;
mod refusal;
mod state;

#[cfg(test)]
mod golden;
#[cfg(test)]
mod tests;

pub use command::ReportCommand;
pub use event::{Issue, ReportEvent, ReportKind};
pub use refusal::ReportRefusal;
pub use state::ReportState;

use crate::decider::{Context, Decider, Scope};
use crate::time::Timestamp;
use values::ids::ReportId;

/// The report's decider.
#[derive(Debug)]
pub struct Report;

impl Decider for Report {
    type Id = ReportId;
    type Command = ReportCommand;
    type Event = ReportEvent;
    type State = ReportState;
    type Refusal = ReportRefusal;

    const AGGREGATE: &'static str = "report";

    fn command_kind(command: &ReportCommand) -> &'static str {
        command.kind()
    }

    fn decide(
        state: &ReportState,
        command: ReportCommand,
        _: Context,
    ) -> Result<Vec<ReportEvent>, ReportRefusal> {
        decide::decide(state, command)
    }

    fn evolve(state: &mut ReportState, event: &ReportEvent, _: Timestamp) {
        state.apply(event);
    }

    /// About no campaign and no person.
    fn scope(_: &ReportId, _: &ReportState, _: &ReportEvent) -> Scope {
        Scope::default()
    }
}
