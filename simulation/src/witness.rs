//! Checks the durable log at the moment an INVITE or the ACK of an answer leaves: `call.dialing` and
//! `call.answered` must be durable by then.
//!
//! The log alone cannot show what was stored first when both happen at one virtual instant.

use super::disk::SimulatedDisk;
use domain::time::Timestamp;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use store::MEMORY_LOG_FILE;

/// Bytes at the end of the durable log that the witness reads: some hundreds of events, appended at the same
/// instant.
const LOOKS_BACK_BYTES: usize = 512 * 1_024;

/// One planned stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Drain {
    pub(crate) began: Timestamp,
    /// When the planned stop was complete; `None` if the power went first.
    pub(crate) ended: Option<Timestamp>,
}

/// Observed INVITEs and ACKs by Call-ID, each with whether its event was durable, and planned stops.
pub(crate) struct DurabilityWitness {
    disk: Arc<SimulatedDisk>,
    seen: Mutex<Vec<(String, bool)>>,
    acknowledged: Mutex<Vec<(String, bool)>>,
    drains: Mutex<Vec<Drain>>,
}

impl DurabilityWitness {
    pub(crate) fn new(disk: Arc<SimulatedDisk>) -> Self {
        Self {
            disk,
            seen: Mutex::new(Vec::new()),
            acknowledged: Mutex::new(Vec::new()),
            drains: Mutex::new(Vec::new()),
        }
    }

    pub(crate) fn drain_begins(&self, began: Timestamp) {
        self.drained().push(Drain { began, ended: None });
    }

    pub(crate) fn drain_ends(&self, at: Timestamp) {
        if let Some(last) = self.drained().last_mut() {
            last.ended = Some(at);
        }
    }

    pub(crate) fn drains(&self) -> Vec<Drain> {
        self.drained().clone()
    }

    fn drained(&self) -> MutexGuard<'_, Vec<Drain>> {
        self.drains.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn see(&self, sip_call_id: &str) {
        let stored = self.is_durable(&format!("\"sip_call_id\":\"{sip_call_id}\""));
        self.seen
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push((sip_call_id.to_owned(), stored));
    }

    /// Notes that the ACK of this leg's answer left, and whether the answer was durable by then. The far
    /// end's dialog tag contains the Call-ID.
    pub(crate) fn see_acknowledged(&self, sip_call_id: &str) {
        let stored = self.is_durable(&format!("\"to_tag\":\"to-{sip_call_id}\""));
        self.acknowledged
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push((sip_call_id.to_owned(), stored));
    }

    pub(crate) fn acknowledged(&self) -> Vec<(String, bool)> {
        self.acknowledged
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    fn is_durable(&self, needle: &str) -> bool {
        self.disk
            .is_durable(MEMORY_LOG_FILE, needle.as_bytes(), LOOKS_BACK_BYTES)
    }

    pub(crate) fn seen(&self) -> Vec<(String, bool)> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[cfg(test)]
mod tests {
    use super::super::clock::SeededChance;
    use super::super::power::Power;
    use super::*;
    use domain::ports::disk::Disk;

    #[test]
    fn only_what_is_synced_counts_as_stored() {
        let chance = Arc::new(SeededChance::new(7, 0));
        let disk = Arc::new(SimulatedDisk::new(chance, Arc::new(Power::default())));
        let witness = DurabilityWitness::new(Arc::clone(&disk));
        disk.append(MEMORY_LOG_FILE, b"{\"sip_call_id\":\"a\"}").unwrap();
        witness.see("a");
        disk.sync(MEMORY_LOG_FILE).unwrap();
        witness.see("a");
        witness.see("b");
        let stored: Vec<bool> = witness.seen().into_iter().map(|(_, stored)| stored).collect();
        assert_eq!(stored, [false, true, false]);
    }
}
