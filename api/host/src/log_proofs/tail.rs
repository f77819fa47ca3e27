//! Checks whether a log still contains the events that its tree was built from.
//!
//! A store reports its new head when a commit is acknowledged, but readers can see the rows a moment earlier.
//! A tree that has read them is then ahead of that head although nothing is lost. The check therefore looks
//! for the row.

use domain::ports::event_store::{EventStore, StoreError};
use domain::stored_event::Position;

/// Returns the log's head if it is below `reached` and the event there is missing: the log has lost its
/// tail. `None` if the event is there.
pub(crate) async fn lost_tail(
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
    use domain::ids::CommandId;
    use domain::stored_event::StreamVersion;
    use std::sync::Arc;
    use store::test_overlay::{Overlay, OverlayStore};
    use store::test_ports::StepClock;
    use store::test_records::{make_record, stream};
    use store::{MemoryDisk, MemoryEventStore};

    /// A store that returns rows before its head includes them.
    struct LaggingHeadStore {
        rows: MemoryEventStore,
        head_position: Position,
    }

    #[async_trait]
    impl Overlay for LaggingHeadStore {
        fn beneath(&self) -> &dyn EventStore {
            &self.rows
        }
        async fn head(&self) -> Result<Position, StoreError> {
            Ok(self.head_position)
        }
    }

    #[tokio::test]
    async fn rows_that_come_before_their_head_are_no_lost_history() {
        let store = OverlayStore(LaggingHeadStore {
            rows: MemoryEventStore::new(Arc::new(StepClock::default()), Arc::new(MemoryDisk::new())).unwrap(),
            head_position: Position(1),
        });
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
