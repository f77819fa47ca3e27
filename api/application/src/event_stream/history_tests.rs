//! Test of many clients that load history at once from a slow log: how many pages are read at the same
//! time.

use crate::event_stream::{Feed, FeedMessage, FeedPorts};
use async_trait::async_trait;
use domain::decider::Scope;
use domain::event_filter::EventFilter;
use domain::ids::CommandId;
use domain::ports::clock::Clock;
use domain::ports::event_store::{EventStore, StoreError};
use domain::ports::tasks::Tasks;
use domain::stored_event::{Position, StoredEvent, StreamVersion};
use futures_util::future::join_all;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use store::contract::SuiteTasks;
use store::test_overlay::{Overlay, OverlayStore};
use store::test_ports::StoppedClock;
use store::test_records::{make_record_of, stream};
use store::{MemoryDisk, MemoryEventStore};

/// Number of clients that read the same history.
const READERS: usize = 40;

struct SlowHistoryStore {
    log: MemoryEventStore,
    reading: AtomicUsize,
    most: Arc<AtomicUsize>,
}

#[async_trait]
impl Overlay for SlowHistoryStore {
    fn beneath(&self) -> &dyn EventStore {
        &self.log
    }
    async fn read_all(&self, after: Position, limit: usize) -> Result<Vec<StoredEvent>, StoreError> {
        let reading = self.reading.fetch_add(1, Ordering::SeqCst) + 1;
        self.most.fetch_max(reading, Ordering::SeqCst);
        // Other clients get their turns in the meantime.
        tokio::task::yield_now().await;
        let page = self.log.read_all(after, limit).await;
        self.reading.fetch_sub(1, Ordering::SeqCst);
        page
    }
}

async fn events_of_history(mut feed: Feed) -> usize {
    let mut events = 0;
    loop {
        match feed.next().await {
            Some(FeedMessage::CaughtUp(_)) | None => return events,
            Some(note) => events += usize::from(matches!(note, FeedMessage::Event(_))),
        }
    }
}

#[tokio::test]
async fn however_many_load_history_two_pages_are_read_at_once_and_all_are_served() {
    // It does not advance, so that clients get only events.
    let clock: Arc<dyn Clock> = Arc::new(StoppedClock::default());
    let tasks = SuiteTasks::default();
    let log = MemoryEventStore::new(Arc::clone(&clock), Arc::new(MemoryDisk::new())).unwrap();
    for index in 0..300_u64 {
        let command = CommandId::derive_from_text(&index.to_string());
        let record = make_record_of(&stream("s"), index + 1, command, Scope::default());
        let appended = log.append(&stream("s"), StreamVersion(index), vec![record]).await;
        appended.unwrap();
    }
    let most = Arc::new(AtomicUsize::new(0));
    let store: Arc<dyn EventStore> = Arc::new(OverlayStore(SlowHistoryStore {
        log,
        reading: AtomicUsize::new(0),
        most: Arc::clone(&most),
    }));
    let ports = FeedPorts {
        store,
        clock,
        stop: tasks.stop_signal(),
    };
    let feeds = (0..READERS).map(|_| Feed::new(ports.clone(), EventFilter::default(), Position(0)));
    let read = join_all(feeds.map(events_of_history)).await;
    assert_eq!(read, [300; READERS]);
    assert_eq!(most.load(Ordering::SeqCst), 2);
}
