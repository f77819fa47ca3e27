//! Tells the watchdog about a worker that ended before its work was finished.

use crate::drivers::driver_context::DriverContext;
use std::sync::Arc;

/// Notifies the watchdog when a worker ends without having finished. Declared before what it watches, so that
/// the enrolment has left the book by then.
pub(super) struct DeathWatch {
    pub(super) kit: Arc<DriverContext>,
    pub(super) finished: bool,
}

impl Drop for DeathWatch {
    fn drop(&mut self) {
        if !self.finished {
            self.kit.cut_off.notify_one();
        }
    }
}
