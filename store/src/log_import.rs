//! Prepares events of another log for loading: divides them into the batches in which they were appended,
//! extracts the stored columns from the records, and checks that they follow a store's end.

use crate::frame::Frame;
use domain::ids::{CommandId, EventId, StreamId};
use domain::ports::event_store::{PAGE_EVENTS_MAX, StoreError};
use domain::stored_event::{Position, RECORD_BYTES_MAX, StoredEvent, StreamVersion};
use domain::time::Timestamp;
use serde::Deserialize;
use std::collections::HashSet;
use std::sync::Arc;

/// The values of a record that a store keeps in columns beside it.
#[derive(Deserialize)]
struct Facts {
    id: EventId,
    kind: String,
    stream: StreamId,
    stream_version: StreamVersion,
    command: CommandId,
    #[serde(default)]
    campaign: Option<String>,
    #[serde(default)]
    customer: Option<String>,
}

/// One event of a batch to load.
pub(crate) struct ImportEvent {
    pub(crate) id: EventId,
    pub(crate) kind: String,
    pub(crate) campaign: Option<String>,
    pub(crate) customer: Option<String>,
    pub(crate) record: Arc<[u8]>,
}

/// Consecutive events of one stream and command, which were one append.
pub(crate) struct ImportBatch {
    pub(crate) stream: StreamId,
    command: CommandId,
    pub(crate) first_position: Position,
    pub(crate) first_version: StreamVersion,
    pub(crate) recorded_at: Timestamp,
    /// Never empty.
    pub(crate) events: Vec<ImportEvent>,
}

/// The end of a log, which the next batch must follow.
pub(crate) struct ImportHead {
    pub(crate) position: Position,
    pub(crate) recorded_at: Timestamp,
}

/// Divides consecutive events into the batches in which they were appended. Returns `Invalid` for no
/// events, too many, a repeated id, or an event with bytes that are not a record of ours.
pub(crate) fn batches(events: Vec<StoredEvent>) -> Result<Vec<ImportBatch>, StoreError> {
    if events.is_empty() || events.len() > PAGE_EVENTS_MAX {
        return Err(StoreError::Invalid(format!(
            "1 to {PAGE_EVENTS_MAX} events can be loaded at once, not {}",
            events.len()
        )));
    }
    let mut batches: Vec<ImportBatch> = Vec::new();
    let mut ids = HashSet::with_capacity(events.len());
    for event in events {
        if event.record.len() > RECORD_BYTES_MAX {
            return Err(StoreError::Invalid(format!(
                "the record at position {} is too large",
                event.position
            )));
        }
        let facts: Facts = serde_json::from_slice(&event.record).map_err(|error| {
            StoreError::Invalid(format!("the record at position {}: {error}", event.position))
        })?;
        if !ids.insert(facts.id) {
            return Err(StoreError::Invalid(format!(
                "event {} occurs twice in the events to load",
                facts.id
            )));
        }
        match batches
            .last_mut()
            .filter(|batch| batch.goes_on_with(&facts, &event))
        {
            Some(batch) => batch.events.push(ImportEvent::new(facts, event.record)),
            None => batches.push(ImportBatch::begin(facts, event)),
        }
    }
    Ok(batches)
}

impl ImportEvent {
    fn new(facts: Facts, record: Arc<[u8]>) -> Self {
        Self {
            id: facts.id,
            kind: facts.kind,
            campaign: facts.campaign,
            customer: facts.customer,
            record,
        }
    }
}

impl ImportBatch {
    fn begin(facts: Facts, event: StoredEvent) -> Self {
        Self {
            stream: facts.stream.clone(),
            command: facts.command,
            first_position: event.position,
            first_version: facts.stream_version,
            recorded_at: event.recorded_at,
            events: vec![ImportEvent::new(facts, event.record)],
        }
    }

    fn goes_on_with(&self, facts: &Facts, event: &StoredEvent) -> bool {
        facts.stream == self.stream
            && facts.command == self.command
            && event.recorded_at == self.recorded_at
            && event.position.0 == self.last_position().0 + 1
            && facts.stream_version.0 == self.last_version().0 + 1
    }

