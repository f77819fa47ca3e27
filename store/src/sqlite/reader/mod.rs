//! Reads of one connection. Each page is read in one short transaction, so that no reader keeps the
//! write-ahead log from shrinking.
//!
//! A page of the log or of a stream has no gaps, or the read names the missing event. A filtered page uses
//! the index if the filter has a customer, a campaign or one complete stream name; otherwise it scans a
//! bounded range.
//!
//! A lookup in the index reads its tail first, then its file up to where the tail begins: entries that the
//! tail has dropped are in the file by then.

mod bookmarks;
mod lookup;
mod sieve;
mod stream_page;
mod stream_read;

#[cfg(test)]
mod tests;

use super::index::{Key, LookupProperty, ReaderIndex, Tail, TailEntries};
use super::row::{COLUMNS, FACTS, position, signed, trusted, unsigned};
use crate::error::from_sqlite;
use crate::subscription::LOOKED_AT_MAX;
pub(super) use bookmarks::Bookmarks;
use domain::event_filter::{EventFacts, EventFilter};
use domain::ids::{CampaignId, CustomerId, EventId, StreamId};
use domain::ports::event_store::{MatchingPage, PAGE_EVENTS_MAX, StoreError};
use domain::stored_event::{Position, StoredEvent, StreamVersion};
use rusqlite::{Connection, Row, ToSql};
use sieve::{SearchRange, Sieve, named};
use std::cell::Cell;
use std::path::PathBuf;
use std::sync::Arc;

/// A query of the log.
pub(super) enum Query {
    All {
        after: Position,
        limit: usize,
    },
    Stream {
        stream: StreamId,
        after: StreamVersion,
        limit: usize,
    },
    Matching {
        filter: EventFilter,
        after: Position,
        limit: usize,
    },
    /// The event with this id, if there is one.
    Id(EventId),
    /// The last event, if there is one.
    Last,
}

impl Query {
    /// The position behind which a filtered read begins; 0 for other reads.
    pub(super) const fn after(&self) -> Position {
        match self {
            Self::Matching { after, .. } => *after,
            Self::All { .. } | Self::Stream { .. } | Self::Id(_) | Self::Last => Position(0),
        }
    }
}

/// The events found, and the position up to which the log was searched (only meaningful for filtered reads).
pub(super) type ReadResult = Result<MatchingPage, StoreError>;

/// The index that a reader uses.
#[derive(Clone)]
pub(super) enum IndexSource {
    /// In the process that writes: the writer's tail and file.
    Live {
        tail: Arc<Tail>,
        file: PathBuf,
    },
    Beside(Arc<ReaderIndex>),
}

/// A connection for reads, with its index.
pub(super) struct Reader {
    connection: Connection,
    finding: IndexSource,
    bookmarks: Arc<Bookmarks>,
    /// The generation of the index file that is attached to the connection.
    attached: Cell<Option<u64>>,
}

impl Reader {
    pub(super) const fn new(connection: Connection, finding: IndexSource, bookmarks: Arc<Bookmarks>) -> Self {
        Self {
            connection,
            finding,
            bookmarks,
            attached: Cell::new(None),
        }
    }

    pub(super) fn read(&self, query: &Query) -> ReadResult {
        match query {
            Query::All { after, limit } => self.log(*after, *limit).map_err(|error| near(*after, error)),
            Query::Stream { stream, after, limit } => self.stream(stream, *after, *limit),
            Query::Matching { filter, after, limit } => self
                .matching(filter, *after, *limit)
                .map_err(|error| near(*after, error)),
            Query::Id(id) => self.find(*id),
            Query::Last => self.page(
                &format!("SELECT {COLUMNS} FROM event ORDER BY pos DESC LIMIT 1"),
                &[],
                1,
                |_| Ok(()),
            ),
        }
    }

    /// Reads events of all streams. Fails if their positions do not follow one another from `after`, because
    /// a row is missing.
    fn log(&self, after: Position, limit: usize) -> ReadResult {
        let mut next = after.0;
        let sql = format!("SELECT {COLUMNS} FROM event WHERE pos > ?1 ORDER BY pos");
        self.page(&sql, &[&signed(after.0)], limit.min(PAGE_EVENTS_MAX), |row| {
            next = follow_on(next, position(row)?)?;
            Ok(())
        })
    }

