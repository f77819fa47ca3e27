//! Whether a log still has what its tree was made of, asked of its rows.
//!
//! A store tells its head when a commit is answered, and its readers see the rows a moment before: a tree
//! that has read them is then ahead of that head, and nothing is lost. What counts is whether the row is
//! there.

use domain::ports::event_store::{EventStore, StoreError};
use domain::stored_event::Position;

/// The log's head where it lacks the event at `reached`; `None` where it has it.
pub(super) async fn lost_tail(
    store: &dyn EventStore,
    reached: Position,
) -> Result<Option<Position>, StoreError> {
    let head = store.head().await?;
    let Some(before) = reached.0.checked_sub(1).filter(|_| head < reached) else {
        return Ok(None);
    };
    let there = store.read_all(Position(before), 1).await?;
    Ok(there.is_empty().then_some(head))
}

#[cfg(test)]
mod tests {
    use super::*;
    use async_trait::async_trait;
    use domain::ids::{CommandId, StreamId};
    use domain::ports::event_store::{After, Capabilities, Subscription};
    use domain::stored_event::{Record, StoredEvent, StreamVersion};
    use domain::time::Timestamp;
    use std::sync::Arc;
    use store::test_ports::StepClock;
    use store::test_records::{make_record, stream};
    use store::{MemoryDisk, MemoryEventStore};

    /// A store whose rows can be read before its head is told.
    struct Committing {
        rows: MemoryEventStore,
        told: Position,
    }

    #[async_trait]
    impl EventStore for Committing {
        fn capabilities(&self) -> Capabilities {
            self.rows.capabilities()
        }
        async fn append(
            &self,
            stream: &StreamId,
            expected: StreamVersion,
            records: Vec<Record>,
        ) -> Result<Position, StoreError> {
            self.rows.append(stream, expected, records).await
        }
        async fn read_stream(
            &self,
            stream: &StreamId,
            after: StreamVersion,
            limit: usize,
        ) -> Result<Vec<StoredEvent>, StoreError> {
            self.rows.read_stream(stream, after, limit).await
        }
        async fn read_all(&self, after: After, limit: usize) -> Result<Vec<StoredEvent>, StoreError> {
            self.rows.read_all(after, limit).await
        }
        async fn head(&self) -> Result<Position, StoreError> {
            Ok(self.told)
        }
        async fn last_recorded_at(&self) -> Result<Option<Timestamp>, StoreError> {
            self.rows.last_recorded_at().await
        }
        async fn subscribe(&self, after: After) -> Result<Box<dyn Subscription>, StoreError> {
            self.rows.subscribe(after).await
        }
    }

    #[tokio::test]
    async fn rows_that_are_there_before_the_head_is_told_are_no_lost_history() {
        let store = Committing {
            rows: MemoryEventStore::new(Arc::new(StepClock::default()), Arc::new(MemoryDisk::new())).unwrap(),
            told: Position(1),
        };
        for version in 1..=3_u64 {
            let command = CommandId::derive_from_text(&version.to_string());
            let record = make_record(&stream("a"), version, command, 0, "");
            let expected = StreamVersion(version - 1);
            store.append(&stream("a"), expected, vec![record]).await.unwrap();
        }
        assert_eq!(lost_tail(&store, Position(0)).await, Ok(None));
        assert_eq!(lost_tail(&store, Position(3)).await, Ok(None));
        assert_eq!(lost_tail(&store, Position(4)).await, Ok(Some(Position(1))));
    }
}
