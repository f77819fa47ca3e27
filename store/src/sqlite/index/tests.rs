//! Tests of the index through a log: it is built again if it does not fit, and exact although it is written
//! later and although names may share a key.

use super::super::{EVENTS_FILE, SqliteEventStore, SqliteOptions};
use super::file::INDEX_FILE;
use super::tail::SEGMENT_EVENTS;
use super::{Key, LookupProperty};
use crate::contract::SuiteTasks;
use crate::error::OpenError;
use crate::test_ports::StepClock;
use crate::test_records::{make_batch, make_record_of, stream};
use domain::decider::Scope;
use domain::event_filter::EventFilter;
use domain::ids::{CommandId, EventId, StreamId};
use domain::ports::event_store::{EventStore, StoreError};
use domain::stored_event::{Position, Record, StreamVersion};
use rusqlite::Connection;
use std::fs::OpenOptions;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;
use uuid::Uuid;

fn open(dir: &Path) -> SqliteEventStore {
    let (clock, tasks) = (Arc::<StepClock>::default(), SuiteTasks::default());
    SqliteEventStore::open(dir, clock, &tasks, &SqliteOptions::default()).unwrap()
}

fn beside(dir: &Path) -> SqliteEventStore {
    let (clock, tasks) = (Arc::<StepClock>::default(), SuiteTasks::default());
    SqliteEventStore::open_read_only(dir, clock, &tasks).unwrap()
}

/// Appends `count` events to a stream at version `before`, one per commit.
async fn append(store: &SqliteEventStore, name: &str, before: u64, count: u64) {
    for version in before..before + count {
        let batch = make_batch(&stream(name), version, &format!("{name} {version}"), 1);
        let appended = store.append(&stream(name), StreamVersion(version), batch).await;
        assert!(appended.is_ok(), "{appended:?}");
    }
}

/// Checks that each stream has its events, and that each is found by its id.
async fn check(store: &SqliteEventStore, streams: &[(&str, u64)]) {
    for (name, count) in streams {
        let events = store
            .read_stream(&stream(name), StreamVersion(0), 4_096)
            .await
            .unwrap();
        assert_eq!(events.len() as u64, *count, "{name}");
        for event in events {
            let id = event.envelope().unwrap().id;
            assert_eq!(store.find(id).await, Ok(Some(event)));
        }
        let last = store
            .read_stream(&stream(name), StreamVersion(count - 1), 9)
            .await;
        assert_eq!(last.unwrap().len(), 1, "{name}");
    }
}

#[tokio::test]
async fn an_index_that_does_not_fit_is_made_again() {
    let dir = tempfile::tempdir().unwrap();
    let index = dir.path().join(INDEX_FILE);
    let change = |sql: &str| Connection::open(&index).unwrap().execute_batch(sql).unwrap();
    let remove = || super::file::remove(&index).unwrap();
    let changes: [&dyn Fn(); 8] = [
        &|| {},
        &remove,
        &|| std::fs::write(&index, "no index ".repeat(999)).unwrap(),
        &|| change("UPDATE made SET version = version + 1"),
        &|| change("UPDATE made SET reached_id = reached_id + 1"),
        &|| change("UPDATE made SET reached = 1000"),
        &|| change("DROP TABLE by_id"),
        // Entries beyond the recorded end.
        &|| change("UPDATE made SET reached = 1, reached_id = (SELECT key FROM by_id WHERE pos = 1)"),
    ];
    let mut count = 0;
    for (change, round) in changes.iter().zip(0..) {
        let store = open(dir.path());
        append(&store, "a", count, 3).await;
        append(&store, "b", count, 3).await;
        count += 3;
        store.close().await;
        change();
        let reading = beside(dir.path());
        check(&reading, &[("a", count), ("b", count)]).await;
        reading.close().await;
        let store = open(dir.path());
        check(&store, &[("a", count), ("b", count)]).await;
        let repeat = make_batch(&stream("a"), 0, "a 0", 1);
        let repeated = store.append(&stream("a"), StreamVersion(0), repeat).await;
        assert_eq!(repeated, Ok(Position(1)), "round {round}");
        store.close().await;
    }
}