    fn find(&self, id: EventId) -> ReadResult {
        let seen = self.look(LookupProperty::Id, Key::of_id(id), Position(0), usize::MAX)?;
        let mut positions: Vec<i64> = seen.places.iter().map(|place| signed(place.position.0)).collect();
        if seen.base.0 > 0 {
            let mut statement =
                self.prepare("SELECT pos FROM places.by_id WHERE key = ?1 AND pos <= ?2 ORDER BY pos")?;
            let filed = statement
                .query_map((Key::of_id(id).signed(), signed(seen.base.0)), |row| row.get(0))
                .and_then(Iterator::collect::<Result<Vec<i64>, _>>);
            positions.extend(filed.map_err(|error| from_sqlite(&error))?);
        }
        let sql = format!("SELECT {COLUMNS} FROM event WHERE pos = ?1 AND id = ?2");
        for position in positions {
            let found = self.page(
                &sql,
                &[&position, &id.uuid().as_bytes().as_slice()],
                1,
                |_| Ok(()),
            )?;
            for event in &found.events {
                if facts(event)?.id != id {
                    return Err(StoreError::Damaged(format!(
                        "the event at position {} is not {id}, as its column says",
                        event.position
                    )));
                }
            }
            if !found.events.is_empty() {
                return Ok(found);
            }
        }
        Ok(nothing_after(Position(0)))
    }

    fn matching(&self, filter: &EventFilter, after: Position, limit: usize) -> ReadResult {
        let limit = limit.min(PAGE_EVENTS_MAX);
        if limit == 0 {
            return Ok(nothing_after(after));
        }
        if filter.is_empty() {
            // The end is read first, so the following statement sees all events up to it.
            return if self.head()? <= after {
                Ok(nothing_after(after))
            } else {
                self.log(after, limit)
            };
        }
        let (by, key) = match (whole_stream(filter), &filter.customer, &filter.campaign) {
            (Some(stream), ..) => (LookupProperty::Stream, Key::of(stream)),
            (None, Some(customer), _) => (LookupProperty::Customer, Key::of(CustomerId::as_str(customer))),
            (None, None, Some(campaign)) => (LookupProperty::Campaign, Key::of(CampaignId::as_str(campaign))),
            (None, None, None) => {
                let head = self.head()?;
                if head <= after {
                    return Ok(nothing_after(after));
                }
                return self.look_through(filter, &SearchRange { after, head, limit });
            }
        };
        let seen = self.look(by, key, after, LOOKED_AT_MAX)?;
        if seen.end <= after {
            return Ok(nothing_after(after));
        }
        let head = seen.end;
        self.matching_of(filter, by, key, &seen, &SearchRange { after, head, limit })
    }

    /// Reads a filtered page by the index: at most `LOOKED_AT_MAX` of its entries. Each row decides itself
    /// whether it matches, so a key shared by two names does no harm.
    fn matching_of(
        &self,
        filter: &EventFilter,
        by: LookupProperty,
        key: Key,
        seen: &TailEntries,
        stretch: &SearchRange,
    ) -> ReadResult {
        let mut sieve = Sieve::new(filter, stretch);
        let mut left = LOOKED_AT_MAX;
        if seen.base > stretch.after {
            let mut statement = self.prepare(&format!(
                "SELECT {EVENT_COLUMNS}, {FACTS}, place.pos
                 FROM places.{} place LEFT JOIN event ON event.pos = place.pos
                 WHERE place.key = ?1 AND place.pos > ?2 AND place.pos <= ?3 ORDER BY place.pos",
                by.table()
            ))?;
            let values = (key.signed(), signed(stretch.after.0), signed(seen.base.0));
            let mut rows = statement.query(values).map_err(|error| from_sqlite(&error))?;
            while left > 0
                && let Some(row) = rows.next().map_err(|error| from_sqlite(&error))?
            {
                left -= 1;
                if sieve.take(named(row)?)? {
                    return Ok(sieve.full());
                }
            }
        }
        if seen.places.is_empty() {
            return Ok(sieve.drained(LOOKED_AT_MAX));
        }
        let mut statement = self.prepare(&format!(
            "SELECT {EVENT_COLUMNS}, {FACTS}, ?1 FROM (SELECT 1) LEFT JOIN event ON pos = ?1"
        ))?;
        for place in seen.places.iter().take(left) {
            let position = signed(place.position.0);
            let mut rows = statement.query([position]).map_err(|error| from_sqlite(&error))?;
            if let Some(row) = rows.next().map_err(|error| from_sqlite(&error))?
                && sieve.take(named(row)?)?
            {
                return Ok(sieve.full());
            }
        }
        Ok(sieve.drained(LOOKED_AT_MAX))
    }

