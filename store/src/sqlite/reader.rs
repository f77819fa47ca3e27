//! What one reader connection answers: pages, in one short transaction each, so that no reader keeps the
//! write-ahead log from shrinking.
//!
//! A page of the log or of a stream has no holes, or names the one it has. A filtered page goes by the index
//! where the filter has a customer, a campaign or one whole stream; otherwise it reads on, a bounded stretch.
//!
//! What goes by the index asks its tail first, then its file up to where the tail begins: what the tail has
//! handed over by then is in the file.

use super::index::{Beside, By, Key, Seen, Tail, attach};
use super::row::{COLUMNS, FACTS, position, signed, trusted, unsigned, version};
use super::sieve::{Sieve, Stretch};
use crate::error::from_sqlite;
use crate::subscription::LOOKED_AT_MAX;
use domain::event_filter::{EventFacts, EventFilter};
use domain::ids::{CampaignId, CustomerId, EventId, StreamId};
use domain::ports::event_store::{MatchingPage, PAGE_EVENTS_MAX, StoreError};
use domain::stored_event::{Position, StoredEvent, StreamVersion};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, Row, ToSql};
use std::cell::Cell;
use std::path::{Path, PathBuf};
use std::sync::Arc;

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

/// By what a reader finds events.
#[derive(Clone)]
pub(super) enum Finding {
    /// In the process that writes.
    Live {
        tail: Arc<Tail>,
        file: PathBuf,
    },
    Beside(Arc<Beside>),
}

/// One connection and what it goes by.
pub(super) struct Reader {
    connection: Connection,
    finding: Finding,
    /// Which file of the index the connection can ask.
    attached: Cell<Option<u64>>,
}

