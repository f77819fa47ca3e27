//! The commands of a saved report: save it, record a sending, change the owner, remove it.

use super::event::ReportSending;
use super::plan::ReportPlan;
use values::ids::UserId;

#[derive(Debug, Clone, PartialEq, Eq, derive::CommandName)]
#[command(aggregate = "saved_report")]
pub enum SavedReportCommand {
    /// Saves the report. If nothing changed, no event is stored. With `is_new`, a name in use is refused.
    Save {
        plan: Box<ReportPlan>,
        owner: Option<UserId>,
        is_new: bool,
    },
    /// Records what was sent. Once for each due time.
    Send {
        sending: Box<ReportSending>,
    },
    /// Sets the owner from now on. `None` is the owner of the data directory.
    TakeOver {
        owner: Option<UserId>,
        reason: String,
    },
    Remove,
}
