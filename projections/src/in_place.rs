//! Events read where their records lie, nothing copied, and what a view that sums them in memory does with
//! each: for folds, whose rows are made once at the end instead of changed with each event.

use crate::database::Tx;
use crate::error::ProjectionError;
use crate::table::Begun;
use domain::ids::StreamId;
use domain::stored_event::{StoredEvent, UnreadableRecord};
use domain::time::Timestamp;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::borrow::Cow;

/// What surrounds an event's data, as far as sums need it.
#[derive(Debug, Deserialize)]
struct Around<'a> {
    #[serde(borrow)]
    kind: Cow<'a, str>,
    version: u16,
    #[serde(borrow)]
    stream: Cow<'a, str>,
    at: Timestamp,
    // Ids have no character that JSON escapes.
    #[serde(borrow, default)]
    campaign: Option<&'a str>,
    #[serde(borrow, default)]
    customer: Option<&'a str>,
    #[serde(borrow)]
    data: &'a RawValue,
}

/// A stored event that is looked at and not kept.
#[derive(Debug)]
pub struct InPlace<'a> {
    stored: &'a StoredEvent,
    around: Around<'a>,
}

impl<'a> InPlace<'a> {
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

    /// The stream it stands in.
    pub(crate) fn stream(&self) -> StreamId {
        StreamId::from_stored(self.around.stream.to_string())
    }

    /// The id of the entity in whose stream it stands.
    pub(crate) fn stream_id(&self) -> &str {
        self.around.stream.split_once('-').map_or("", |(_, id)| id)
    }

    /// Some members of the data; the others are passed over.
    pub(crate) fn members<T: Deserialize<'a>>(&self) -> Result<T, ProjectionError> {
        serde_json::from_str(self.around.data.get())
            .map_err(|error| ProjectionError::Fault(format!("{}: {error}", self.around.kind)))
    }
}

/// What a view makes of events in memory: the rows that `View::apply` makes of the same events, or those of
/// them that are asked for, written once.
pub trait InMemory: Send {
    /// Begins with rows of what came before the first event; `false` where it cannot, and nothing was taken.
    fn begin_with(&mut self, begun: &Begun) -> Result<bool, ProjectionError> {
        Ok(begun.is_empty())
    }

    /// Whether this event is of an entity whose earlier events are in the rows begun with, and have yet to be
    /// recalled for what they say of that entity alone.
    fn lacks_past(&self, _event: &InPlace<'_>) -> bool {
        false
    }

    /// Takes an event that the rows begun with have counted already.
    fn recall(&mut self, _event: &InPlace<'_>) -> Result<(), ProjectionError> {
        Ok(())
    }

    /// Takes the next event, of a kind that the view handles.
    fn take(&mut self, event: &InPlace<'_>) -> Result<(), ProjectionError>;

    /// Adds all rows to tables that have none, those begun with among them.
    fn hand_over(self: Box<Self>, tx: &mut dyn Tx) -> Result<(), ProjectionError>;
}