impl Reader {
    pub(super) const fn new(connection: Connection, finding: Finding) -> Self {
        Self {
            connection,
            finding,
            attached: Cell::new(None),
        }
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
                1,
                |_| Ok(()),
            ),
        }
    }

    /// Events of all streams: positions follow one another from `after`, or a row is gone.
    fn log(&self, after: Position, limit: usize) -> Found {
        let mut next = after.0;
        let sql = format!("SELECT {COLUMNS} FROM event WHERE pos > ?1 ORDER BY pos");
        self.page(&sql, &[&signed(after.0)], limit.min(PAGE_EVENTS_MAX), |row| {
            next = follow_on(next, position(row)?)?;
            Ok(())
        })
    }

    /// What the tail of the index knows of a key; what it does not have the attached file has.
    fn look(&self, by: By, key: Key, after: Position, most: usize) -> Result<Seen, StoreError> {
        match &self.finding {
            Finding::Live { tail, file } => {
                let seen = tail.look(by, key, after, most);
                if seen.base > after {
                    self.attach(file, 0)?;
                }
                Ok(seen)
            }
            Finding::Beside(beside) => {
                let known = beside.look(&self.connection, (by, key), after, most)?;
                self.attach(&known.file, known.generation)?;
                Ok(known.seen)
            }
        }
    }

    fn attach(&self, file: &Path, generation: u64) -> Result<(), StoreError> {
        if self.attached.get() == Some(generation) {
            return Ok(());
        }
        // Statements that were prepared know the file that goes.
        self.connection.flush_prepared_statement_cache();
        let is_attached = self.attached.take().is_some();
        attach(&self.connection, file, is_attached).map_err(|error| from_sqlite(&error))?;
        self.attached.set(Some(generation));
        Ok(())
    }

    /// Events of one stream: versions follow one another from `after`, or a row is gone.
    fn stream(&self, stream: &StreamId, after: StreamVersion, limit: usize) -> Found {
        let limit = limit.min(PAGE_EVENTS_MAX);
        // No version stands before the position of its own number.
        let seen = self.look(
            By::Stream,
            Key::of(stream.as_str()),
            Position(after.0),
            usize::MAX,
        )?;
        let mut page = StreamPage::begin(stream, after, limit);
        if seen.base > Position(after.0) {
            let mut statement = self.prepare(&format!(
                "SELECT {EVENT_COLUMNS}, event.version, event.stream, place.version
                 FROM places.by_stream place LEFT JOIN event ON event.pos = place.pos
                 WHERE place.key = ?1 AND place.pos > ?2 AND place.pos <= ?3 AND place.version > ?2
                 ORDER BY place.pos"
            ))?;
            let key = Key::of(stream.as_str()).signed();
            let values = (key, signed(after.0), signed(seen.base.0));
            let mut rows = statement.query(values).map_err(|error| from_sqlite(&error))?;
            while page.has_room()
                && let Some(row) = rows.next().map_err(|error| from_sqlite(&error))?
            {
                page.take(row)?;
            }
        }
        let mut statement = self.prepare(&format!(
            "SELECT {EVENT_COLUMNS}, event.version, event.stream, ?2 FROM (SELECT 1) LEFT JOIN event ON pos = ?1"
        ))?;
        for place in seen.places.iter().filter(|place| place.version > after.0) {
            if !page.has_room() {
                break;
            }
            let values = (signed(place.position.0), signed(place.version));
            let mut rows = statement.query(values).map_err(|error| from_sqlite(&error))?;
            if let Some(row) = rows.next().map_err(|error| from_sqlite(&error))? {
                page.take(row)?;
            }
        }
        Ok(page.end())
    }

    fn find(&self, id: EventId) -> Found {
        let seen = self.look(By::Id, Key::of_id(id), Position(0), usize::MAX)?;
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

    fn matching(&self, filter: &EventFilter, after: Position, limit: usize) -> Found {
        let limit = limit.min(PAGE_EVENTS_MAX);
        if limit == 0 {
            return Ok(nothing_after(after));
        }
        if filter.is_empty() {
            // The end is read first: what the following statement sees includes all of it.
            return if self.head()? <= after {
                Ok(nothing_after(after))
            } else {
                self.log(after, limit)
            };
        }
        let (by, key) = match (whole_stream(filter), &filter.customer, &filter.campaign) {
            (Some(stream), ..) => (By::Stream, Key::of(stream)),
            (None, Some(customer), _) => (By::Customer, Key::of(CustomerId::as_str(customer))),
            (None, None, Some(campaign)) => (By::Campaign, Key::of(CampaignId::as_str(campaign))),
            (None, None, None) => {
                let head = self.head()?;
                if head <= after {
                    return Ok(nothing_after(after));
                }
                return self.look_through(filter, &Stretch { after, head, limit });
            }
        };
        let seen = self.look(by, key, after, LOOKED_AT_MAX)?;
        if seen.end <= after {
            return Ok(nothing_after(after));
        }
        let head = seen.end;
        self.matching_of(filter, (by, key), &seen, &Stretch { after, head, limit })
    }

    /// Goes by the index: at most `LOOKED_AT_MAX` of its entries. The rows say themselves whether they are
    /// wanted, so a key that two names have in common does no harm.
    fn matching_of(
        &self,
        filter: &EventFilter,
        (by, key): (By, Key),
        seen: &Seen,
        stretch: &Stretch,
    ) -> Found {
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

    /// Without an index: the next `LOOKED_AT_MAX` events of the log.
    fn look_through(&self, filter: &EventFilter, stretch: &Stretch) -> Found {
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

    /// The first rows of a query as events, each after `check` has let it pass.
    fn page(
        &self,
        sql: &str,
        values: &[&dyn ToSql],
        limit: usize,
        mut check: impl FnMut(&Row<'_>) -> Result<(), StoreError>,
    ) -> Found {
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

/// The columns of `COLUMNS`, said of the log's rows where tables are joined.
const EVENT_COLUMNS: &str = "event.pos, recorded_at, digest, record";

/// Events of one stream, as they are found.
struct StreamPage<'a> {
    stream: &'a StreamId,
    last: u64,
    limit: usize,
    events: Vec<StoredEvent>,
}

impl<'a> StreamPage<'a> {
    const fn begin(stream: &'a StreamId, after: StreamVersion, limit: usize) -> Self {
        Self {
            stream,
            last: after.0,
            limit,
            events: Vec::new(),
        }
    }

    const fn has_room(&self) -> bool {
        self.events.len() < self.limit
    }

    /// Takes a row that the index named: the event's columns, its version and stream, and the version that
    /// the index says it is. A row of another stream has the same key, and is none of it.
    fn take(&mut self, row: &Row<'_>) -> Result<(), StoreError> {
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

    fn end(self) -> MatchingPage {
        let reached = self.events.last().map_or(Position(0), |event| event.position);
        MatchingPage {
            events: self.events,
            reached,
        }
    }
}

/// A row that the index named, when the log has it.
fn named<'r, 's>(row: &'r Row<'s>) -> Result<&'r Row<'s>, StoreError> {
    if row.get_ref(0).map_err(|error| from_sqlite(&error))? != ValueRef::Null {
        return Ok(row);
    }
    let place: i64 = row.get(9).map_err(|error| from_sqlite(&error))?;
    Err(StoreError::Damaged(format!(
        "the event at position {place} is missing, which the index names"
    )))
}

const fn nothing_after(after: Position) -> MatchingPage {
    MatchingPage {
        events: Vec::new(),
        reached: after,
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
    use super::super::index::INDEX_FILE;
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
    /// customer's own, with events of other customers and of none. Half of it stands in the file of the index,
    /// the other half behind it.
    async fn filled(dir: &Path) -> SqliteEventStore {
        let mut store = open(dir);
        for index in 0..EVENTS {
            if index == EVENTS / 2 {
                store.close().await;
                store = open(dir);
            }
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

    /// Makes of the log a file of an older version, and takes its index away, which there was none of.
    fn make_old(dir: &Path, version: usize) {
        let (file, now) = (dir.join(EVENTS_FILE), dir.join("now.db"));
        std::fs::rename(&file, &now).unwrap();
        std::fs::remove_file(dir.join(INDEX_FILE)).unwrap();
        let old = Connection::open(&file).unwrap();
        old.pragma_update(None, "journal_mode", "WAL").unwrap();
        old.execute_batch(SCHEMA.sql).unwrap();
        for upgrade in &SCHEMA.upgrades[..version - 1] {
            old.execute_batch(upgrade).unwrap();
        }
        old.execute("ATTACH ?1 AS now", [now.to_string_lossy()]).unwrap();
        old.execute("INSERT INTO event SELECT * FROM now.event", [])
            .unwrap();
        std::fs::remove_file(now).unwrap();
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
    async fn a_file_of_an_older_version_is_read_as_it_is_and_brought_up_to_date_when_written() {
        for version in 1..=3 {
            let dir = tempfile::tempdir().unwrap();
            filled(dir.path()).await.close().await;
            let new = schema_of(dir.path());
            make_old(dir.path(), version);
            let old = schema_of(dir.path());
            assert_ne!(old, new);
            let (clock, tasks) = (Arc::<StepClock>::default(), SuiteTasks::default());
            let reading = SqliteEventStore::open_read_only(dir.path(), clock, &tasks).unwrap();
            check_filters(&reading).await;
            assert_eq!(schema_of(dir.path()), old, "reading leaves it as it is");
            assert!(!dir.path().join(INDEX_FILE).exists());
            let store = open(dir.path());
            check_filters(&reading).await;
            check_filters(&store).await;
            reading.close().await;
            store.close().await;
            assert_eq!(schema_of(dir.path()), new, "from version {version}");
        }
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
