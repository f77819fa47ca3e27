//! Whose turn it is on one connection: ours while a request is answered, else the peer's, since when and
//! how long.

use domain::time::Timestamp;
use std::collections::HashMap;

/// Longest time from accept, or from the last answer, to a request's complete head; a browser needs
/// milliseconds.
pub(crate) const HEAD_MS: u64 = 10_000;

/// Longest time a peer may take nothing of what is written: networks come back sooner.
pub const STALL_MS: u64 = 60_000;

/// What a peer owes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Owed {
    pub since: Timestamp,
    pub(crate) limit_ms: u64,
}

/// One connection's requests and what it waits for.
#[derive(Debug)]
pub(super) struct Turns {
    /// Since accept, or since the last byte of the last answer.
    head_since: Timestamp,
    /// What the peer owes to each open request; `None` while we are at it.
    requests: HashMap<u64, (Option<Owed>, Holds)>,
    next: u64,
    /// Since when the peer takes nothing of what is written.
    pub stuck: Option<Timestamp>,
    pub(crate) upgraded: bool,
}

/// Whether a request holds an ordinary place.
type Holds = bool;

impl Turns {
    pub(super) fn begin(now: Timestamp) -> Self {
        Self {
            head_since: now,
            requests: HashMap::new(),
            next: 0,
            stuck: None,
            upgraded: false,
        }
    }

    pub(super) fn open(&mut self, holds: Holds) -> u64 {
        self.next += 1;
        self.requests.insert(self.next, (None, holds));
        self.next
    }

    pub(super) fn theirs(&mut self, request: u64, since: Timestamp, limit_ms: u64) {
        if let Some((owed, _)) = self.requests.get_mut(&request) {
            *owed = Some(Owed { since, limit_ms });
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

    /// The end of an answer is still on its way: the wait for a next request begins after it.
    pub(super) fn took(&mut self, now: Timestamp) {
        self.stuck = None;
        if self.next > 0 && self.requests.is_empty() {
            self.head_since = now;
        }
    }

    pub(crate) fn holds_ordinary(&self) -> bool {
        self.requests.values().any(|(_, holds)| *holds)
    }

    /// What the peer owes; `None` while we owe something to any of its requests.
    pub(crate) fn owes(&self) -> Option<Owed> {
        if self.upgraded {
            return None;
        }
        if self.requests.is_empty() {
            return Some(self.stuck.map_or(
                Owed {
                    since: self.head_since,
                    limit_ms: HEAD_MS,
                },
                |since| Owed {
                    since,
                    limit_ms: STALL_MS,
                },
            ));
        }
        let owed: Option<Vec<Owed>> = self.requests.values().map(|(owed, _)| *owed).collect();
        // As silent as its least silent request.
        owed?.into_iter().max_by_key(|owed| owed.since)
    }

    /// When this connection is past its limit, as things stand.
    pub(super) fn due(&self) -> Option<Timestamp> {
        self.owes().map(|owed| owed.since.plus_ms(owed.limit_ms))
    }
}
