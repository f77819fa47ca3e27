//! The saved report aggregate: which figures somebody wants to see again, over which days, and to whom they
//! are sent when.
//!
//! Promises: it is sent once for each time of its schedule, over every restart, and never for a time before
//! it was saved; what was sent is stored with it. One stream a name; who acted stands in the envelope. It
//! holds no figure itself: whoever makes one asks what its owner may see at that moment.

mod command;
mod decide;
pub mod event;
mod id;
pub mod plan;
mod refusal;
mod state;

#[cfg(test)]
mod golden;
#[cfg(test)]
mod tests;

pub use command::SavedReportCommand;
pub use decide::REASON_BYTES_MAX;
pub use event::{SavedReportEvent, Sending, SendingFault, SentFigure};
pub use id::SavedReportId;
pub use plan::{Every, ReportPlan, ReportSchedule};
pub use refusal::SavedReportRefusal;
pub use state::{Saved, SavedReportState};

use crate::decider::{Context, Decider, Scope};
use crate::time::Timestamp;

/// The saved report's decider.
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

    /// About nobody; a report may be over several campaigns.
    fn scope(_: &SavedReportId, _: &SavedReportState, _: &SavedReportEvent) -> Scope {
        Scope::default()
    }
}
