//! A planted bug of the event store: batches of dials are stored smaller than the dialer takes them.

use async_trait::async_trait;
use domain::campaign::event::CampaignEvent;
use domain::event_filter::EventFilter;
use domain::ids::StreamId;
use domain::ports::event_store::{
    AfterPosition, Capabilities, EventStore, MatchingPage, StoreError, Subscription,
};
use domain::stored_event::{Position, Record, StoredEvent, StreamVersion};
use domain::time::Timestamp;
use std::sync::Arc;

/// The beginning of a batch's data in its record.
const COUNT: &str = "\"data\":{\"count\":";

struct SmallBatchStore {
    inner: Arc<dyn EventStore>,
}

/// Stores each batch with one dial, however many were granted: more dials begin than the log allows.
pub(super) fn with_small_batches(inner: Arc<dyn EventStore>) -> Arc<dyn EventStore> {
    Arc::new(SmallBatchStore { inner })
}

fn with_one_dial(record: Record) -> Record {
    let text = String::from_utf8_lossy(record.bytes());
    let Some((head, tail)) = text.split_once(COUNT) else {
        return record;
    };
    let rest = tail.trim_start_matches(|digit: char| digit.is_ascii_digit());
    let changed = format!("{head}{COUNT}1{rest}");
    Record::from_stored(changed.into_bytes().into()).unwrap_or(record)
}

#[async_trait]
impl EventStore for SmallBatchStore {
    fn capabilities(&self) -> Capabilities {
        self.inner.capabilities()
    }

    async fn append(
        &self,
        stream: &StreamId,
        expected: StreamVersion,
        records: Vec<Record>,
    ) -> Result<Position, StoreError> {
        let stored = records.into_iter().map(|record| {
            if record.kind == CampaignEvent::DIALS_GRANTED {
                with_one_dial(record)
            } else {
                record
            }
        });
        self.inner.append(stream, expected, stored.collect()).await
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
