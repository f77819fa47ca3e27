//! The saved report aggregate: a selection of figures and days, with its schedule and recipients.
//!
//! Guarantees: a report is sent once for each due time, also across restarts, and never for a time before it
//! was saved. What was sent is stored. Each name has one stream; the envelope names the actor. The aggregate
//! holds no figures: at the moment of generation they are limited to what the owner may see.

mod command;
mod decide;
pub mod event;
mod id;
pub mod plan;
mod refusal;
mod state;

#[cfg(test)]
mod tests;

pub use command::SavedReportCommand;
pub use decide::REASON_BYTES_MAX;
pub use event::{ReportSending, SavedReportEvent, SendingFault, SentFigure};
pub use id::SavedReportId;
pub use plan::{ReportInterval, ReportPlan, ReportSchedule};
pub use refusal::SavedReportRefusal;
pub use state::{SavedPlan, SavedReportState};

use crate::decider::{Context, Decider, Scope};
use crate::time::Timestamp;

/// The decider of the saved report aggregate.
#[derive(Debug)]
pub struct SavedReport;

impl Decider for SavedReport {
    type Id = SavedReportId;
    type Command = SavedReportCommand;
    type Event = SavedReportEvent;
    type State = SavedReportState;
    type Refusal = SavedReportRefusal;

    const AGGREGATE: &'static str = "saved_report";

    fn command_kind(command: &SavedReportCommand) -> &'static str {
        command.kind()
    }

    fn decide(
        state: &SavedReportState,
        command: SavedReportCommand,
        context: Context,
    ) -> Result<Vec<SavedReportEvent>, SavedReportRefusal> {
        decide::decide(state, command, context.now)
    }

    fn evolve(state: &mut SavedReportState, event: &SavedReportEvent, at: Timestamp) {
        state.apply(event, at);
    }

    fn is_underway(_: &SavedReportState) -> bool {
        false
    }

    /// Returns an empty scope: the report concerns no customer and may cover several campaigns.
    fn scope(_: &SavedReportId, _: &SavedReportState, _: &SavedReportEvent) -> Scope {
        Scope::default()
    }
}