#[tokio::test]
async fn a_log_that_was_not_closed_is_found_whole() {
    let dir = tempfile::tempdir().unwrap();
    let many = SEGMENT_EVENTS as u64 + 5;
    let copy = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    append(&store, "a", 0, many).await;
    // The files as they are at this moment, as a kill leaves them.
    for end in ["", "-wal"] {
        for name in [EVENTS_FILE, INDEX_FILE] {
            let name = format!("{name}{end}");
            if dir.path().join(&name).exists() {
                std::fs::copy(dir.path().join(&name), copy.path().join(&name)).unwrap();
            }
        }
    }
    check(&beside(copy.path()), &[("a", many)]).await;
    let again = open(copy.path());
    check(&again, &[("a", many)]).await;
    append(&again, "a", many, 2).await;
}

#[tokio::test]
async fn who_reads_beside_the_writer_finds_what_is_committed_however_far_the_index_is() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    append(&store, "a", 0, 1).await;
    let early = beside(dir.path());
    let mut count = 1;
    for _ in 0..12 {
        append(&store, "a", count, SEGMENT_EVENTS as u64 / 3).await;
        count += SEGMENT_EVENTS as u64 / 3;
        check(&early, &[("a", count)]).await;
        check(&beside(dir.path()), &[("a", count)]).await;
    }
    store.close().await;
    check(&early, &[("a", count)]).await;
    // The writer's index disappears while a reader uses it, and another one is created.
    super::file::remove(&dir.path().join(INDEX_FILE)).unwrap();
    let store = open(dir.path());
    for _ in 0..9 {
        append(&store, "a", count, SEGMENT_EVENTS as u64).await;
        count += SEGMENT_EVENTS as u64;
        check(&early, &[("a", count)]).await;
    }
}

/// Returns the record with another id.
fn with_id(record: &Record, id: Uuid) -> Record {
    let text = String::from_utf8(record.bytes().to_vec()).unwrap();
    let changed = text.replacen(&record.id.to_string(), &id.to_string(), 1);
    assert_ne!(changed, text);
    Record::from_stored(changed.into_bytes().into()).unwrap()
}

#[tokio::test]
async fn ids_with_one_key_are_distinguished() {
    let dir = tempfile::tempdir().unwrap();
    let ids: Vec<Uuid> = (1..=3).map(|high| Uuid::from_u64_pair(high, 1 << 63)).collect();
    assert!(
        ids.iter()
            .all(|id| Key::of_id(EventId::new(*id)) == Key::of_id(EventId::new(ids[0])))
    );
    let mut store = open(dir.path());
    for is_behind in [true, false] {
        for (id, version) in ids.iter().zip(0..) {
            let name = stream(&format!("{is_behind}"));
            let id = if is_behind {
                *id
            } else {
                Uuid::from_u64_pair(version + 7, 1 << 63)
            };
            let record = with_id(&make_batch(&name, version, "any", 1)[0], id);
            let append = |record| store.append(&name, StreamVersion(version), vec![record]);
            let first = append(record.clone()).await;
            assert!(first.is_ok(), "{first:?}");
            assert_eq!(append(record.clone()).await, first, "a repeat");
            let other = with_id(&make_batch(&stream("other"), 0, "any", 1)[0], id);
            let elsewhere = store
                .append(&stream("other"), StreamVersion(0), vec![other])
                .await;
            assert_eq!(
                elsewhere,
                Err(StoreError::PartlyStored {
                    stream: stream("other")
                })
            );
            let found = store.find(EventId::new(id)).await.unwrap().unwrap();
            assert_eq!(Ok(found.position), first);
        }
        store.close().await;
        store = open(dir.path());
    }
}

