//! Tests of groups with more streams than are remembered, and of the index's transaction, which ends with
//! each of the log's.

use super::super::index::{Feeder, INDEX_FILE, IndexLookup, Tail, open_up_to_date};
use super::super::schema::{EVENTS_FILE, open_writer};
use super::*;
use crate::contract::SuiteTasks;
use crate::log_import;
use crate::test_ports::StepClock;
use crate::test_records::{make_batch, stream};
use domain::stored_event::StoredEvent;
use std::path::Path;
use std::time::Duration;

fn open(dir: &Path) -> Appender {
    let connection = open_writer(dir).unwrap();
    let made = open_up_to_date(&connection, dir).unwrap();
    let tail = Arc::new(Tail::new(made.reached));
    let places = IndexLookup::open(dir, Arc::clone(&tail)).unwrap();
    let feeder = Feeder::start(made.index, tail, &SuiteTasks::default());
    let clock = Arc::<StepClock>::default();
    Appender::new(connection, places, feeder, Arc::default(), clock).unwrap()
}

/// Makes a batch of one event, from a command of its own.
fn batch(name: &str, expected: u64, command: &str) -> Batch {
    Batch {
        stream: stream(name),
        expected: StreamVersion(expected),
        records: make_batch(&stream(name), expected, command, 1),
    }
}

#[test]
fn a_version_is_given_once_in_a_group_of_more_streams_than_are_remembered() {
    let dir = tempfile::tempdir().unwrap();
    let mut appender = open(dir.path());
    let mut group = vec![batch("a", 0, "first")];
    for name in 0..=HEADS_MAX {
        group.push(batch(&name.to_string(), 0, &format!("of {name}")));
    }
    group.push(batch("a", 0, "another"));
    group.push(batch("a", 1, "next"));
    let answers = appender.commit(&group).unwrap();
    let conflict = StoreError::WrongVersion {
        stream: stream("a"),
        expected: StreamVersion(0),
        actual: StreamVersion(1),
    };
    let last = group.len() as u64 - 1;
    assert_eq!(answers[group.len() - 2..], [Err(conflict), Ok(Position(last))]);
    appender.close();
}

/// Returns true if the index's write-ahead log can restart, because no connection reads an old state.
fn is_at_rest(dir: &Path) -> bool {
    let index = Connection::open(dir.join(INDEX_FILE)).unwrap();
    index.busy_timeout(Duration::ZERO).unwrap();
    for change in ["version + 1", "version - 1"] {
        let changed = index.execute(&format!("UPDATE made SET version = {change}"), []);
        assert_eq!(changed, Ok(1));
    }
    let busy = index.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get::<_, i64>(0));
    busy.unwrap() == 0
}

/// Opens a log with all events in the index file, so that lookups go to the file.
fn filed(dir: &Path) -> Appender {
    let mut appender = open(dir);
    let first = appender.commit(&[batch("a", 0, "first")]).unwrap();
    assert_eq!(first, [Ok(Position(1))]);
    appender.close();
    open(dir)
}

#[test]
fn a_refused_load_and_a_group_of_conflicts_leave_the_index_at_rest() {
    let dir = tempfile::tempdir().unwrap();
    let mut appender = filed(dir.path());
    let conflicts = appender.commit(&[batch("a", 0, "another")]).unwrap();
    assert!(conflicts[0].is_err(), "{conflicts:?}");
    assert!(is_at_rest(dir.path()), "after a group of conflicts");
    let again = StoredEvent::new(
        Position(2),
        Timestamp::from_micros(i64::MAX / 2),
        Arc::clone(batch("a", 1, "first").records[0].bytes()),
    );
    let loaded = appender.load(&log_import::batches(vec![again]).unwrap());
    assert!(matches!(loaded, Ok(Err(StoreError::Invalid(_)))), "{loaded:?}");
    assert!(is_at_rest(dir.path()), "after a refused load");
    appender.close();
}

#[test]
fn a_failed_commit_leaves_the_index_at_rest() {
    let dir = tempfile::tempdir().unwrap();
    let mut appender = filed(dir.path());
    let log = Connection::open(dir.path().join(EVENTS_FILE)).unwrap();
    log.execute_batch("ALTER TABLE event RENAME TO gone").unwrap();
    let failed = appender.commit(&[batch("a", 1, "second")]);
    assert!(matches!(failed, Err(StoreError::Unavailable(_))), "{failed:?}");
    assert!(is_at_rest(dir.path()));
    appender.close();
}
