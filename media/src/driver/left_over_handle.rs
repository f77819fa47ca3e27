//! The owner's handle to a leg that a crash left: it yields the events of the leg's end.

use async_trait::async_trait;
use domain::ports::line::{LeftOverEvent, LeftOverLeg};
use tokio::sync::mpsc;

/// Capacity of the queue of events of a leg left over by a crash; each event comes at most once.
pub(super) const REPORTS_MAX: usize = 4;

/// A leg left over by a crash, for the caller that waits for its end. Signaling ends the leg.
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
            // No event follows `Closed`.
            return std::future::pending().await;
        }
        // When the driver has stopped, the leg is no longer ended.
        let event = self.reports.recv().await.unwrap_or(LeftOverEvent::Closed);
        self.closed = event == LeftOverEvent::Closed;
        event
    }
}
