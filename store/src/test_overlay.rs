//! A store laid over another: a test says what is different, everything else is what the other one does.
//!
//! For suites only: late heads, slow pages, lost answers, damaged rows. A backend has nothing beneath it and
//! implements the port itself.

use async_trait::async_trait;
use domain::ids::StreamId;
use domain::ports::event_store::{After, Capabilities, EventStore, StoreError, Subscription};
use domain::stored_event::{Position, Record, StoredEvent, StreamVersion};
use domain::time::Timestamp;

/// What a test changes about the store beneath: each method answers as that one unless it is written.
#[async_trait]
pub trait Overlay: Send + Sync {
    /// The store beneath.
    fn beneath(&self) -> &dyn EventStore;

    /// As `EventStore::append`.
    ///
    /// # Errors
    /// What the store beneath says, or the test.
    async fn append(
        &self,
        stream: &StreamId,
        expected: StreamVersion,
        records: Vec<Record>,
    ) -> Result<Position, StoreError> {
        self.beneath().append(stream, expected, records).await
    }

    /// As `EventStore::read_all`.
    ///
    /// # Errors
    /// What the store beneath says, or the test.
    async fn read_all(&self, after: After, limit: usize) -> Result<Vec<StoredEvent>, StoreError> {
        self.beneath().read_all(after, limit).await
    }

    /// As `EventStore::head`.
    ///
    /// # Errors
    /// What the store beneath says, or the test.
    async fn head(&self) -> Result<Position, StoreError> {
        self.beneath().head().await
    }

    /// As `EventStore::subscribe`.
    ///
    /// # Errors
    /// What the store beneath says, or the test.
    async fn subscribe(&self, after: After) -> Result<Box<dyn Subscription>, StoreError> {
        self.beneath().subscribe(after).await
    }
}

/// The store that an overlay makes of the one beneath it.
pub struct Overlaid<T>(pub T);

#[async_trait]
impl<T: Overlay> EventStore for Overlaid<T> {
    fn capabilities(&self) -> Capabilities {
        self.0.beneath().capabilities()
    }

    async fn append(
        &self,
        stream: &StreamId,
        expected: StreamVersion,
        records: Vec<Record>,
    ) -> Result<Position, StoreError> {
        self.0.append(stream, expected, records).await
    }

    async fn read_stream(
        &self,
        stream: &StreamId,
        after: StreamVersion,
        limit: usize,
    ) -> Result<Vec<StoredEvent>, StoreError> {
        self.0.beneath().read_stream(stream, after, limit).await
    }

    async fn read_all(&self, after: After, limit: usize) -> Result<Vec<StoredEvent>, StoreError> {
        self.0.read_all(after, limit).await
    }

    async fn head(&self) -> Result<Position, StoreError> {
        self.0.head().await
    }

    async fn last_recorded_at(&self) -> Result<Option<Timestamp>, StoreError> {
        self.0.beneath().last_recorded_at().await
    }

    async fn load(&self, events: Vec<StoredEvent>) -> Result<Position, StoreError> {
        self.0.beneath().load(events).await
    }

    async fn subscribe(&self, after: After) -> Result<Box<dyn Subscription>, StoreError> {
        self.0.subscribe(after).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract;
    use crate::{MemoryDisk, MemoryEventStore};
    use std::sync::Arc;

    /// Changes nothing.
    struct Clear(MemoryEventStore);

    impl Overlay for Clear {
        fn beneath(&self) -> &dyn EventStore {
            &self.0
        }
    }

    #[tokio::test]
    async fn an_overlay_that_changes_nothing_keeps_the_contract() {
        contract::run_whole(|clock| async {
            let beneath = MemoryEventStore::new(clock, Arc::new(MemoryDisk::new())).unwrap();
            Arc::new(Overlaid(Clear(beneath))) as Arc<dyn EventStore>
        })
        .await;
    }
}