/// Returns two names with the same XXH64: the second words of their two stripes were chosen for this.
fn names() -> [StreamId; 2] {
    let rest = "cccccccccccccccccccccccc";
    let name = |first: &str, second: &str| format!("number-0{first}{rest}{second}eeeeeeeeeeeeeeee");
    [name("aaaaaaaa", "bbbbbbbb"), name("kk90do70", "Zd47ivGI")].map(StreamId::from_stored)
}

#[tokio::test]
async fn streams_with_one_key_are_distinguished() {
    let names = names();
    assert_eq!(Key::of(names[0].as_str()), Key::of(names[1].as_str()));
    assert_ne!(names[0], names[1]);
    let dir = tempfile::tempdir().unwrap();
    let mut store = open(dir.path());
    let mut count = 0;
    for round in 0..3 {
        // Alternately, then one of them alone for longer than the first lookup reads.
        for (name, is_long) in names.iter().zip([false, true]) {
            let added = if is_long { 12 } else { 2 };
            let before = if is_long { count / 2 * 12 } else { count };
            for version in before..before + added {
                let batch = make_batch(name, version, &format!("{name} {version}"), 1);
                let wrong = store
                    .append(name, StreamVersion(version + 1), batch.clone())
                    .await;
                assert!(wrong.is_err(), "{wrong:?}");
                assert!(store.append(name, StreamVersion(version), batch).await.is_ok());
            }
        }
        count += 2;
        for (name, wanted) in names.iter().zip([count, count / 2 * 12]) {
            for after in 0..wanted {
                let events = store.read_stream(name, StreamVersion(after), 99).await.unwrap();
                assert_eq!(
                    events.len() as u64,
                    wanted - after,
                    "round {round}, {name} after {after}"
                );
                assert!(
                    events
                        .iter()
                        .all(|event| event.envelope().unwrap().stream == *name)
                );
            }
        }
        store.close().await;
        store = open(dir.path());
    }
}

#[tokio::test]
async fn an_index_that_cannot_be_written_stops_the_writer_and_the_next_open_makes_it_again() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    append(&store, "a", 0, 1).await;
    let index = Connection::open(dir.path().join(INDEX_FILE)).unwrap();
    index
        .execute_batch(&format!("DROP TABLE {}", LookupProperty::Campaign.table()))
        .unwrap();
    drop(index);
    let mut version = 1;
    let failed = loop {
        let batch = make_batch(&stream("a"), version, &format!("a {version}"), 1);
        match store.append(&stream("a"), StreamVersion(version), batch).await {
            Ok(_) => version += 1,
            Err(failed) => break failed,
        }
        assert!(version < 9 * SEGMENT_EVENTS as u64, "the tail is bounded");
    };
    assert!(matches!(failed, StoreError::Unavailable(_)), "{failed:?}");
    assert_eq!(store.failure(), Some(failed));
    store.close().await;
    let store = open(dir.path());
    let stored = store.head().await.unwrap();
    assert!(stored.0 >= version, "the acknowledged events exist");
    check(&store, &[("a", stored.0)]).await;
}

#[tokio::test]
async fn a_page_of_the_log_that_cannot_be_read_is_not_said_to_be_the_indexs() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    append(&store, "a", 0, 99).await;
    store.close().await;
    let log = dir.path().join(EVENTS_FILE);
    let mut bytes = std::fs::read(&log).unwrap();
    let page = bytes.len() / 2 / 4_096 * 4_096;
    bytes[page..page + 4_096].fill(0xff);
    std::fs::write(&log, bytes).unwrap();
    open(dir.path()).close().await;
    super::file::remove(&dir.path().join(INDEX_FILE)).unwrap();
    let (clock, tasks) = (Arc::<StepClock>::default(), SuiteTasks::default());
    let opened = SqliteEventStore::open(dir.path(), clock, &tasks, &SqliteOptions::default());
    assert!(
        matches!(&opened, Err(OpenError::Damaged { file, .. }) if *file == log),
        "{:?}",
        opened.err()
    );
}

