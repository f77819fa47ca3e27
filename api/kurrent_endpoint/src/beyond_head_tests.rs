//! Tests of reads and subscriptions from beyond the head, as a client makes them after the log was restored:
//! FAILED_PRECONDITION with the head position, never an empty reply that looks like "caught up".

use crate::admission::CallerPermissions;
use crate::positions::Positions;
use crate::request::{ReadMode, ReadRequest, ReadSource, ReadStart};
use crate::service::Service;
use async_trait::async_trait;
use domain::ids::StreamId;
use domain::ports::clock::Clock;
use domain::ports::event_store::{
    AfterPosition, Capabilities, EventStore, StoreError, Subscription, WriterConcurrency,
};
use domain::ports::tasks::StopSignal;
use domain::stored_event::{Position, Record, StoredEvent, StreamVersion};
use domain::time::Timestamp;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use tokio::sync::Semaphore;
use tonic::{Code, Status};

/// A log with a head position, without readable events or streams.
struct EmptyLog(u64);

#[async_trait]
impl EventStore for EmptyLog {
    fn capabilities(&self) -> Capabilities {
        Capabilities {
            dense: true,
            durable: false,
            writers: WriterConcurrency::OneProcess,
        }
    }

    async fn append(
        &self,
        _stream: &StreamId,
        _expected: StreamVersion,
        _records: Vec<Record>,
    ) -> Result<Position, StoreError> {
        Err(StoreError::Busy)
    }

    async fn read_stream(
        &self,
        _stream: &StreamId,
        _after: StreamVersion,
        _limit: usize,
    ) -> Result<Vec<StoredEvent>, StoreError> {
        Ok(Vec::new())
    }

    async fn read_all(&self, _after: AfterPosition, _limit: usize) -> Result<Vec<StoredEvent>, StoreError> {
        Ok(Vec::new())
    }

    async fn head(&self) -> Result<Position, StoreError> {
        Ok(Position(self.0))
    }

    async fn last_recorded_at(&self) -> Result<Option<Timestamp>, StoreError> {
        Ok(None)
    }

    async fn subscribe(&self, _after: AfterPosition) -> Result<Box<dyn Subscription>, StoreError> {
        Err(StoreError::Busy)
    }
}

/// A process that does not stop, and a clock that never advances.
struct FrozenProcess;

#[async_trait]
impl StopSignal for FrozenProcess {
    fn is_stopping(&self) -> bool {
        false
    }

    async fn stopping(&self) {
        std::future::pending::<()>().await;
    }
}

#[async_trait]
impl Clock for FrozenProcess {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(0)
    }

    async fn wait_until(&self, _at: Timestamp) {
        std::future::pending::<()>().await;
    }
}

/// Opens a reply over a log with three events, shown at 1017, 2017 and 3017.
fn open(of: ReadSource, how: ReadMode, from: ReadStart) -> Result<(), Status> {
    let service = Service {
        store: Arc::new(EmptyLog(3)),
        clock: Arc::new(FrozenProcess),
        stop: Arc::new(FrozenProcess),
        positions: Positions::sparse(1_000, 17).unwrap(),
        append: false,
        subscriptions: Arc::new(Semaphore::new(1)),
        asked: AtomicU64::new(0),
    };
    let wish = ReadRequest {
        of,
        from,
        how,
        structured_ids: false,
        end_markers: false,
    };
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let opened = runtime.block_on(service.open(wish, CallerPermissions::EVERYTHING));
    opened.map(drop)
}

fn refusal(how: ReadMode, shown: u64) -> Option<Status> {
    open(ReadSource::All(None), how, ReadStart::At(shown)).err()
}

#[test]
fn all_from_beyond_the_head_is_a_failed_precondition_with_the_head() {
    for (how, last_taken) in [
        // A subscription continues after the position.
        (ReadMode::Follow, 4_016),
        // A read begins with the event at the position, which may be the next one to come.
        (ReadMode::Forwards(10), 4_017),
    ] {
        assert!(refusal(how, 3_017).is_none(), "{how:?} from the head");
        assert!(refusal(how, last_taken).is_none(), "{how:?}");
        for shown in [last_taken + 1, 900_000, u64::MAX] {
            let status = refusal(how, shown).unwrap();
            assert_eq!(status.code(), Code::FailedPrecondition, "{how:?} {shown}");
            let why = format!("position {shown} is beyond the head 3017");
            assert!(
                status.message().starts_with(&why),
                "{how:?}: {}",
                status.message()
            );
        }
    }
}

#[test]
fn all_backwards_from_beyond_the_head_skips_nothing_and_is_read() {
    assert!(refusal(ReadMode::Backwards(10), 900_000).is_none());
    assert!(open(ReadSource::All(None), ReadMode::Follow, ReadStart::End).is_ok());
}

#[test]
fn a_stream_followed_from_beyond_its_end_is_a_failed_precondition_with_its_length() {
    let stream = || ReadSource::Stream(StreamId::new("campaign", &"T"));
    let status = open(stream(), ReadMode::Follow, ReadStart::At(0)).unwrap_err();
    assert_eq!(status.code(), Code::FailedPrecondition);
    assert!(
        status.message().contains("the stream, which has 0 events"),
        "{}",
        status.message()
    );
    assert!(open(stream(), ReadMode::Follow, ReadStart::Start).is_ok());
}
