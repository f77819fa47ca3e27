//! The state of a report, folded from its events: the last issue and the number of issues.

use super::event::{Issue, ReportEvent};

/// The state of a report.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ReportState {
    last: Option<Box<Issue>>,
    issues: u64,
}

impl ReportState {
    pub fn last(&self) -> Option<&Issue> {
        self.last.as_deref()
    }

    pub const fn issues(&self) -> u64 {
        self.issues
    }

    pub(super) fn apply(&mut self, event: &ReportEvent) {
        let ReportEvent::Issued { issue } = event;
        self.last = Some(issue.clone());
        self.issues += 1;
    }
}