#[tokio::test]
async fn an_index_that_turns_out_to_be_damaged_is_named_and_made_again_by_the_next_open() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    append(&store, "a", 0, 9).await;
    store.close().await;
    // While it is open: damage that exists at the start is repaired by the start.
    let store = open(dir.path());
    let index = OpenOptions::new().write(true).open(dir.path().join(INDEX_FILE));
    // After the schema and `made`: the first page of `by_stream`.
    index.unwrap().write_all_at(&[0xff; 4_096], 2 * 4_096).unwrap();
    let batch = make_batch(&stream("a"), 9, "a 9", 1);
    let failed = store.append(&stream("a"), StreamVersion(9), batch).await;
    assert!(
        matches!(&failed, Err(StoreError::Unavailable(why)) if why.contains(INDEX_FILE)),
        "{failed:?}"
    );
    store.close().await;
    let store = open(dir.path());
    append(&store, "a", 9, 1).await;
    check(&store, &[("a", 10)]).await;
}

/// Returns how many events filters by customer 1, campaign T1 and stream find.
async fn found(store: &SqliteEventStore) -> [usize; 3] {
    let customer = EventFilter {
        customer: Some(CUSTOMER.parse().unwrap()),
        ..EventFilter::default()
    };
    let campaign = EventFilter {
        campaign: Some("T1".parse().unwrap()),
        ..EventFilter::default()
    };
    let one = EventFilter {
        streams: vec![stream("s").as_str().to_owned()],
        ..EventFilter::default()
    };
    let mut counts = [0; 3];
    for (count, filter) in counts.iter_mut().zip([customer, campaign, one]) {
        let page = store.read_matching(&filter, Position(0), 100).await;
        *count = page.unwrap().events.len();
    }
    counts
}

const CUSTOMER: &str = "00000000000000000000000000000001";

#[tokio::test]
async fn an_entry_that_is_gone_from_the_index_hides_no_event_and_is_reported() {
    let changes = [
        ("by_customer", "DELETE FROM by_customer WHERE pos = 2"),
        (
            "by_customer",
            "UPDATE by_customer SET key = key + 1 WHERE pos = 3",
        ),
        ("by_campaign", "DELETE FROM by_campaign"),
        ("by_stream", "DELETE FROM by_stream WHERE pos = 4"),
        ("by_stream", "UPDATE by_stream SET version = 9 WHERE pos = 2"),
    ];
    for (table, change) in changes {
        let dir = tempfile::tempdir().unwrap();
        let store = open(dir.path());
        for version in 0..4_u64 {
            let scope = Scope {
                campaign: Some("T1".parse().unwrap()),
                customer: Some(CUSTOMER.parse().unwrap()),
            };
            let command = CommandId::derive_from_text(&version.to_string());
            let record = make_record_of(&stream("s"), version + 1, command, scope);
            let appended = store
                .append(&stream("s"), StreamVersion(version), vec![record])
                .await;
            assert!(appended.is_ok(), "{appended:?}");
        }
        assert_eq!(store.index_remade(), None);
        store.close().await;
        let index = Connection::open(dir.path().join(INDEX_FILE)).unwrap();
        assert!(index.execute(change, []).unwrap() > 0, "{change}");
        drop(index);
        let reading = beside(dir.path());
        assert_eq!(found(&reading).await, [4, 4, 4], "beside, {change}");
        reading.close().await;
        let store = open(dir.path());
        let why = store.index_remade().map(|remade| remade.why.as_str());
        assert_eq!(why, Some(table), "{change}");
        assert_eq!(found(&store).await, [4, 4, 4], "{change}");
        store.close().await;
        let store = open(dir.path());
        assert_eq!(store.index_remade(), None, "built again once, {change}");
        store.close().await;
    }
}
