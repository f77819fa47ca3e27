//! Ranges joined in order: the store answers late, grows, fails, or the reader stops early.

use super::*;
use async_trait::async_trait;
use domain::event_filter::EventFilter;
use domain::ids::StreamId;
use domain::ports::event_store::{Capabilities, Subscription, WriterConcurrency};
use domain::stored_event::{Record, StreamVersion};
use domain::time::Timestamp;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A log in which only some positions match.
#[derive(Default)]
struct SparseLog {
    wanted: Vec<u64>,
    /// The end of the log; it grows by `growth` with each read.
    head: Mutex<u64>,
    growth: u64,
    /// The position of a record that cannot be read.
    broken: Option<u64>,
    at_once: usize,
    asked: Mutex<Vec<(u64, u64)>>,
    reading: AtomicUsize,
    reading_most: AtomicUsize,
}

/// A read in progress; dropping it ends the count.
struct ReadGuard<'a>(&'a AtomicUsize);

impl Drop for ReadGuard<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl SparseLog {
    fn of(wanted: Vec<u64>, at_once: usize) -> Self {
        let head = Mutex::new(wanted.last().copied().unwrap_or(0) + 10);
        Self {
            wanted,
            head,
            at_once,
            ..Self::default()
        }
    }

    fn up_to(&self, until: u64) -> Vec<u64> {
        let within = self.wanted.iter().filter(|position| **position <= until);
        within.copied().collect()
    }

    fn page(&self, after: u64, until: u64, limit: usize) -> Result<MatchingPage, StoreError> {
        let mut head = self.head.lock().unwrap();
        let until = until.min(*head);
        *head += self.growth;
        let found = self.wanted.iter().filter(|at| **at > after && **at <= until);
        let found: Vec<u64> = found.take(limit).copied().collect();
        if let Some(at) = self.broken.filter(|broken| found.contains(broken)) {
            return Err(StoreError::Damaged(format!("the record at position {at}")));
        }
        let reached = match found.last() {
            Some(last) if found.len() == limit => *last,
            Some(_) | None => until.max(after),
        };
        let event =
            |position| StoredEvent::new(Position(position), Timestamp::from_micros(0), Vec::new().into());
        Ok(MatchingPage {
            events: found.into_iter().map(event).collect(),
            reached: Position(reached),
        })
    }
}

#[async_trait]
impl EventStore for SparseLog {
    fn capabilities(&self) -> Capabilities {
        Capabilities {
            dense: true,
            durable: false,
            writers: WriterConcurrency::OneProcess,
        }
    }
    async fn append(&self, _: &StreamId, _: StreamVersion, _: Vec<Record>) -> Result<Position, StoreError> {
        Err(StoreError::Busy)
    }
    async fn read_stream(
        &self,
        _: &StreamId,
        _: StreamVersion,
        _: usize,
    ) -> Result<Vec<StoredEvent>, StoreError> {
        Err(StoreError::Busy)
    }
    async fn read_all(&self, _: Position, _: usize) -> Result<Vec<StoredEvent>, StoreError> {
        Err(StoreError::Busy)
    }
    async fn head(&self) -> Result<Position, StoreError> {
        Ok(Position(*self.head.lock().unwrap()))
    }
    async fn last_recorded_at(&self) -> Result<Option<Timestamp>, StoreError> {
        Ok(None)
    }
    async fn read_matching_until(
        &self,
        _: &EventFilter,
        after: Position,
        until: Position,
        limit: usize,
    ) -> Result<MatchingPage, StoreError> {
        let number = {
            let mut asked = self.asked.lock().unwrap();
            asked.push((after.0, until.0));
            asked.len()
        };
        let now = self.reading.fetch_add(1, Ordering::SeqCst) + 1;
        let _underway = ReadGuard(&self.reading);
        self.reading_most.fetch_max(now, Ordering::SeqCst);
        // Every other read is answered later than the one that was started after it.
        if number % 2 == 1 {
            tokio::task::yield_now().await;
        }
        self.page(after.0, until.0, limit)
    }
    fn stretches_at_once(&self) -> usize {
        self.at_once
    }
    async fn subscribe(&self, _: Position) -> Result<Box<dyn Subscription>, StoreError> {
        Err(StoreError::Busy)
    }
}

fn span(after: u64, until: u64) -> EventSpan {
    EventSpan {
        after: Position(after),
        ..EventSpan::until(EventFilter::default(), Position(until))
    }
}

