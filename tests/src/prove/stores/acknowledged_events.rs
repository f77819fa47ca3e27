//! The acknowledgements that a writer printed, and their comparison with the log.

use crate::direct_log::open;
use domain::ports::event_store::{EventStore, PAGE_EVENTS_MAX};
use domain::stored_event::{Position, StoredEvent};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;

/// Every acknowledged event with its position, and the last position of each writer.
#[derive(Default)]
pub(super) struct AcknowledgedEvents {
    positions: BTreeMap<String, u64>,
    last_of: BTreeMap<String, u64>,
    acknowledged_twice: u64,
    acknowledged_out_of_order: u64,
}

/// The result of the comparison. Everything except `kills`, `acknowledged` and `stored` must be 0.
#[derive(Debug, Default)]
pub(super) struct StoreComparison {
    kills: u64,
    acknowledged: usize,
    stored: usize,
    lost: u64,
    repeated: u64,
    out_of_order: u64,
    gaps: u64,
    torn: u64,
    unreadable: u64,
    idle: u64,
}

impl AcknowledgedEvents {
    /// Takes one line. Returns false if it is not an acknowledgement, or was cut by the kill.
    pub(super) fn take(&mut self, line: Option<String>) -> bool {
        let line = line.unwrap_or_default();
        let words: Vec<&str> = line.split(' ').collect();
        let ["ack", writer, position, ids @ .., "."] = words.as_slice() else {
            return false;
        };
        let position: u64 = position.parse().expect("a position is a number");
        for (id, back) in ids.iter().rev().zip(0..) {
            let before = self.positions.insert((*id).to_owned(), position - back);
            self.acknowledged_twice += u64::from(before.is_some());
        }
        let before = self.last_of.insert((*writer).to_owned(), position);
        self.acknowledged_out_of_order += u64::from(before.is_some_and(|before| before >= position));
        true
    }

    /// Returns the highest acknowledged position.
    pub(super) fn last(&self) -> u64 {
        self.last_of.values().copied().max().unwrap_or(0)
    }

    /// Returns the present head of a log.
    pub(super) fn head(&self, spec: &str) -> u64 {
        let head = block_on(async { open(spec).await.head().await });
        head.map_or(0, |position| position.0)
    }

    /// Compares all acknowledgements with the log.
    pub(super) fn compare(self, spec: &str, kills: u64, idle: u64) -> StoreComparison {
        let (events, unreadable) = block_on(async { whole_log(&*open(spec).await).await });
        let mut found = StoreComparison {
            kills,
            idle,
            unreadable,
            acknowledged: self.positions.len(),
            stored: events.len(),
            repeated: self.acknowledged_twice,
            out_of_order: self.acknowledged_out_of_order,
            ..StoreComparison::default()
        };
        let mut stored: BTreeMap<String, u64> = BTreeMap::new();
        let mut versions: BTreeMap<String, u64> = BTreeMap::new();
        let mut instant = None;
        for (event, position) in events.iter().zip(1..) {
            found.gaps += u64::from(event.position.0 != position);
            found.out_of_order += u64::from(instant.is_some_and(|instant| instant > event.recorded_at));
            instant = Some(event.recorded_at);
            let Ok(envelope) = event.envelope() else {
                found.unreadable += 1;
                continue;
            };
            let version = versions.entry(envelope.stream.to_string()).or_default();
            *version += 1;
            found.gaps += u64::from(envelope.stream_version.0 != *version);
            let before = stored.insert(envelope.id.to_string(), event.position.0);
            found.repeated += u64::from(before.is_some());
        }
        for (id, position) in &self.positions {
            match stored.get(id) {
                None => found.lost += 1,
                Some(at) => found.out_of_order += u64::from(at != position),
            }
        }
        found.torn = versions
            .values()
            .map(|version| u64::from(!is_whole(*version)))
            .sum();
        found
    }
}

/// Returns true if a writer's stream ends after a complete batch: batch sizes follow from the version before.
fn is_whole(version: u64) -> bool {
    let mut end = 0;
    while end < version {
        end += end % 3 + 1;
    }
    end == version
}

impl StoreComparison {
    pub(super) fn holds(&self) -> bool {
        let wrong: BTreeSet<u64> = [
            self.lost,
            self.repeated,
            self.out_of_order,
            self.gaps,
            self.torn,
            self.unreadable,
            self.idle,
        ]
        .into();
        wrong == BTreeSet::from([0]) && self.acknowledged > 0
    }

    pub(super) fn line(&self) -> Value {
        json!({"kills": self.kills, "acknowledged": self.acknowledged, "stored": self.stored, "lost": self.lost,
            "repeated": self.repeated, "out_of_order": self.out_of_order, "gaps": self.gaps, "torn": self.torn,
            "unreadable": self.unreadable, "idle": self.idle})
    }
}

/// Reads every event. Returns 1 if the log cannot be read to its end.
async fn whole_log(store: &dyn EventStore) -> (Vec<StoredEvent>, u64) {
    let mut events: Vec<StoredEvent> = Vec::new();
    loop {
        let after = events.last().map_or(Position(0), |event| event.position);
        match store.read_all(after, PAGE_EVENTS_MAX).await {
            Ok(page) if page.is_empty() => return (events, 0),
            Ok(page) => events.extend(page),
            Err(_) => return (events, 1),
        }
    }
}

/// Runs a future: the proofs themselves are not asynchronous.
fn block_on<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build();
    runtime.expect("a runtime can be made").block_on(future)
}
