//! The command of a report: record an issue.

use super::event::Issue;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReportCommand {
    /// Records an issue before the report is handed out. The caller generated and signed it.
    Issue(Box<Issue>),
}

impl ReportCommand {
    /// Returns the command's name, for logs.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Issue(_) => "report.issue",
        }
    }
}
