//! Tests of filtered reads (compared with the filtered whole log), files of older versions, lookups by id,
//! and damaged rows.

use super::super::index::INDEX_FILE;
use super::super::schema::{EVENTS_FILE, SCHEMA, open_reader};
use super::super::{SqliteEventStore, SqliteOptions};
use super::*;
use crate::contract::SuiteTasks;
use crate::test_ports::StepClock;
use crate::test_records::{make_record_of, stream};
use domain::decider::Scope;
use domain::ids::CommandId;
use domain::ports::event_store::EventStore;
use std::path::Path;

const EVENTS: u64 = 60;

fn open(dir: &Path) -> SqliteEventStore {
    let (clock, tasks) = (Arc::<StepClock>::default(), SuiteTasks::default());
    SqliteEventStore::open(dir, clock, &tasks, &SqliteOptions::default()).unwrap()
}

/// Makes a log in which streams, campaigns and customers alternate at different rates. The third stream is a
/// customer's own, with events of other customers and of none. Half of its events are in the index file, the
/// other half only in the tail.
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

fn customer(index: u64) -> CustomerId {
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

/// Reads pages of `limit` events until `reached` stops moving.
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

/// Converts the log to a file of an older version, and removes its index, which older versions did not have.
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
            assert_eq!(read, Err(StoreError::Damaged(why)));
        }
    }
    file.execute("DELETE FROM event WHERE pos = 7", []).unwrap();
    let filter = EventFilter {
        kinds: vec!["call.".to_owned()],
        ..EventFilter::default()
    };
    let read = store.read_matching(&filter, Position(0), 100).await;
    let why = "the event at position 7 is missing".to_owned();
    assert_eq!(read, Err(StoreError::Damaged(why)));
}

/// Replaces the index by an incomplete one, as it is while being built: only the log's first events, in a
/// new file.
fn put_half_made(dir: &Path) {
    let index = dir.join(INDEX_FILE);
    std::fs::rename(&index, dir.join("whole.db")).unwrap();
    std::fs::copy(dir.join("whole.db"), &index).unwrap();
    let half = Connection::open(&index).unwrap();
    half.execute_batch(
        "UPDATE made SET reached = 9, reached_id = (SELECT key FROM by_id WHERE pos = 9);
         DELETE FROM by_stream WHERE pos > 9; DELETE FROM by_id WHERE pos > 9;
         DELETE FROM by_campaign WHERE pos > 9; DELETE FROM by_customer WHERE pos > 9",
    )
    .unwrap();
}

#[tokio::test]
async fn an_index_that_is_rebuilt_or_gone_since_it_was_found_hides_nothing_from_other_readers() {
    for is_gone in [false, true] {
        let dir = tempfile::tempdir().unwrap();
        filled(dir.path()).await.close().await;
        let finding = IndexSource::Beside(Arc::new(ReaderIndex::new(dir.path())));
        let reader = || Reader::new(open_reader(dir.path()).unwrap(), finding.clone(), Arc::default());
        let query = Query::Stream {
            stream: stream("s1"),
            after: StreamVersion(0),
            limit: 99,
        };
        let (first, second) = (reader(), reader());
        let whole = first.read(&query).unwrap();
        assert_eq!(whole.events.len() as u64, EVENTS / 3);
        if is_gone {
            std::fs::remove_file(dir.path().join(INDEX_FILE)).unwrap();
        } else {
            put_half_made(dir.path());
        }
        for reader in [second, first] {
            let found = reader.read(&query).unwrap();
            assert!(found == whole, "gone: {is_gone}, {} events", found.events.len());
        }
    }
}
