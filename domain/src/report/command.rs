//! Requests to a report: note that it was issued.

use super::event::Issue;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReportCommand {
    /// Asked before the report is handed out; whoever asks has made and signed it.
    Issue(Box<Issue>),
}
