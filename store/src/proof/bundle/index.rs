//! What a bundle proves: for whom, which events in which order, and which streams it holds whole.

use domain::stored_event::{Position, StreamVersion};
use domain::time::Timestamp;
use serde::{Deserialize, Serialize};

/// `index.json`. What it says of events is checked against their records; `recorded_at` by the proof.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BundleIndex {
    pub format: String,
    pub subject: BundleSubject,
    /// Which log.
    pub origin: String,
    /// Events the checkpoint covers.
    pub size: u64,
    /// In the order of the log.
    pub events: Vec<BundleEvent>,
    /// Streams of which every event from 1 to `last_version` is here.
    pub whole_streams: Vec<WholeStream>,
}

/// What the bundle is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BundleSubject {
    /// `call`, `customer`, `event` or `report`.
    pub kind: String,
    pub id: String,
}

/// One event of a bundle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BundleEvent {
    /// The leaf's index in the tree, from 0; names its files.
    pub index: u64,
    /// Where the store has it.
    pub position: Position,
    pub recorded_at: Timestamp,
    pub stream: String,
    pub stream_version: StreamVersion,
    pub kind: String,
    pub reason: Reason,
}

/// Why an event is in a bundle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// It is of the subject.
    Subject,
    /// It led to the subject's events, or granted them.
    Cause,
}

/// A stream that is here from its first event on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WholeStream {
    pub stream: String,
    pub last_version: StreamVersion,
}
