//! One page of one stream, filled row by row. If a version is missing, the error names it.

use super::super::index::IndexedEvent;
use super::super::row::{position, trusted, version};
use crate::error::from_sqlite;
use domain::ids::StreamId;
use domain::ports::event_store::{MatchingPage, StoreError};
use domain::stored_event::{Position, StoredEvent, StreamVersion};
use rusqlite::Row;

/// The usual number of events of a stream, for which memory is reserved.
pub(super) const EVENTS_EXPECTED: usize = 16;

/// The events of one stream found so far.
pub(super) struct StreamPage<'a> {
    stream: &'a StreamId,
    last: u64,
    limit: usize,
    events: Vec<StoredEvent>,
}

impl<'a> StreamPage<'a> {
    pub(super) fn begin(stream: &'a StreamId, after: StreamVersion, limit: usize) -> Self {
        Self {
            stream,
            last: after.0,
            limit,
            events: Vec::with_capacity(limit.min(EVENTS_EXPECTED)),
        }
    }

    pub(super) const fn has_room(&self) -> bool {
        self.events.len() < self.limit
    }

    pub(super) const fn room(&self) -> usize {
        self.limit.saturating_sub(self.events.len())
    }

    /// Returns the version of the page's last event; the next row must have the one after it.
    pub(super) const fn last_version(&self) -> StreamVersion {
        StreamVersion(self.last)
    }

    /// Adds the row at an index entry's position. Skips a row of another stream with the same key.
    /// `Damaged` if the row is missing or a version is left out.
    pub(super) fn take(&mut self, row: Option<&Row<'_>>, place: &IndexedEvent) -> Result<(), StoreError> {
        let missing =
            |version: u64| StoreError::Damaged(format!("version {version} of {} is missing", self.stream));
        let Some(row) = row else {
            return Err(missing(place.version));
        };
        if position(row)? != place.position {
            return Err(missing(place.version));
        }
        let stream = row.get_ref(5).map_err(|error| from_sqlite(&error))?;
        if stream.as_str().ok() != Some(self.stream.as_str()) {
            return Ok(());
        }
        let next = self.last + 1;
        if version(row)?.0 != next {
            return Err(missing(next));
        }
        self.events.push(trusted(row)?);
        self.last = next;
        Ok(())
    }

    /// Returns version and position of the last event if the page is full; otherwise `None`.
    pub(super) fn full(&self) -> Option<(StreamVersion, Position)> {
        let last = self.events.last().filter(|_| !self.has_room())?;
        Some((StreamVersion(self.last), last.position))
    }

    pub(super) fn end(self) -> MatchingPage {
        let reached = self.events.last().map_or(Position(0), |event| event.position);
        MatchingPage {
            events: self.events,
            reached,
        }
    }
}
