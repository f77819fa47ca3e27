//! A store on top of another: a test overrides single methods, all others are those of the store beneath.
//!
//! It is for test suites only: late heads, slow pages, lost answers, damaged rows. Backends have nothing
//! beneath them and implement the port themselves.

use async_trait::async_trait;
use domain::ids::StreamId;
use domain::ports::event_store::{AfterPosition, Capabilities, EventStore, StoreError, Subscription};
use domain::stored_event::{Position, Record, StoredEvent, StreamVersion};
use domain::time::Timestamp;

/// The methods of a store that a test may override. Those that it does not override call the store beneath.
#[async_trait]
pub trait Overlay: Send + Sync {
    /// Returns the store beneath.
    fn beneath(&self) -> &dyn EventStore;

    /// Overrides `EventStore::append`.
    ///
    /// # Errors
    /// Those of the store beneath, or of the test.
    async fn append(
        &self,
        stream: &StreamId,
        expected: StreamVersion,
        records: Vec<Record>,
    ) -> Result<Position, StoreError> {
        self.beneath().append(stream, expected, records).await
    }

    /// Overrides `EventStore::read_all`.
    ///
    /// # Errors
    /// Those of the store beneath, or of the test.
    async fn read_all(&self, after: AfterPosition, limit: usize) -> Result<Vec<StoredEvent>, StoreError> {
        self.beneath().read_all(after, limit).await
    }

    /// Overrides `EventStore::head`.
    ///
    /// # Errors
    /// Those of the store beneath, or of the test.
    async fn head(&self) -> Result<Position, StoreError> {
        self.beneath().head().await
    }

    /// Overrides `EventStore::subscribe`.
    ///
    /// # Errors
    /// Those of the store beneath, or of the test.
    async fn subscribe(&self, after: AfterPosition) -> Result<Box<dyn Subscription>, StoreError> {
        self.beneath().subscribe(after).await
    }
}

/// A store made of an overlay and the store beneath it.
pub struct OverlayStore<T>(pub T);

#[async_trait]
impl<T: Overlay> EventStore for OverlayStore<T> {
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

    async fn read_all(&self, after: AfterPosition, limit: usize) -> Result<Vec<StoredEvent>, StoreError> {
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

    async fn subscribe(&self, after: AfterPosition) -> Result<Box<dyn Subscription>, StoreError> {
        self.0.subscribe(after).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract;
    use crate::{MemoryDisk, MemoryEventStore};
    use std::sync::Arc;

    /// An overlay that overrides nothing.
    struct PlainOverlay(MemoryEventStore);

    impl Overlay for PlainOverlay {
        fn beneath(&self) -> &dyn EventStore {
            &self.0
        }
    }

    #[tokio::test]
    async fn an_overlay_that_changes_nothing_keeps_the_contract() {
        contract::run_store_contract(|clock| async {
            let beneath = MemoryEventStore::new(clock, Arc::new(MemoryDisk::new())).unwrap();
            Arc::new(OverlayStore(PlainOverlay(beneath))) as Arc<dyn EventStore>
        })
        .await;
    }
}
