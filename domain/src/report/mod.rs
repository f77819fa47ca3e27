//! The report aggregate: the issues of a signed report, each with the digest of its figures.
//!
//! Guarantees: an issue names its log position, so that the report can be generated again and compared. The
//! same issue again stores no event. Later issues of a period do not replace earlier ones.

pub mod command;
mod decide;
pub mod event;
mod refusal;
mod state;

#[cfg(test)]
mod tests;

pub use command::ReportCommand;
pub use event::{Issue, ReportEvent, ReportKind};
pub use refusal::ReportRefusal;
pub use state::ReportState;

use crate::decider::{Context, Decider, Scope};
use crate::time::Timestamp;
use values::ids::ReportId;

/// The decider of the report aggregate.
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

    /// Returns an empty scope: a report concerns no single campaign or customer.
    fn scope(_: &ReportId, _: &ReportState, _: &ReportEvent) -> Scope {
        Scope::default()
    }
}
