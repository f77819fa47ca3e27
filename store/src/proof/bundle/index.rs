//! The index of a bundle: its subject, its events in order, and the streams that it contains completely.

use domain::stored_event::{Position, StreamVersion};
use domain::time::Timestamp;
use serde::{Deserialize, Serialize};

/// The content of `index.json`. Its statements about events must agree with their records; `recorded_at` is
/// verified by the inclusion proof.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BundleIndex {
    pub format: String,
    pub subject: BundleSubject,
    /// The name of the log.
    pub origin: String,
    /// The number of events that the checkpoint covers.
    pub size: u64,
    /// The events of the bundle, in the order of the log.
    pub events: Vec<BundleEvent>,
    /// The streams of which the bundle holds every event from version 1 to `last_version`.
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
    /// The leaf's index in the tree, from 0. The names of the event's files contain it.
    pub index: u64,
    /// The event's position in the store.
    pub position: Position,
    pub recorded_at: Timestamp,
    pub stream: String,
    pub stream_version: StreamVersion,
    pub kind: String,
    pub reason: Reason,
}

/// The reason why an event is in a bundle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// The event is about the subject.
    Subject,
    /// The event caused or permitted the subject's events.
    Cause,
}

/// A stream that the bundle contains without a gap from its first event on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WholeStream {
    pub stream: String,
    pub last_version: StreamVersion,
}
