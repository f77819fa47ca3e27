//! The part of the store contract suite in which writers and readers run concurrently.

use crate::contract::{ids, of_stream, start, versions};
use crate::test_records::{make_batch, stream};
use domain::ids::EventId;
use domain::ports::event_store::{EventStore, PAGE_EVENTS_MAX, StoreError};
use domain::stored_event::{Position, StoredEvent, StreamVersion};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The number of writers and readers in the race, and what each writer appends.
const WRITERS: u64 = 10;
const READERS: u64 = 4;
const BATCHES_PER_WRITER: u64 = 25;
const EVENTS_PER_BATCH: u64 = 3;

/// Follows the log until `until` events have arrived. Every five pages it subscribes again, from
/// its checkpoint.
async fn read_with_checkpoint(store: Arc<dyn EventStore>, until: usize) -> Vec<StoredEvent> {
    let mut events: Vec<StoredEvent> = Vec::new();
    while events.len() < until {
        let checkpoint = events.last().map_or(Position(0), |event| event.position);
        let mut subscription = store.subscribe(checkpoint).await.expect("there is room");
        for _ in 0..5 {
            if events.len() >= until {
                break;
            }
            events.extend(subscription.next().await.expect("the log goes on"));
        }
    }
    events
}

async fn write_batches(store: Arc<dyn EventStore>, writer: u64) -> Vec<(Position, Vec<EventId>)> {
    let stream = stream(&format!("w{writer}"));
    let mut acknowledged = Vec::new();
    for batch in 0..BATCHES_PER_WRITER {
        let expected = batch * EVENTS_PER_BATCH;
        let records = make_batch(&stream, expected, &format!("{writer}/{batch}"), EVENTS_PER_BATCH);
        let ids = records.iter().map(|record| record.id).collect();
        let answer = store.append(&stream, StreamVersion(expected), records).await;
        acknowledged.push((answer.expect("no other task writes this stream"), ids));
        tokio::task::yield_now().await;
    }
    acknowledged
}

pub(crate) async fn racing_writers_lose_nothing_and_readers_miss_nothing(store: Arc<dyn EventStore>) {
    let count = usize::try_from(WRITERS * BATCHES_PER_WRITER * EVENTS_PER_BATCH).unwrap_or(usize::MAX);
    let readers: Vec<_> = (0..READERS)
        .map(|_| start(read_with_checkpoint(Arc::clone(&store), count)))
        .collect();
    let writers: Vec<_> = (0..WRITERS)
        .map(|writer| start(write_batches(Arc::clone(&store), writer)))
        .collect();
    let mut acknowledged = Vec::new();
    for writer in writers {
        acknowledged.extend(writer.await.expect("a writer ends"));
    }
    let mut whole: Vec<StoredEvent> = Vec::new();
    while whole.len() < count {
        let after = whole.last().map_or(Position(0), |event| event.position);
        whole.extend(
            store
                .read_all(after, PAGE_EVENTS_MAX)
                .await
                .expect("the log can be read"),
        );
    }
    assert_eq!(whole.len(), count, "every event once");
    assert!(
        whole
            .iter()
            .zip(whole.iter().skip(1))
            .all(|(one, next)| one.position < next.position)
    );
    assert!(
        whole
            .iter()
            .zip(whole.iter().skip(1))
            .all(|(one, next)| one.recorded_at <= next.recorded_at)
    );
    let place: BTreeMap<EventId, Position> = ids(&whole)
        .into_iter()
        .zip(whole.iter().map(|event| event.position))
        .collect();
    for (position, batch) in acknowledged {
        assert_eq!(
            batch.last().and_then(|last| place.get(last)),
            Some(&position),
            "the position of the acknowledgement"
        );
        assert!(
            batch.iter().all(|id| place.contains_key(id)),
            "an acknowledged event is lost"
        );
    }
    for reader in readers {
        assert_eq!(
            reader.await.expect("a reader ends"),
            whole,
            "a reader saw another log"
        );
    }
}

pub(crate) async fn racing_writers_of_one_stream_take_turns(store: Arc<dyn EventStore>) {
    let racers: Vec<_> = (0..WRITERS)
        .map(|racer| {
            let store = Arc::clone(&store);
            start(async move {
                let shared = stream("shared");
                let mut expected = 0;
                loop {
                    let batch = make_batch(&shared, expected, &format!("racer {racer}"), 2);
                    match store.append(&shared, StreamVersion(expected), batch).await {
                        Ok(position) => return position,
                        Err(StoreError::WrongVersion { actual, .. }) => expected = actual.0,
                        Err(other) => unreachable!("neither won nor lost the race: {other}"),
                    }
                }
            })
        })
        .collect();
    let mut positions = Vec::new();
    for racer in racers {
        positions.push(racer.await.expect("a racer ends"));
    }
    positions.sort_unstable();
    positions.dedup();
    assert_eq!(positions.len() as u64, WRITERS);
    let expected: Vec<u64> = (1..=WRITERS * 2).collect();
    assert_eq!(versions(&of_stream(&*store, "shared").await), expected);
}
