//! What an owner holds of a leg that a crash left: the events of its end.

use async_trait::async_trait;
use domain::ports::line::{LeftOverEvent, LeftOverLeg};
use tokio::sync::mpsc;

/// Events that may wait: each comes at most once.
pub(super) const REPORTS_MAX: usize = 4;

pub(crate) struct LeftOverHandle {
    reports: mpsc::Receiver<LeftOverEvent>,
    closed: bool,
}

impl LeftOverHandle {
    pub(super) const fn of(reports: mpsc::Receiver<LeftOverEvent>) -> Self {
        Self {
            reports,
            closed: false,
        }
    }
}

#[async_trait]
impl LeftOverLeg for LeftOverHandle {
    async fn next(&mut self) -> LeftOverEvent {
        if self.closed {
            // Nothing follows `Closed`.
            return std::future::pending().await;
        }
        // When the driver has stopped, no one ends the leg any more.
        let event = self.reports.recv().await.unwrap_or(LeftOverEvent::Closed);
        self.closed = event == LeftOverEvent::Closed;
        event
    }
}
