//! What one reader connection answers: pages, in one short transaction each, so that no reader keeps the
//! write-ahead log from shrinking.
//!
//! A page of the log or of a stream has no holes, or names the one it has. A filtered page goes by an index
//! where the filter has a customer, a campaign or one whole stream; otherwise it reads on, a bounded stretch.

use super::row::{COLUMNS, FACTS, position, signed, trusted, unsigned, version};
use super::schema::Indexes;
use super::sieve::{Sieve, Stretch};
use crate::error::from_sqlite;
use crate::subscription::LOOKED_AT_MAX;
use domain::customer::Customer;
use domain::decider::Decider;
use domain::event_filter::{EventFacts, EventFilter};
use domain::ids::{CampaignId, CustomerId, EventId, StreamId};
use domain::ports::event_store::{MatchingPage, PAGE_EVENTS_MAX, StoreError};
use domain::stored_event::{Position, StoredEvent, StreamVersion};
use rusqlite::{Connection, OptionalExtension, Row, ToSql};

/// Where a customer's events stand, in order. The second condition on `stream` is the index's own, word for
/// word, or SQLite would not go by it; no event
/// is of both parts.
const PLACES_OF_CUSTOMER: &str = "SELECT pos FROM (
        SELECT pos FROM event INDEXED BY event_by_customer
        WHERE customer = ?4 AND customer IS NOT NULL AND stream <> 'customer-' || customer
        AND pos > ?1 AND pos <= ?2 ORDER BY pos LIMIT ?3)
    UNION ALL
    SELECT pos FROM (
        SELECT pos FROM event WHERE stream = ?5 AND version > ?6 AND +pos > ?1 AND +pos <= ?2
        ORDER BY version LIMIT ?3)
    ORDER BY 1 LIMIT ?3";

/// What can be asked of the log.
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

/// Events, and how far the log has been looked at for them (of use to a filtered read alone).
pub(super) type Found = Result<MatchingPage, StoreError>;

/// One connection and what it may go by.
pub(super) struct Reader {
    connection: Connection,
    indexes: Indexes,
}

impl Reader {
    pub(super) fn new((connection, indexes): (Connection, Indexes)) -> Self {
        Self { connection, indexes }
    }

