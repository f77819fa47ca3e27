//! The list of legs with owners that left while no order could be queued. With it, signalling need not ask
//! each leg if its owner is still there.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Call-IDs of legs with an owner that left while no command could be queued. Each is in it at most once: a
/// handle is dropped once, and the trunks' slots bound the number.
#[derive(Debug, Default)]
pub(super) struct AbandonedLegs(Mutex<Vec<String>>);

impl AbandonedLegs {
    pub(super) fn note(&self, call_id: &str) {
        self.lock().push(call_id.to_owned());
    }

    /// Removes and returns the Call-IDs that were noted since the last call.
    pub(super) fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.lock())
    }

    fn lock(&self) -> MutexGuard<'_, Vec<String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
