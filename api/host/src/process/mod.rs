//! One process that serves an installation: what it opened and closes again, and whether it is ready.

mod readiness;
mod standing;
mod worklist_age;

pub use readiness::Readiness;
pub use standing::Standing;

use crate::app::Opened;
use crate::clock_evidence::ClockEvidence;
use application::installation::Installation;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::sync::watch;

/// A process and the installation that it serves.
pub struct Process {
    pub installation: Arc<Installation>,
    pub opened: Opened,
    /// What the clock is compared with.
    pub clock_evidence: Arc<ClockEvidence>,
    ready: AtomicBool,
    draining: watch::Sender<bool>,
}

impl Process {
    pub fn new(opened: Opened, installation: Arc<Installation>, clock_evidence: Arc<ClockEvidence>) -> Self {
        Self {
            installation,
            opened,
            clock_evidence,
            ready: AtomicBool::new(false),
            draining: watch::Sender::new(false),
        }
    }

    /// From now on `/readyz` says yes.
    pub fn begin(&self) {
        self.ready.store(true, Ordering::Release);
    }

    /// From now on `/readyz` says no, and this process takes over from nobody.
    pub fn begin_drain(&self) {
        self.ready.store(false, Ordering::Release);
        self.draining.send_replace(true);
    }

    pub(crate) fn is_draining(&self) -> bool {
        *self.draining.borrow()
    }

    /// Returns when the process drains. Cancel-safe.
    pub async fn draining(&self) {
        // The sender lives as long as `self`.
        drop(self.draining.subscribe().wait_for(|draining| *draining).await);
    }
}
