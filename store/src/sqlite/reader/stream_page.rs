//! One page of one stream, row by row: versions follow one another, or the one that is missing is named.

use super::super::row::{trusted, unsigned, version};
use crate::error::from_sqlite;
use domain::ids::StreamId;
use domain::ports::event_store::{MatchingPage, StoreError};
use domain::stored_event::{Position, StoredEvent, StreamVersion};
use rusqlite::Row;
use rusqlite::types::ValueRef;

/// Events of one stream, as they are found.
pub(super) struct StreamPage<'a> {
    stream: &'a StreamId,
    last: u64,
    limit: usize,
    events: Vec<StoredEvent>,
}

impl<'a> StreamPage<'a> {
    pub(super) const fn begin(stream: &'a StreamId, after: StreamVersion, limit: usize) -> Self {
        Self {
            stream,
            last: after.0,
            limit,
            events: Vec::new(),
        }
    }

    pub(super) const fn has_room(&self) -> bool {
        self.events.len() < self.limit
    }

    /// Takes a row that the index named: the event's columns, its version and stream, and the version that
    /// the index says it is. A row of another stream has the same key, and is none of it.
    pub(super) fn take(&mut self, row: &Row<'_>) -> Result<(), StoreError> {
        let missing =
            |version: u64| StoreError::Damaged(format!("version {version} of {} is missing", self.stream));
        let column = |index| row.get_ref(index).map_err(|error| from_sqlite(&error));
        if column(0)? == ValueRef::Null {
            let named: i64 = row.get(6).map_err(|error| from_sqlite(&error))?;
            return Err(missing(unsigned(named)));
        }
        if column(5)?.as_str().ok() != Some(self.stream.as_str()) {
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

    /// The last event of a full page: its version, and where it stands.
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
