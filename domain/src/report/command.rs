//! The command of a report: record an issue.

use super::event::Issue;

#[derive(Debug, Clone, PartialEq, Eq, derive::CommandName)]
#[command(aggregate = "report")]
pub enum ReportCommand {
    /// Records an issue before the report is handed out. The caller generated and signed it.
    Issue(Box<Issue>),
}
