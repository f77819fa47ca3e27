//! Tests that tampering with a log is detected and reported by position.

use super::*;
use crate::contract::SuiteTasks;
use crate::proof::{FileCheckpointStore, ProofFollower, Publisher, SigningKey, TILE_HASHES};
use crate::test_ports::HashIds;
use crate::test_records::{make_batch, stream};
use async_trait::async_trait;
use domain::ids::StreamId;
use domain::ports::event_store::{AfterPosition, Capabilities, Subscription, WriterConcurrency};
use domain::stored_event::{Record, StreamVersion};
use domain::time::Timestamp;
use std::sync::Arc;

const NOW: Timestamp = Timestamp::from_millis(1_772_416_800_000);

/// A store with the given events; an empty record counts as damaged.
struct FixedEvents(Vec<StoredEvent>);

#[async_trait]
impl EventStore for FixedEvents {
    fn capabilities(&self) -> Capabilities {
        Capabilities {
            dense: true,
            durable: false,
            writers: WriterConcurrency::OneProcess,
        }
    }
    async fn append(&self, _: &StreamId, _: StreamVersion, _: Vec<Record>) -> Result<Position, StoreError> {
        Err(StoreError::Busy)
    }
    async fn read_stream(
        &self,
        _: &StreamId,
        _: StreamVersion,
        _: usize,
    ) -> Result<Vec<StoredEvent>, StoreError> {
        Err(StoreError::Busy)
    }
    async fn read_all(&self, after: AfterPosition, limit: usize) -> Result<Vec<StoredEvent>, StoreError> {
        let from = self.0.partition_point(|event| event.position <= after);
        let page: Vec<StoredEvent> = self.0[from..].iter().take(limit).cloned().collect();
        if page.iter().any(|event| event.record.is_empty()) {
            return Err(StoreError::Damaged("a row".to_owned()));
        }
        Ok(page)
    }
    async fn head(&self) -> Result<Position, StoreError> {
        Ok(self.0.last().map_or(Position(0), |last| last.position))
    }
    async fn last_recorded_at(&self) -> Result<Option<Timestamp>, StoreError> {
        Ok(self.0.last().map(|last| last.recorded_at))
    }
    async fn subscribe(&self, _: AfterPosition) -> Result<Box<dyn Subscription>, StoreError> {
        Err(StoreError::Busy)
    }
}

struct Log {
    dir: tempfile::TempDir,
    events: Vec<StoredEvent>,
    checkpoints: Vec<Checkpoint>,
}

/// Makes a log of 600 events on 6 streams, with checkpoints at 200 and 600.
async fn log() -> Log {
    let dir = tempfile::tempdir().unwrap();
    let events: Vec<StoredEvent> = (0..6)
        .flat_map(|number| {
            let name = format!("s{number}");
            make_batch(&stream(&name), 0, &name, 100)
        })
        .zip(1..)
        .map(|(record, position)| StoredEvent::new(Position(position), NOW, Arc::clone(record.bytes())))
        .collect();
    let key = SigningKey::of_log(&dir.path().join("key"), &HashIds::new(1)).unwrap();
    let publisher = Publisher::new(key, Arc::new(FileCheckpointStore::new(dir.path())));
    let mut follower = ProofFollower::open(dir.path(), true).unwrap();
    let mut checkpoints = Vec::new();
    for part in [&events[..200], &events[200..]] {
        follower.add(part).unwrap();
        let published = publisher.publish(&mut follower, NOW).await.unwrap();
        checkpoints.push(published.checkpoint.claimed().clone());
    }
    Log {
        dir,
        events,
        checkpoints,
    }
}

async fn verify(log: &Log, events: Vec<StoredEvent>) -> LogReport {
    let plan = VerifyPlan {
        dir: log.dir.path().to_owned(),
        dense: true,
        checkpoints: log.checkpoints.clone(),
        resume: true,
    };
    let tasks = SuiteTasks::default();
    verify_log(&FixedEvents(events), &tasks, plan, &mut |_| {})
        .await
        .unwrap()
}

