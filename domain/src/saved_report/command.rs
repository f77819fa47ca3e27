//! Requests to a saved report: be so, note what was sent, be no more.

use super::event::Sending;
use super::plan::ReportPlan;
use values::ids::UserId;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SavedReportCommand {
    /// So already: no event. `is_new`: a name that is taken is refused.
    Save {
        plan: Box<ReportPlan>,
        owner: Option<UserId>,
        is_new: bool,
    },
    /// Record what was made; for each due time once.
    Send {
        sending: Box<Sending>,
    },
    /// The owner from now on; none is the directory's owner.
    TakeOver {
        owner: Option<UserId>,
        reason: String,
    },
    Remove,
}

impl SavedReportCommand {
    /// Its name, for logs.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Save { .. } => "saved_report.save",
            Self::Send { .. } => "saved_report.send",
            Self::TakeOver { .. } => "saved_report.take_over",
            Self::Remove => "saved_report.remove",
        }
    }
}
