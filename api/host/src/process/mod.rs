//! One process that serves an installation: what it has opened, its readiness and its drain.

mod dialing_pauses;
mod readiness;
mod status;
mod worklist_age;

pub use dialing_pauses::DialingReport;
pub use readiness::Readiness;
pub use status::ProcessStatus;

use crate::app::OpenDataDir;
use crate::clock::SystemClock;
use crate::clock_evidence::ClockEvidence;
use crate::sandbox::SandboxRealm;
use application::installation::Installation;
use domain::ports::clock::Clock;
use domain::time::Timestamp;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::sync::watch;

/// A process and the installation that it serves.
pub struct Process {
    pub installation: Arc<Installation>,
    pub opened: OpenDataDir,
    /// Compares the clock with other clocks.
    pub clock_evidence: Arc<ClockEvidence>,
    /// When the process started, by the machine's clock, also in a rehearsal.
    pub started_at: Timestamp,
    /// The second installation, for sandbox keys.
    pub sandbox: SandboxRealm,
    ready: AtomicBool,
    draining: watch::Sender<bool>,
}

impl Process {
    /// Creates the process as starting: `/readyz` reports not ready until `begin`.
    pub fn new(
        opened: OpenDataDir,
        installation: Arc<Installation>,
        clock_evidence: Arc<ClockEvidence>,
    ) -> Self {
        Self {
            installation,
            opened,
            clock_evidence,
            started_at: SystemClock::default().now(),
            sandbox: SandboxRealm::default(),
            ready: AtomicBool::new(false),
            draining: watch::Sender::new(false),
        }
    }

    /// Marks the process as started: `/readyz` reports ready from now on.
    pub fn begin(&self) {
        self.ready.store(true, Ordering::Release);
    }

    /// Starts the drain: `/readyz` reports not ready from now on, and the process takes no driver lock any
    /// more.
    pub fn begin_drain(&self) {
        self.ready.store(false, Ordering::Release);
        self.draining.send_replace(true);
    }

    pub(crate) fn is_draining(&self) -> bool {
        *self.draining.borrow()
    }

    /// Waits until the process drains. Cancel-safe.
    pub async fn draining(&self) {
        // The sender lives as long as `self`.
        drop(self.draining.subscribe().wait_for(|draining| *draining).await);
    }
}