    /// Reads a filtered page without the index: searches the next `LOOKED_AT_MAX` events of the log.
    fn look_through(&self, filter: &EventFilter, stretch: &SearchRange) -> ReadResult {
        let sql = format!("SELECT {COLUMNS}, {FACTS} FROM event WHERE pos > ?1 AND pos <= ?2 ORDER BY pos");
        let mut statement = self.prepare(&sql)?;
        let mut rows = statement
            .query([signed(stretch.after.0), signed(stretch.head.0)])
            .map_err(|error| from_sqlite(&error))?;
        let mut left = LOOKED_AT_MAX;
        let mut sieve = Sieve::new(filter, stretch);
        let mut next = stretch.after.0;
        while left > 0
            && let Some(row) = rows.next().map_err(|error| from_sqlite(&error))?
        {
            left -= 1;
            next = follow_on(next, position(row)?)?;
            if sieve.take(row)? {
                return Ok(sieve.full());
            }
        }
        Ok(sieve.drained(LOOKED_AT_MAX))
    }

    fn head(&self) -> Result<Position, StoreError> {
        let mut statement = self.prepare("SELECT max(pos) FROM event")?;
        let head: Result<Option<i64>, _> = statement.query_row([], |row| row.get(0));
        Ok(Position(unsigned(
            head.map_err(|error| from_sqlite(&error))?.unwrap_or(0),
        )))
    }

    /// Returns the first rows of a query as events, each after `check` has accepted it.
    fn page(
        &self,
        sql: &str,
        values: &[&dyn ToSql],
        limit: usize,
        mut check: impl FnMut(&Row<'_>) -> Result<(), StoreError>,
    ) -> ReadResult {
        let mut statement = self.prepare(sql)?;
        let mut rows = statement.query(values).map_err(|error| from_sqlite(&error))?;
        let mut events = Vec::new();
        while events.len() < limit
            && let Some(row) = rows.next().map_err(|error| from_sqlite(&error))?
        {
            check(row)?;
            events.push(trusted(row)?);
        }
        let reached = events
            .last()
            .map_or(Position(0), |event: &StoredEvent| event.position);
        Ok(MatchingPage { events, reached })
    }

    fn prepare(&self, sql: &str) -> Result<rusqlite::CachedStatement<'_>, StoreError> {
        self.connection
            .prepare_cached(sql)
            .map_err(|error| from_sqlite(&error))
    }
}

/// The columns of `COLUMNS`, with the table's name where tables are joined.
const EVENT_COLUMNS: &str = "event.pos, recorded_at, digest, record";

const fn nothing_after(after: Position) -> MatchingPage {
    MatchingPage {
        events: Vec::new(),
        reached: after,
    }
}

/// Returns the stream of a filter that has exactly one stream name, which is no prefix.
fn whole_stream(filter: &EventFilter) -> Option<&str> {
    match filter.streams.as_slice() {
        [stream] if !stream.ends_with('-') => Some(stream),
        _ => None,
    }
}

fn facts(event: &StoredEvent) -> Result<EventFacts<'_>, StoreError> {
    EventFacts::of(event).map_err(|error| StoreError::Damaged(error.to_string()))
}

/// Returns the position after `before`. Fails if `found` is another one.
fn follow_on(before: u64, found: Position) -> Result<u64, StoreError> {
    let expected = before.saturating_add(1);
    if found.0 == expected {
        return Ok(expected);
    }
    Err(StoreError::Damaged(format!(
        "the event at position {expected} is missing"
    )))
}

/// Adds the position after which reading began to an error of a page that SQLite cannot read.
fn near(after: Position, error: StoreError) -> StoreError {
    match error {
        StoreError::Damaged(why) if !why.contains("position") => {
            StoreError::Damaged(format!("after position {after}: {why}"))
        }
        other => other,
    }
}
