//! Collects the matching rows of a filtered page, and tracks how far the log was searched.

use super::super::row::{position, stored_facts, trusted};
use crate::error::from_sqlite;
use domain::event_filter::EventFilter;
use domain::ports::event_store::{MatchingPage, StoreError};
use domain::stored_event::{Position, StoredEvent};
use rusqlite::Row;
use rusqlite::types::ValueRef;

/// The range and limit of a filtered page: the position before it, the log's end when it was requested, and
/// the most events.
pub(super) struct SearchRange {
    pub(super) after: Position,
    pub(super) head: Position,
    pub(super) limit: usize,
}

/// Collects the events of a page that match a filter, and counts the rows searched.
pub(super) struct Sieve<'a> {
    filter: &'a EventFilter,
    stretch: &'a SearchRange,
    kept: Vec<StoredEvent>,
    looked_at_count: usize,
    reached: Position,
}

impl<'a> Sieve<'a> {
    pub(super) const fn new(filter: &'a EventFilter, stretch: &'a SearchRange) -> Self {
        Self {
            filter,
            stretch,
            kept: Vec::new(),
            looked_at_count: 0,
            reached: stretch.after,
        }
    }

    /// Examines one row and keeps its event if it matches the filter. Returns true if the page is full. The
    /// row's columns decide, which were taken from the record when it was written; only the records of
    /// matching rows are read and verified.
    pub(super) fn take(&mut self, row: &Row<'_>) -> Result<bool, StoreError> {
        self.looked_at_count += 1;
        self.reached = position(row)?;
        if self.filter.wants(&stored_facts(row)?) {
            self.kept.push(trusted(row)?);
        }
        Ok(self.kept.len() >= self.stretch.limit)
    }

    pub(super) fn full(self) -> MatchingPage {
        MatchingPage {
            events: self.kept,
            reached: self.reached,
        }
    }

    /// Returns the page when the query has no further row. If fewer than `asked_for` rows were searched,
    /// the log was searched to its head.
    pub(super) fn drained(self, asked_for: usize) -> MatchingPage {
        let reached = if self.looked_at_count < asked_for {
            self.stretch.head
        } else {
            self.reached
        };
        MatchingPage {
            events: self.kept,
            reached,
        }
    }
}

/// Returns the row at a position that the index named. `Damaged` if the log has no event there.
pub(super) fn named<'r, 's>(row: &'r Row<'s>) -> Result<&'r Row<'s>, StoreError> {
    if row.get_ref(0).map_err(|error| from_sqlite(&error))? != ValueRef::Null {
        return Ok(row);
    }
    let place: i64 = row.get(9).map_err(|error| from_sqlite(&error))?;
    Err(StoreError::Damaged(format!(
        "the event at position {place} is in the index but missing in the log"
    )))
}