/// Returns all positions that were read, and the error that ended the reading.
async fn read(store: &SparseLog, span: &EventSpan) -> (Vec<u64>, Option<StoreError>) {
    let mut pages = Pages::begin(store, span).await.unwrap();
    let mut positions = Vec::new();
    loop {
        match pages.next().await {
            Ok(Some(page)) => positions.extend(page.iter().map(|event| event.position.0)),
            Ok(None) => return (positions, None),
            Err(error) => {
                assert_eq!(pages.next().await, Ok(None), "nothing follows an error");
                return (positions, Some(error));
            }
        }
    }
}

/// Every position, every fifth, hardly any, and all of these in turn; each part is longer than several pages.
fn logs() -> Vec<Vec<u64>> {
    let changing = |at: &u64| match at / 30_000 {
        0 | 4 => at.is_multiple_of(97),
        1 | 3 => true,
        _ => at.is_multiple_of(5),
    };
    vec![
        (1..=30_000).collect(),
        (1..=150_000).step_by(5).collect(),
        vec![1, 140_000],
        (1..=150_000).filter(changing).collect(),
        Vec::new(),
    ]
}

#[tokio::test]
async fn stretches_are_joined_in_order_and_nothing_is_left_out_or_read_twice() {
    for wanted in logs() {
        for at_once in 1..=3 {
            let store = SparseLog::of(wanted.clone(), at_once);
            let head = store.head().await.unwrap().0;
            for (after, until) in [(0, head), (0, head / 2), (head / 3, head - 1), (head, head)] {
                let (positions, error) = read(&store, &span(after, until)).await;
                let within: Vec<u64> = store.up_to(until).into_iter().filter(|at| *at > after).collect();
                assert!(positions == within, "{at_once} at once, {after} to {until}");
                assert_eq!(error, None);
            }
            let asked = store.asked.lock().unwrap();
            assert!(asked.iter().all(|(_, until)| *until <= head));
            assert!(store.reading_most.load(Ordering::SeqCst) <= at_once);
        }
    }
}

#[tokio::test]
async fn several_stretches_are_under_way_before_the_first_is_worked_on() {
    let store = SparseLog::of((1..=150_000).step_by(5).collect(), 2);
    let span = span(0, 150_000);
    let pages = Pages::begin(&store, &span).await.unwrap();
    let asked = store.asked.lock().unwrap().clone();
    assert_eq!(asked.len(), 2);
    assert_eq!(asked[0].1, asked[1].0, "{asked:?}");
    drop(pages);
}

#[tokio::test]
async fn of_events_committed_while_it_reads_it_tells_all_up_to_where_it_ends() {
    for (first, growth) in [(500, 7), (20_000, 3_000), (1, 40_000)] {
        for at_once in 1..=3 {
            let mut store = SparseLog::of((1..=150_000).step_by(3).collect(), at_once);
            store.head = Mutex::new(first);
            store.growth = growth;
            let (positions, error) = read(&store, &span(0, 150_000)).await;
            assert_eq!(error, None);
            let end = positions.last().copied().unwrap_or(0);
            assert!(positions == store.up_to(end), "{first}, {growth}, {at_once}");
            assert!(end + 3 > first, "all that was there when it began: {end}");
        }
    }
}

#[tokio::test]
async fn a_reader_that_stops_in_the_middle_leaves_no_read_behind() {
    let store = SparseLog::of((1..=150_000).step_by(5).collect(), 3);
    let span = span(0, 150_000);
    let mut pages = Pages::begin(&store, &span).await.unwrap();
    pages.next().await.unwrap().unwrap();
    assert!(store.reading.load(Ordering::SeqCst) > 0, "reads are under way");
    drop(pages);
    assert_eq!(store.reading.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn an_error_is_returned_in_its_place_and_ends_the_read() {
    for at_once in 1..=3 {
        let mut store = SparseLog::of((1..=150_000).step_by(5).collect(), at_once);
        store.broken = Some(90_001);
        let (positions, error) = read(&store, &span(0, 150_000)).await;
        assert_eq!(
            error,
            Some(StoreError::Damaged("the record at position 90001".to_owned()))
        );
        let end = positions.last().copied().unwrap();
        assert!(positions == store.up_to(end) && end < 90_001, "{at_once}: {end}");
        assert_eq!(store.reading.load(Ordering::SeqCst), 0);
    }
}
