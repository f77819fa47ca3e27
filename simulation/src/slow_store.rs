//! A store with slow appends for a while: decisions grow old before they are stored.

use super::clock::SeededChance;
use super::faults::FaultPeriod;
use async_trait::async_trait;
use domain::event_filter::EventFilter;
use domain::ids::StreamId;
use domain::ports::clock::Clock;
use domain::ports::event_store::{
    AfterPosition, Capabilities, EventStore, MatchingPage, StoreError, Subscription,
};
use domain::stored_event::{Position, Record, StoredEvent, StreamVersion};
use domain::time::Timestamp;
use std::sync::Arc;

pub(crate) struct SlowStore {
    pub(crate) inner: Arc<dyn EventStore>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) chance: SeededChance,
    pub(crate) spell: FaultPeriod,
    /// Longest append in that period, in milliseconds.
    pub(crate) ms_max: u64,
}

#[async_trait]
impl EventStore for SlowStore {
    fn capabilities(&self) -> Capabilities {
        self.inner.capabilities()
    }

    async fn append(
        &self,
        stream: &StreamId,
        expected: StreamVersion,
        records: Vec<Record>,
    ) -> Result<Position, StoreError> {
        let now = self.clock.now();
        if self.spell.holds(now) {
            let takes_ms = self.chance.below(self.ms_max + 1);
            self.clock.wait_until(now.plus_ms(takes_ms)).await;
        }
        self.inner.append(stream, expected, records).await
    }

    async fn read_stream(
        &self,
        stream: &StreamId,
        after: StreamVersion,
        limit: usize,
    ) -> Result<Vec<StoredEvent>, StoreError> {
        self.inner.read_stream(stream, after, limit).await
    }

    async fn read_all(&self, after: AfterPosition, limit: usize) -> Result<Vec<StoredEvent>, StoreError> {
        self.inner.read_all(after, limit).await
    }

    async fn head(&self) -> Result<Position, StoreError> {
        self.inner.head().await
    }

    async fn last_recorded_at(&self) -> Result<Option<Timestamp>, StoreError> {
        self.inner.last_recorded_at().await
    }

    async fn read_matching(
        &self,
        filter: &EventFilter,
        after: AfterPosition,
        limit: usize,
    ) -> Result<MatchingPage, StoreError> {
        self.inner.read_matching(filter, after, limit).await
    }

    async fn subscribe(&self, after: AfterPosition) -> Result<Box<dyn Subscription>, StoreError> {
        self.inner.subscribe(after).await
    }
}
