//! What a filtered page keeps of the rows it looks at, and how far it has looked.

use super::super::row::{position, stored_facts, trusted};
use crate::error::from_sqlite;
use domain::event_filter::EventFilter;
use domain::ports::event_store::{MatchingPage, StoreError};
use domain::stored_event::{Position, StoredEvent};
use rusqlite::Row;
use rusqlite::types::ValueRef;

/// Where a filtered page begins, where the log ended when it was asked, and how many events are wanted.
pub(super) struct Stretch {
    pub(super) after: Position,
    pub(super) head: Position,
    pub(super) limit: usize,
}

/// Keeps what a filter wants, and counts what was looked at.
pub(super) struct Sieve<'a> {
    filter: &'a EventFilter,
    stretch: &'a Stretch,
    kept: Vec<StoredEvent>,
    looked_at_count: usize,
    reached: Position,
}

impl<'a> Sieve<'a> {
    pub(super) const fn new(filter: &'a EventFilter, stretch: &'a Stretch) -> Self {
        Self {
            filter,
            stretch,
            kept: Vec::new(),
            looked_at_count: 0,
            reached: stretch.after,
        }
    }

    /// Looks at one row; true when the page is full. The columns that were read from the record when it was
    /// written say whether it is wanted; only what is wanted is read and checked whole.
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

    /// No further row came: of fewer than were asked for, the log holds no more up to its end.
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

/// A row that the index named, when the log has it.
pub(super) fn named<'r, 's>(row: &'r Row<'s>) -> Result<&'r Row<'s>, StoreError> {
    if row.get_ref(0).map_err(|error| from_sqlite(&error))? != ValueRef::Null {
        return Ok(row);
    }
    let place: i64 = row.get(9).map_err(|error| from_sqlite(&error))?;
    Err(StoreError::Damaged(format!(
        "the event at position {place} is missing, which the index names"
    )))
}