    pub(super) fn read(&self, query: &Query) -> Found {
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
                |_| Ok(()),
            ),
        }
    }

    /// Events of all streams: positions follow one another from `after`, or a row is gone.
    fn log(&self, after: Position, limit: usize) -> Found {
        let mut next = after.0;
        let sql = format!("SELECT {COLUMNS} FROM event WHERE pos > ?1 ORDER BY pos LIMIT ?2");
        self.page(&sql, &[&signed(after.0), &limited(limit)], |row| {
            next = follow_on(next, position(row)?)?;
            Ok(())
        })
    }

    /// Events of one stream: versions follow one another from `after`, or a row is gone.
    fn stream(&self, stream: &StreamId, after: StreamVersion, limit: usize) -> Found {
        let mut next = after.0;
        let sql = format!(
            "SELECT {COLUMNS}, version FROM event WHERE stream = ?1 AND version > ?2
             ORDER BY version LIMIT ?3"
        );
        let values: [&dyn ToSql; 3] = [&stream.as_str(), &signed(after.0), &limited(limit)];
        self.page(&sql, &values, |row| {
            next += 1;
            if version(row)?.0 == next {
                return Ok(());
            }
            Err(StoreError::Damaged(format!(
                "version {next} of {stream} is missing"
            )))
        })
    }

    fn find(&self, id: EventId) -> Found {
        let sql = format!("SELECT {COLUMNS} FROM event WHERE id = ?1");
        let found = self.page(&sql, &[&id.uuid().as_bytes().as_slice()], |_| Ok(()))?;
        for event in &found.events {
            if facts(event)?.id != id {
                return Err(StoreError::Damaged(format!(
                    "the event at position {} is not {id}, as the index says",
                    event.position
                )));
            }
        }
        Ok(found)
    }

    fn matching(&self, filter: &EventFilter, after: Position, limit: usize) -> Found {
        // The end is read first: what the following statement sees includes all of it.
        let head = self.head()?;
        let limit = limit.min(PAGE_EVENTS_MAX);
        if head <= after || limit == 0 {
            return Ok(MatchingPage {
                events: Vec::new(),
                reached: after,
            });
        }
        if filter.is_empty() {
            return self.log(after, limit);
        }
        let stretch = Stretch { after, head, limit };
        if let Some(stream) = whole_stream(filter) {
            return self.matching_of_stream(filter, stream, &stretch);
        }
        match (self.indexes, &filter.customer, &filter.campaign) {
            (Indexes::OfStreamsOnly, ..) | (_, None, None) => self.look_through(filter, &stretch),
            (Indexes::OwnStreamsApart, Some(customer), _) => {
                self.matching_of_customer(filter, customer, &stretch)
            }
            (Indexes::Whole, Some(customer), _) => {
                // A file of version 2 may become one of version 3 while it is read, so no index is demanded.
                let sql = format!(
                    "SELECT {COLUMNS}, {FACTS} FROM event
                     WHERE customer = ?4 AND pos > ?1 AND pos <= ?2 ORDER BY pos LIMIT ?3"
                );
                self.look(&sql, filter, &stretch, &[&CustomerId::as_str(customer)])
            }
            (_, None, Some(campaign)) => {
                let sql = format!(
                    "SELECT {COLUMNS}, {FACTS} FROM event INDEXED BY event_by_campaign
                     WHERE campaign = ?4 AND pos > ?1 AND pos <= ?2 ORDER BY pos LIMIT ?3"
                );
                self.look(&sql, filter, &stretch, &[&CampaignId::as_str(campaign)])
            }
        }
    }

    /// A customer's events: those of the own stream, which the index leaves out, and those of all others.
    fn matching_of_customer(&self, filter: &EventFilter, customer: &CustomerId, stretch: &Stretch) -> Found {
        let own = StreamId::new(Customer::AGGREGATE, customer);
        let seen = self.seen_of(own.as_str(), stretch.after)?;
        let mut places = self.prepare(PLACES_OF_CUSTOMER)?;
        let places = places
            .query_map(
                (
                    signed(stretch.after.0),
                    signed(stretch.head.0),
                    signed(LOOKED_AT_MAX as u64),
                    customer.as_str(),
                    own.as_str(),
                    signed(seen),
                ),
                |row| row.get(0),
            )
            .and_then(Iterator::collect::<Result<Vec<i64>, _>>)
            .map_err(|error| from_sqlite(&error))?;
        let mut event = self.prepare(&format!("SELECT {COLUMNS}, {FACTS} FROM event WHERE pos = ?1"))?;
        let mut sieve = Sieve::new(filter, stretch);
        for place in places {
            let mut rows = event.query([place]).map_err(|error| from_sqlite(&error))?;
            let Some(row) = rows.next().map_err(|error| from_sqlite(&error))? else {
                return Err(StoreError::Damaged(format!(
                    "the event at position {place} is missing, which an index names"
                )));
            };
            if sieve.take(row)? {
                return Ok(sieve.full());
            }
        }
        Ok(sieve.drained(LOOKED_AT_MAX))
    }

    /// Goes by an index: at most `LOOKED_AT_MAX` of its entries.
    fn look(&self, sql: &str, filter: &EventFilter, stretch: &Stretch, more: &[&dyn ToSql]) -> Found {
        let (after, head, most) = (
            signed(stretch.after.0),
            signed(stretch.head.0),
            signed(LOOKED_AT_MAX as u64),
        );
        let mut values: Vec<&dyn ToSql> = vec![&after, &head, &most];
        values.extend(more);
        let mut statement = self.prepare(sql)?;
        let mut rows = statement.query(&*values).map_err(|error| from_sqlite(&error))?;
        let mut sieve = Sieve::new(filter, stretch);
        while let Some(row) = rows.next().map_err(|error| from_sqlite(&error))? {
            if sieve.take(row)? {
                return Ok(sieve.full());
            }
        }
        Ok(sieve.drained(LOOKED_AT_MAX))
    }

    /// Without an index: the next `LOOKED_AT_MAX` events of the log.
    fn look_through(&self, filter: &EventFilter, stretch: &Stretch) -> Found {
        let sql = format!(
            "SELECT {COLUMNS}, {FACTS} FROM event WHERE pos > ?1 AND pos <= ?2 ORDER BY pos LIMIT ?3"
        );
        let (after, head, most) = (
            signed(stretch.after.0),
            signed(stretch.head.0),
            signed(LOOKED_AT_MAX as u64),
        );
        let mut statement = self.prepare(&sql)?;
        let mut rows = statement
            .query([after, head, most])
            .map_err(|error| from_sqlite(&error))?;
        let mut sieve = Sieve::new(filter, stretch);
        let mut next = stretch.after.0;
        while let Some(row) = rows.next().map_err(|error| from_sqlite(&error))? {
            next = follow_on(next, position(row)?)?;
            if sieve.take(row)? {
                return Ok(sieve.full());
            }
        }
        Ok(sieve.drained(LOOKED_AT_MAX))
    }

    fn matching_of_stream(&self, filter: &EventFilter, stream: &str, stretch: &Stretch) -> Found {
        let seen = self.seen_of(stream, stretch.after)?;
        let sql = format!(
            "SELECT {COLUMNS}, {FACTS} FROM event WHERE stream = ?4 AND version > ?5
             AND +pos > ?1 AND +pos <= ?2 ORDER BY version LIMIT ?3"
        );
        self.look(&sql, filter, stretch, &[&stream, &signed(seen)])
    }

    /// How many events of a stream stand up to `after`. Its versions are in the order of positions, so the
    /// place is found by halving.
    fn seen_of(&self, stream: &str, after: Position) -> Result<u64, StoreError> {
        let (mut seen, mut beyond) = (0, self.last_version(stream)? + 1);
        while beyond - seen > 1 {
            let middle = seen + (beyond - seen) / 2;
            if self.position_of(stream, middle)? <= after {
                seen = middle;
            } else {
                beyond = middle;
            }
        }
        Ok(seen)
    }

    fn last_version(&self, stream: &str) -> Result<u64, StoreError> {
        let mut statement = self.prepare("SELECT max(version) FROM event WHERE stream = ?1")?;
        let version: Result<Option<i64>, _> = statement.query_row([stream], |row| row.get(0));
        Ok(unsigned(
            version.map_err(|error| from_sqlite(&error))?.unwrap_or(0),
        ))
    }

    fn position_of(&self, stream: &str, version: u64) -> Result<Position, StoreError> {
        let mut statement = self.prepare("SELECT pos FROM event WHERE stream = ?1 AND version = ?2")?;
        let found = statement
            .query_row((stream, signed(version)), |row| row.get(0))
            .optional();
        match found.map_err(|error| from_sqlite(&error))? {
            Some(position) => Ok(Position(unsigned(position))),
            None => Err(StoreError::Damaged(format!(
                "version {version} of {stream} is missing"
            ))),
        }
    }

    fn head(&self) -> Result<Position, StoreError> {
        let mut statement = self.prepare("SELECT max(pos) FROM event")?;
        let head: Result<Option<i64>, _> = statement.query_row([], |row| row.get(0));
        Ok(Position(unsigned(
            head.map_err(|error| from_sqlite(&error))?.unwrap_or(0),
        )))
    }

    /// All rows of a query as events, each after `check` has let it pass.
    fn page(
        &self,
        sql: &str,
        values: &[&dyn ToSql],
        mut check: impl FnMut(&Row<'_>) -> Result<(), StoreError>,
    ) -> Found {
        let mut statement = self.prepare(sql)?;
        let mut rows = statement.query(values).map_err(|error| from_sqlite(&error))?;
        let mut events = Vec::new();
        while let Some(row) = rows.next().map_err(|error| from_sqlite(&error))? {
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

/// The one stream a filter wants, named in full.
fn whole_stream(filter: &EventFilter) -> Option<&str> {
    match filter.streams.as_slice() {
        [stream] if !stream.ends_with('-') => Some(stream),
        _ => None,
    }
}

fn facts(event: &StoredEvent) -> Result<EventFacts<'_>, StoreError> {
    EventFacts::of(event).map_err(|error| StoreError::Damaged(error.to_string()))
}

/// The position after `before`, when it is this one.
fn follow_on(before: u64, found: Position) -> Result<u64, StoreError> {
    let expected = before.saturating_add(1);
    if found.0 == expected {
        return Ok(expected);
    }
    Err(StoreError::Damaged(format!(
        "the event at position {expected} is missing"
    )))
}

fn limited(limit: usize) -> i64 {
    signed(limit.min(PAGE_EVENTS_MAX) as u64)
}

/// A page that SQLite itself cannot read names where reading began.
fn near(after: Position, error: StoreError) -> StoreError {
    match error {
        StoreError::Damaged(why) if !why.contains("position") => {
            StoreError::Damaged(format!("after position {after}: {why}"))
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::super::schema::{EVENTS_FILE, SCHEMA};
    use super::super::{SqliteEventStore, SqliteOptions};
    use crate::contract::SuiteTasks;
    use crate::test_ports::StepClock;
    use crate::test_records::{make_record_of, stream};
    use domain::decider::Scope;
    use domain::event_filter::EventFilter;
    use domain::ids::{CommandId, EventId, StreamId};
    use domain::ports::event_store::{EventStore, PAGE_EVENTS_MAX};
    use domain::stored_event::{Position, StoredEvent, StreamVersion};
    use rusqlite::Connection;
    use std::path::Path;
    use std::sync::Arc;

    const EVENTS: u64 = 60;

    fn open(dir: &Path) -> SqliteEventStore {
        let (clock, tasks) = (Arc::<StepClock>::default(), SuiteTasks::default());
        SqliteEventStore::open(dir, clock, &tasks, &SqliteOptions::default()).unwrap()
    }

    /// A log in which streams, campaigns and customers alternate at different paces; the third stream is a
    /// customer's own, with events of other customers and of none.
    async fn filled(dir: &Path) -> SqliteEventStore {
        let store = open(dir);
        for index in 0..EVENTS {
            let stream = match index % 3 {
                2 => StreamId::new("customer", &customer(2)),
                other => stream(&format!("s{other}")),
            };
            let scope = Scope {
                campaign: (index % 4 != 0).then(|| format!("T{}", index % 4).parse().unwrap()),
                customer: (index % 5 != 0).then(|| customer(index % 5)),
            };
            let command = CommandId::derive_from_text(&index.to_string());
            let record = make_record_of(&stream, index / 3 + 1, command, scope);
            let appended = store
                .append(&stream, StreamVersion(index / 3), vec![record])
                .await;
            assert_eq!(appended, Ok(Position(index + 1)));
        }
        store
    }

    fn customer(index: u64) -> domain::ids::CustomerId {
        format!("{index:032x}").parse().unwrap()
    }

    fn filters() -> Vec<EventFilter> {
        let default = EventFilter::default;
        vec![
            default(),
            EventFilter {
                campaign: Some("T1".parse().unwrap()),
                ..default()
            },
            EventFilter {
                campaign: Some("T9".parse().unwrap()),
                ..default()
            },
            EventFilter {
                customer: Some(customer(2)),
                ..default()
            },
            EventFilter {
                customer: Some(customer(3)),
                kinds: vec!["number.".to_owned()],
                ..default()
            },
            EventFilter {
                customer: Some(customer(2)),
                streams: vec![format!("customer-{}", customer(2))],
                ..default()
            },
            EventFilter {
                customer: Some(customer(2)),
                campaign: Some("T1".parse().unwrap()),
                streams: vec!["number-s0".to_owned(), "number-s1".to_owned()],
                ..default()
            },
            EventFilter {
                streams: vec!["number-s1".to_owned()],
                ..default()
            },
            EventFilter {
                streams: vec!["number-none".to_owned()],
                ..default()
            },
            EventFilter {
                streams: vec!["number-s1".to_owned()],
                campaign: Some("T2".parse().unwrap()),
                ..default()
            },
            EventFilter {
                streams: vec!["number-".to_owned()],
                ..default()
            },
            EventFilter {
                kinds: vec!["number.".to_owned()],
                ..default()
            },
            EventFilter {
                kinds: vec!["call.".to_owned()],
                ..default()
            },
        ]
    }

    /// Reads on in pages of `limit` until it stops moving.
    async fn read_on(store: &SqliteEventStore, filter: &EventFilter, limit: usize) -> Vec<StoredEvent> {
        let (mut events, mut after) = (Vec::new(), Position(0));
        loop {
            let page = store.read_matching(filter, after, limit).await.unwrap();
            assert!(page.events.len() <= limit);
            assert!(
                page.events
                    .iter()
                    .all(|event| after < event.position && event.position <= page.reached)
            );
            events.extend(page.events);
            if page.reached == after {
                assert_eq!(after, Position(EVENTS), "the end is the log's end");
                return events;
            }
            after = page.reached;
        }
    }

    async fn check_filters(store: &SqliteEventStore) {
        for filter in filters() {
            let mut expected = store.read_all(Position(0), PAGE_EVENTS_MAX).await.unwrap();
            filter.retain(&mut expected).unwrap();
            for limit in [1, 7, PAGE_EVENTS_MAX] {
                assert_eq!(read_on(store, &filter, limit).await, expected, "{filter:?}");
            }
            for after in 0..=EVENTS {
                let rest: Vec<_> = expected
                    .iter()
                    .filter(|event| event.position.0 > after)
                    .cloned()
                    .collect();
                let page = store
                    .read_matching(&filter, Position(after), PAGE_EVENTS_MAX)
                    .await
                    .unwrap();
                assert_eq!(
                    (page.events, page.reached),
                    (rest, Position(EVENTS)),
                    "{filter:?} after {after}"
                );
            }
        }
    }

    #[tokio::test]
    async fn every_filter_gives_from_every_position_what_the_whole_log_filtered_gives() {
        let dir = tempfile::tempdir().unwrap();
        check_filters(&filled(dir.path()).await).await;
    }

    /// What version 1 of the file was: no indexes for campaigns and customers.
    fn make_old(dir: &Path) {
        let file = Connection::open(dir.join(EVENTS_FILE)).unwrap();
        let old = "DROP INDEX event_by_campaign; DROP INDEX event_by_customer;
            UPDATE schema_version SET version = 1";
        file.execute_batch(old).unwrap();
    }

    /// What version 2 of the file was: the index for customers has the events of their own streams too.
    fn make_second(dir: &Path) {
        let file = Connection::open(dir.join(EVENTS_FILE)).unwrap();
        let second = "DROP INDEX event_by_customer;
            CREATE INDEX event_by_customer ON event (customer) WHERE customer IS NOT NULL;
            UPDATE schema_version SET version = 2";
        file.execute_batch(second).unwrap();
    }

    #[tokio::test]
    async fn a_file_of_version_2_is_read_as_it_is_and_also_while_it_is_brought_up_to_date() {
        let dir = tempfile::tempdir().unwrap();
        filled(dir.path()).await.close().await;
        let new = schema_of(dir.path());
        make_second(dir.path());
        assert_ne!(schema_of(dir.path()), new);
        let (clock, tasks) = (Arc::<StepClock>::default(), SuiteTasks::default());
        let reading = SqliteEventStore::open_read_only(dir.path(), clock, &tasks).unwrap();
        check_filters(&reading).await;
        let store = open(dir.path());
        check_filters(&reading).await;
        check_filters(&store).await;
        reading.close().await;
        store.close().await;
        assert_eq!(schema_of(dir.path()), new);
    }

    #[tokio::test]
    async fn the_index_for_customers_has_no_entries_of_a_customers_own_stream() {
        let dir = tempfile::tempdir().unwrap();
        let store = filled(dir.path()).await;
        let wanted = EventFilter {
            customer: Some(customer(2)),
            ..EventFilter::default()
        };
        let read = store.read_matching(&wanted, Position(0), 100).await.unwrap();
        let own = StreamId::new("customer", &customer(2));
        let of_own = |event: &&StoredEvent| event.envelope().unwrap().stream == own;
        let of_own_count = read.events.iter().filter(of_own).count();
        assert!(0 < of_own_count && of_own_count < read.events.len());
        // The index alone leads to events of other streams.
        let file = Connection::open(dir.path().join(EVENTS_FILE)).unwrap();
        let entries: u32 = file
            .query_row(
                "SELECT count(*) FROM event INDEXED BY event_by_customer
                 WHERE customer = ?1 AND stream <> 'customer-' || customer",
                [customer(2).as_str()],
                |row| row.get(0),
            )
            .unwrap();
        assert_eq!(entries as usize, read.events.len() - of_own_count);
    }

    fn schema_of(dir: &Path) -> Vec<String> {
        let file = Connection::open(dir.join(EVENTS_FILE)).unwrap();
        let mut statement = file
            .prepare("SELECT coalesce(sql, name) FROM sqlite_schema ORDER BY 1")
            .unwrap();
        statement
            .query_map([], |row| row.get(0))
            .unwrap()
            .map(Result::unwrap)
            .collect()
    }

    #[tokio::test]
    async fn a_file_of_version_1_is_read_as_it_is_and_brought_up_to_date_when_written() {
        let dir = tempfile::tempdir().unwrap();
        filled(dir.path()).await.close().await;
        let new = schema_of(dir.path());
        make_old(dir.path());
        let first = Connection::open_in_memory().unwrap();
        first.execute_batch(SCHEMA.sql).unwrap();
        let count = |file: &Connection| -> i64 {
            file.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))
                .unwrap()
        };
        assert_eq!(
            schema_of(dir.path()).len(),
            usize::try_from(count(&first)).unwrap()
        );
        let (clock, tasks) = (Arc::<StepClock>::default(), SuiteTasks::default());
        let reading = SqliteEventStore::open_read_only(dir.path(), clock, &tasks).unwrap();
        check_filters(&reading).await;
        reading.close().await;
        let store = open(dir.path());
        check_filters(&store).await;
        store.close().await;
        assert_eq!(schema_of(dir.path()), new);
    }

    #[tokio::test]
    async fn an_event_is_found_by_its_id_and_an_unknown_id_finds_none() {
        let dir = tempfile::tempdir().unwrap();
        let store = filled(dir.path()).await;
        for event in store.read_all(Position(0), 100).await.unwrap() {
            let id = event.envelope().unwrap().id;
            assert_eq!(store.find(id).await, Ok(Some(event)));
        }
        let unknown = EventId::derive(CommandId::derive_from_text("unknown"), 0);
        assert_eq!(store.find(unknown).await, Ok(None));
    }

    #[tokio::test]
    async fn a_damaged_event_is_named_by_a_filtered_read_too() {
        let dir = tempfile::tempdir().unwrap();
        let store = filled(dir.path()).await;
        let file = Connection::open(dir.path().join(EVENTS_FILE)).unwrap();
        file.execute("UPDATE event SET record = zeroblob(9) WHERE pos = 7", [])
            .unwrap();
        for filter in [
            EventFilter {
                customer: Some(customer(2)),
                ..EventFilter::default()
            },
            EventFilter {
                customer: Some(customer(1)),
                ..EventFilter::default()
            },
            EventFilter {
                kinds: vec!["number.".to_owned()],
                ..EventFilter::default()
            },
        ] {
            let read = store.read_matching(&filter, Position(0), 100).await;
            if filter.customer == Some(customer(2)) {
                assert!(read.is_ok(), "the index does not lead there");
            } else {
                let why = "the record at position 7 is not what was written".to_owned();
                assert_eq!(read, Err(super::StoreError::Damaged(why)));
            }
        }
        file.execute("DELETE FROM event WHERE pos = 7", []).unwrap();
        let filter = EventFilter {
            kinds: vec!["call.".to_owned()],
            ..EventFilter::default()
        };
        let read = store.read_matching(&filter, Position(0), 100).await;
        let why = "the event at position 7 is missing".to_owned();
        assert_eq!(read, Err(super::StoreError::Damaged(why)));
    }
}