    pub(crate) fn last_version(&self) -> StreamVersion {
        StreamVersion(self.first_version.0 + self.events.len() as u64 - 1)
    }

    pub(crate) fn last_position(&self) -> Position {
        Position(self.first_position.0 + self.events.len() as u64 - 1)
    }

    /// Returns an error unless the batch directly follows the log's end `end` and its stream's `version`,
    /// and is not recorded earlier. Then moves `end` to the batch's last event.
    pub(crate) fn follow(&self, end: &mut ImportHead, version: StreamVersion) -> Result<(), StoreError> {
        let wrong = if self.first_position.0 != end.position.0 + 1 {
            format!("where position {} follows", end.position.0 + 1)
        } else if self.first_version.0 != version.0 + 1 {
            format!("where version {} of {} follows", version.0 + 1, self.stream)
        } else if self.recorded_at < end.recorded_at {
            "recorded before the event it follows".to_owned()
        } else {
            end.position = self.last_position();
            end.recorded_at = self.recorded_at;
            return Ok(());
        };
        Err(StoreError::Invalid(format!(
            "the event at position {} was given {wrong}",
            self.first_position
        )))
    }

    /// Converts the batch to a frame of the memory store's log.
    pub(crate) fn into_frame(self) -> Frame {
        Frame {
            recorded_at: self.recorded_at,
            first: self.first_position,
            first_version: self.first_version,
            stream: self.stream,
            records: self
                .events
                .into_iter()
                .map(|event| (event.id, event.record))
                .collect(),
        }
    }

