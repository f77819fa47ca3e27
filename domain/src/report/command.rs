//! Requests to a report: note that it was issued.

use super::event::Issue;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReportCommand {
    /// Asked before the report is handed out; whoever asks has made and signed it.
    Issue(Box<Issue>),
}

impl ReportCommand {
    /// Its name, for logs.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Issue(_) => "report.issue",
        }
    }
}
