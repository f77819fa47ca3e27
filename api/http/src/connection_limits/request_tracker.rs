//! Tracks whether a connection waits for us or for its peer: for us while a request is in progress, otherwise
//! for the peer, since when and how long.

use domain::time::Timestamp;
use std::collections::HashMap;

/// Maximum time in milliseconds from accept, or from the last response, to a complete request head; a browser
/// needs milliseconds.
pub(crate) const HEAD_MS: u64 = 10_000;

/// Maximum time in milliseconds that a peer may read nothing of what is written; networks recover sooner.
pub const STALL_MS: u64 = 60_000;

/// A wait for the peer: since when, and its maximum in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PeerDeadline {
    pub since: Timestamp,
    pub(crate) limit_ms: u64,
}

/// The requests of one connection, and what it waits for.
#[derive(Debug)]
pub(super) struct RequestTracker {
    /// Time of accept, or of the last byte of the last response.
    head_since: Timestamp,
    /// What the peer has to do for each open request; `None` while the server works on it.
    requests: HashMap<u64, (Option<PeerDeadline>, SlotFlag)>,
    next: u64,
    /// Since when the peer reads nothing of what is written; `None` if it reads.
    pub stuck: Option<Timestamp>,
    pub(crate) upgraded: bool,
}

/// True if a request holds an ordinary slot.
type SlotFlag = bool;

impl RequestTracker {
    pub(super) fn begin(now: Timestamp) -> Self {
        Self {
            head_since: now,
            requests: HashMap::new(),
            next: 0,
            stuck: None,
            upgraded: false,
        }
    }

    pub(super) fn open(&mut self, holds: SlotFlag) -> u64 {
        self.next += 1;
        self.requests.insert(self.next, (None, holds));
        self.next
    }

    pub(super) fn theirs(&mut self, request: u64, since: Timestamp, limit_ms: u64) {
        if let Some((owed, _)) = self.requests.get_mut(&request) {
            *owed = Some(PeerDeadline { since, limit_ms });
        }
    }

    pub(super) fn ours(&mut self, request: u64) {
        if let Some((owed, _)) = self.requests.get_mut(&request) {
            *owed = None;
        }
    }

    pub(super) fn close(&mut self, request: u64, now: Timestamp) {
        if self.requests.remove(&request).is_some() {
            self.head_since = now;
        }
    }

    /// Records that the peer read bytes: the end of a response may still be on its way, and the wait for the
    /// next request starts after it.
    pub(super) fn took(&mut self, now: Timestamp) {
        self.stuck = None;
        if self.next > 0 && self.requests.is_empty() {
            self.head_since = now;
        }
    }

    pub(crate) fn holds_ordinary(&self) -> bool {
        self.requests.values().any(|(_, holds)| *holds)
    }

    /// Returns since when the connection waits for its peer, and the time limit; `None` while the server
    /// works on one of its requests, and after an upgrade to another protocol.
    pub(crate) fn find_peer_deadline(&self) -> Option<PeerDeadline> {
        if self.upgraded {
            return None;
        }
        if self.requests.is_empty() {
            return Some(self.stuck.map_or(
                PeerDeadline {
                    since: self.head_since,
                    limit_ms: HEAD_MS,
                },
                |since| PeerDeadline {
                    since,
                    limit_ms: STALL_MS,
                },
            ));
        }
        let owed: Option<Vec<PeerDeadline>> = self.requests.values().map(|(owed, _)| *owed).collect();
        // The connection counts as silent as its least silent request.
        owed?.into_iter().max_by_key(|owed| owed.since)
    }

    /// Returns when the connection exceeds its time limit if its peer does nothing until then; `None` while
    /// it does not wait for the peer.
    pub(super) fn due(&self) -> Option<Timestamp> {
        self.find_peer_deadline()
            .map(|owed| owed.since.plus_ms(owed.limit_ms))
    }
}