    /// Returns the error for a batch with an id that the store already has.
    pub(crate) fn stored_already(&self) -> StoreError {
        StoreError::Invalid(format!(
            "an event of the batch at position {} is stored already",
            self.first_position
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::SuiteTasks;
    use crate::memory::MemoryEventStore;
    use crate::memory_disk::MemoryDisk;
    use crate::sqlite::{SqliteEventStore, SqliteOptions};
    use crate::test_ports::StepClock;
    use crate::test_records::{make_batch, stream};
    use domain::ports::clock::Clock;
    use domain::ports::event_store::EventStore;

    /// Opens one store of each kind, with the directory of the one that needs it.
    fn stores(clock: &Arc<StepClock>) -> (Vec<Arc<dyn EventStore>>, tempfile::TempDir) {
        let dir = tempfile::tempdir().unwrap();
        let (tasks, options) = (SuiteTasks::default(), SqliteOptions::default());
        let clock = || Arc::clone(clock) as Arc<dyn Clock>;
        let memory = MemoryEventStore::new(clock(), Arc::new(MemoryDisk::new())).unwrap();
        let sqlite = SqliteEventStore::open(dir.path(), clock(), &tasks, &options).unwrap();
        (vec![Arc::new(memory), Arc::new(sqlite)], dir)
    }

    async fn append(store: &dyn EventStore, name: &str, expected: u64, count: u64) {
        let batch = make_batch(&stream(name), expected, &format!("{name}{expected}"), count);
        let appended = store.append(&stream(name), StreamVersion(expected), batch).await;
        appended.unwrap();
    }

    /// Makes a log with two streams, five batches and three times.
    async fn log() -> Vec<StoredEvent> {
        let clock = Arc::new(StepClock::default());
        let (stores, _dir) = stores(&clock);
        let store = &*stores[0];
        for (name, expected, count, micros) in [
            ("a", 0, 2, 5),
            ("a", 2, 1, 5),
            ("b", 0, 3, 5),
            ("a", 3, 2, 9),
            ("b", 3, 1, 20),
        ] {
            clock.set(Timestamp::from_micros(micros));
            append(store, name, expected, count).await;
        }
        store.read_all(Position(0), 100).await.unwrap()
    }

    #[tokio::test]
    async fn a_log_taken_over_in_parts_is_the_same_and_goes_on() {
        let log = log().await;
        let clock = Arc::new(StepClock::default());
        clock.set(Timestamp::from_micros(1));
        let (stores, _dir) = stores(&clock);
        for store in &stores {
            let mut follower = store.subscribe(Position(0)).await.unwrap();
            assert_eq!(store.load(log[..3].to_vec()).await, Ok(Position(3)));
            assert_eq!(follower.next().await.unwrap(), log[..3]);
            assert_eq!(store.load(log[3..].to_vec()).await, Ok(Position(9)));
            assert_eq!(store.read_all(Position(0), 100).await.unwrap(), log);
            assert_eq!(
                store.last_recorded_at().await,
                Ok(Some(Timestamp::from_micros(20)))
            );
            let id = log[4].envelope().unwrap().id;
            assert_eq!(store.find(id).await.unwrap().as_ref(), Some(&log[4]));
            // A repeated command of the old log is recognized as its batch.
            append(&**store, "b", 0, 3).await;
            assert_eq!(store.head().await, Ok(Position(9)));
            append(&**store, "a", 5, 1).await;
            let last = store.read_all(Position(9), 1).await.unwrap().remove(0);
            assert_eq!(
                last.recorded_at,
                Timestamp::from_micros(20),
                "time does not go back"
            );
        }
    }

    #[tokio::test]
    async fn what_does_not_follow_is_refused_and_changes_nothing() {
        let log = log().await;
        let (stores, _dir) = stores(&Arc::default());
        for store in &stores {
            assert_eq!(store.load(log[..3].to_vec()).await, Ok(Position(3)));
            let mut moved = log[3..].to_vec();
            for event in &mut moved {
                event.position.0 -= 1;
            }
            let mut earlier = log[3..].to_vec();
            earlier[3].recorded_at = Timestamp::from_micros(4);
            let mut foreign = log[3..].to_vec();
            foreign[5].record = b"{}".to_vec().into();
            let mut twice = log[3..6].to_vec();
            twice.extend(log[..2].iter().cloned());
            for wrong in [
                Vec::new(),
                log[..3].to_vec(),
                log[4..].to_vec(),
                [&log[3..5], &log[6..]].concat(),
                moved,
                earlier,
                foreign,
                twice,
            ] {
                let refused = store.load(wrong).await;
                assert!(matches!(refused, Err(StoreError::Invalid(_))), "{refused:?}");
                assert_eq!(store.read_all(Position(0), 100).await.unwrap(), log[..3]);
            }
            assert_eq!(store.load(log[3..].to_vec()).await, Ok(Position(9)));
        }
    }

    #[tokio::test]
    async fn an_id_that_is_stored_already_is_refused() {
        let log = log().await;
        let (stores, _dir) = stores(&Arc::default());
        for store in &stores {
            store.load(log.clone()).await.unwrap();
            // The same record in another stream: all other checks pass.
            let text = String::from_utf8(log[5].record.to_vec()).unwrap();
            let mut copy = log[5].clone();
            copy.record = text
                .replace("number-b", "number-c")
                .replace("\"stream_version\":3", "\"stream_version\":1")
                .into_bytes()
                .into();
            copy.position = Position(10);
            copy.recorded_at = Timestamp::from_micros(30);
            let refused = store.load(vec![copy]).await;
            assert!(matches!(refused, Err(StoreError::Invalid(_))), "{refused:?}");
            append(&**store, "c", 0, 1).await;
            assert_eq!(store.head().await, Ok(Position(10)));
        }
    }

    #[tokio::test]
    async fn an_id_that_is_twice_in_one_batch_is_refused() {
        let log = log().await;
        let (stores, _dir) = stores(&Arc::default());
        let [one, other] = [&log[3], &log[4]].map(|event| event.envelope().unwrap().id.to_string());
        let text = String::from_utf8(log[4].record.to_vec()).unwrap();
        let mut twice = log[..6].to_vec();
        twice[4].record = text.replacen(&other, &one, 1).into_bytes().into();
        for store in &stores {
            let refused = store.load(twice.clone()).await;
            assert!(matches!(refused, Err(StoreError::Invalid(_))), "{refused:?}");
            assert_eq!(store.load(log.clone()).await, Ok(Position(9)));
        }
    }
}
