//! Reads events in place, without copying their records, and defines how a view sums them in memory.
//! Folds use this: they make rows once at the end instead of changing them with each event.

use crate::database::Tx;
use crate::error::ProjectionError;
use crate::table::InitialRows;
use domain::ids::StreamId;
use domain::stored_event::{StoredEvent, UnreadableRecord};
use domain::time::Timestamp;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::borrow::Cow;

/// The envelope members that sums need, and the data as raw JSON.
#[derive(Debug, Deserialize)]
struct EnvelopeMembers<'a> {
    #[serde(borrow)]
    kind: Cow<'a, str>,
    version: u16,
    #[serde(borrow)]
    stream: Cow<'a, str>,
    at: Timestamp,
    // Ids contain no character that JSON escapes, so they can be borrowed.
    #[serde(borrow, default)]
    campaign: Option<&'a str>,
    #[serde(borrow, default)]
    customer: Option<&'a str>,
    #[serde(borrow)]
    data: &'a RawValue,
}

/// A stored event that is read in place and not kept.
#[derive(Debug)]
pub struct BorrowedEvent<'a> {
    stored: &'a StoredEvent,
    around: EnvelopeMembers<'a>,
}

impl<'a> BorrowedEvent<'a> {
    pub(crate) fn read(stored: &'a StoredEvent) -> Result<Self, UnreadableRecord> {
        let around = serde_json::from_slice(&stored.record).map_err(|error| UnreadableRecord {
            position: stored.position,
            why: error.to_string(),
        })?;
        Ok(Self { stored, around })
    }

    pub(crate) const fn stored(&self) -> &'a StoredEvent {
        self.stored
    }

    pub(crate) fn kind(&self) -> &str {
        &self.around.kind
    }

    pub(crate) const fn version(&self) -> u16 {
        self.around.version
    }

    pub(crate) const fn at(&self) -> Timestamp {
        self.around.at
    }

    pub(crate) const fn campaign(&self) -> Option<&'a str> {
        self.around.campaign
    }

    pub(crate) const fn customer(&self) -> Option<&'a str> {
        self.around.customer
    }

    pub(crate) const fn data(&self) -> &'a RawValue {
        self.around.data
    }

    /// Returns the stream that the event belongs to.
    pub(crate) fn stream(&self) -> StreamId {
        StreamId::from_stored(self.around.stream.to_string())
    }

    /// Returns the id of the entity that the event's stream belongs to; empty for a stream name without
    /// one.
    pub(crate) fn stream_id(&self) -> &str {
        self.around.stream.split_once('-').map_or("", |(_, id)| id)
    }

    /// Deserializes members of the event's data that `T` names; other members are skipped.
    pub(crate) fn members<T: Deserialize<'a>>(&self) -> Result<T, ProjectionError> {
        serde_json::from_str(self.around.data.get())
            .map_err(|error| ProjectionError::Fault(format!("{}: {error}", self.around.kind)))
    }
}

/// A view's state in memory while a fold reads events. Its rows equal those that `View::apply` makes from
/// the same events, or the part of them that was requested. They are written once at the end.
pub trait InMemoryView: Send {
    /// Loads rows that were made from all events before the first one. Returns false, and loads nothing, if
    /// the view cannot start from rows.
    fn begin_with(&mut self, begun: &InitialRows) -> Result<bool, ProjectionError> {
        Ok(begun.is_empty())
    }

    /// Returns true if the event's entity has earlier events, counted in the loaded rows, that must be
    /// replayed with `recall` because of what they state about this entity.
    fn lacks_past(&self, _event: &BorrowedEvent<'_>) -> bool {
        false
    }

    /// Replays an event that the loaded rows have already counted.
    fn recall(&mut self, _event: &BorrowedEvent<'_>) -> Result<(), ProjectionError> {
        Ok(())
    }

    /// Applies the next event. Its kind is one that the view handles.
    fn take(&mut self, event: &BorrowedEvent<'_>) -> Result<(), ProjectionError>;

    /// Writes all rows, including those loaded at the start, to the view's empty tables.
    fn hand_over(self: Box<Self>, tx: &mut dyn Tx) -> Result<(), ProjectionError>;
}