fn wrong_at(report: &LogReport) -> Option<u64> {
    report
        .wrong
        .as_ref()
        .and_then(|wrong| wrong.position)
        .map(|position| position.0)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_as_it_was_written_holds() {
    let log = log().await;
    let report = verify(&log, log.events.clone()).await;
    assert_eq!(report.wrong, None);
    assert_eq!((report.events, report.streams, report.checkpoints), (600, 6, 2));
    assert_eq!((report.covered, report.ids, report.causes_missing), (600, 600, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flipped_byte_is_named_by_position_wherever_it_is() {
    let log = log().await;
    let bytes = log.events[299].record.len();
    for byte in (0..bytes).step_by(7) {
        let mut events = log.events.clone();
        let mut record = events[299].record.to_vec();
        record[byte] ^= 1;
        events[299].record = record.into();
        assert_eq!(wrong_at(&verify(&log, events).await), Some(300), "byte {byte}");
    }
    let mut events = log.events.clone();
    events[599].recorded_at = NOW.plus_ms(1);
    assert_eq!(wrong_at(&verify(&log, events).await), Some(600));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_store_itself_calls_damaged_is_named_by_position() {
    let log = log().await;
    let mut events = log.events.clone();
    events[300].record = Vec::new().into();
    let report = verify(&log, events).await;
    assert_eq!((wrong_at(&report), report.events), (Some(301), 300));
    assert_eq!(report.wrong.unwrap().what, "a row");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_removed_event_is_named_even_when_the_rest_is_renumbered() {
    let log = log().await;
    let mut events = log.events.clone();
    events.remove(41);
    assert_eq!(wrong_at(&verify(&log, events.clone()).await), Some(43));
    for (event, position) in events.iter_mut().zip(1..) {
        event.position = Position(position);
    }
    assert_eq!(wrong_at(&verify(&log, events).await), Some(42));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_events_that_changed_places_are_named() {
    let log = log().await;
    let mut events = log.events.clone();
    // Events of two streams, so that their versions alone do not reveal the swap.
    events.swap(99, 100);
    events[99].position = Position(100);
    events[100].position = Position(101);
    assert_eq!(wrong_at(&verify(&log, events).await), Some(100));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_cut_short_is_named_by_its_end() {
    let log = log().await;
    let report = verify(&log, log.events[..599].to_vec()).await;
    assert_eq!(wrong_at(&report), Some(599));
    assert!(report.wrong.unwrap().what.contains("a checkpoint covers 600"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn damaged_tiles_are_distinguished_from_a_changed_log() {
    let log = log().await;
    let path = log.dir.path().join("tile/0/000");
    let mut tile = std::fs::read(&path).unwrap();
    tile[33] ^= 1;
    std::fs::write(&path, tile).unwrap();
    let wrong = verify(&log, log.events.clone()).await.wrong.unwrap();
    assert!(wrong.what.contains("tiles are damaged"), "{}", wrong.what);
    assert_eq!(wrong.position, Some(Position(2)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_tiles_a_changed_log_is_still_found_by_its_root() {
    let log = log().await;
    std::fs::remove_dir_all(log.dir.path().join("tile")).unwrap();
    let mut events = log.events.clone();
    events[150].recorded_at = NOW.plus_ms(0);
    let mut record = events[150].record.to_vec();
    let at = record.len() - 5;
    record[at] ^= 1;
    events[150].record = record.into();
    let wrong = verify(&log, events).await.wrong.unwrap();
    assert!(
        wrong.what.contains("root") || wrong.position == Some(Position(151)),
        "{wrong:?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_interrupted_check_goes_on_and_finds_the_same() {
    let log = log().await;
    let plan = VerifyPlan {
        dir: log.dir.path().to_owned(),
        dense: true,
        checkpoints: log.checkpoints.clone(),
        resume: true,
    };
    let mut first = Comparison::begin(&plan, &FixedEvents(log.events.clone()))
        .await
        .unwrap();
    let half = &log.events[..300];
    let leaves: Vec<Leaf> = half.iter().map(Leaf::of).collect();
    assert_eq!(first.take(half, &leaves).unwrap(), None);
    first.save().unwrap();
    let report = verify(&log, log.events.clone()).await;
    assert_eq!(
        (report.resumed_from, report.events, report.wrong),
        (300, 600, None)
    );
    assert_eq!((report.streams, report.checkpoints, report.ids), (6, 2, 600));
    assert_eq!(300 % TILE_HASHES, 44);
    // The state of another log, with another event at this position, is not used.
    first.save().unwrap();
    let mut events = log.events.clone();
    events[299].recorded_at = NOW.plus_ms(1);
    let report = verify(&log, events).await;
    assert_eq!((report.resumed_from, wrong_at(&report)), (0, Some(300)));
}
