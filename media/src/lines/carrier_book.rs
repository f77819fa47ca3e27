//! The outside world's record of simulated legs. It survives a simulated crash and counts every INVITE of
//! every Call-ID, so that an oracle can compare it with the log.

use domain::time::Timestamp;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What the simulated carrier knows of one leg.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BookEntry {
    /// The line's name.
    pub line: String,
    pub callee: String,
    pub invites: u32,
    pub invited_at: Timestamp,
    /// True if a response or an ICMP error came back to us.
    pub replied: bool,
    /// The status of the final response that refused the leg; `None` if none did.
    pub refused_code: Option<u16>,
    pub answered_at: Option<Timestamp>,
    /// The time of our ACK, or of our BYE without an ACK.
    pub acknowledged_at: Option<Timestamp>,
    /// Number of our BYE transactions.
    pub byes: u32,
    /// The time from which nothing of the leg was open any more.
    pub ended_at: Option<Timestamp>,
    /// True if a request that we sent after a crash ended it.
    pub ended_left_over: bool,
}

/// The simulated carrier's record of every leg, by SIP Call-ID.
#[derive(Default)]
pub struct CarrierBook {
    entries: Mutex<BTreeMap<String, BookEntry>>,
    turns: Mutex<BTreeMap<String, u32>>,
    /// Call-IDs of legs with a callee that answers while our CANCEL is on its way.
    crossing: Mutex<BTreeSet<String>>,
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl CarrierBook {
    /// Returns a copy of the record of every leg so far.
    pub fn entries(&self) -> BTreeMap<String, BookEntry> {
        lock(&self.entries).clone()
    }

    /// Empties the record, for a new simulation.
    pub fn clear(&self) {
        lock(&self.entries).clear();
        lock(&self.turns).clear();
        lock(&self.crossing).clear();
    }

    /// Records an INVITE of a leg. Returns how many INVITEs its callee has received.
    pub(super) fn invite(&self, sip_call_id: &str, line: &str, callee: &str, now: Timestamp) -> u32 {
        lock(&self.entries)
            .entry(sip_call_id.to_owned())
            .and_modify(|entry| entry.invites += 1)
            .or_insert_with(|| BookEntry {
                line: line.to_owned(),
                callee: callee.to_owned(),
                invites: 1,
                invited_at: now,
                replied: false,
                refused_code: None,
                answered_at: None,
                acknowledged_at: None,
                byes: 0,
                ended_at: None,
                ended_left_over: false,
            });
        let mut turns = lock(&self.turns);
        let turn = turns.entry(callee.to_owned()).or_insert(0);
        *turn += 1;
        *turn
    }

    pub(super) fn note_crossing(&self, sip_call_id: &str) {
        lock(&self.crossing).insert(sip_call_id.to_owned());
    }

    pub(super) fn is_crossing(&self, sip_call_id: &str) -> bool {
        lock(&self.crossing).contains(sip_call_id)
    }

    pub(super) fn entry(&self, sip_call_id: &str) -> Option<BookEntry> {
        lock(&self.entries).get(sip_call_id).cloned()
    }

    pub(super) fn change(&self, sip_call_id: &str, change: impl FnOnce(&mut BookEntry)) {
        if let Some(entry) = lock(&self.entries).get_mut(sip_call_id) {
            change(entry);
        }
    }
}

/// A leg's share of its line's capacity. Dropping it frees the share.
pub(super) struct LegSlotGuard(pub(super) Arc<Mutex<u32>>);

impl Drop for LegSlotGuard {
    fn drop(&mut self) {
        let mut legs = lock(&self.0);
        *legs = legs.saturating_sub(1);
    }
}
