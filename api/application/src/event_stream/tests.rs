//! Tests of feeds without a network: nothing is skipped or repeated; filters, slow clients, limits and
//! ends.

use crate::event_stream::feed::FELL_BEHIND_EVENTS;
use crate::event_stream::{Feed, FeedEnd, FeedMessage, FeedPorts, shown};
use async_trait::async_trait;
use domain::decider::Scope;
use domain::event_filter::EventFilter;
use domain::ids::CommandId;
use domain::ports::clock::Clock;
use domain::ports::event_store::{EventStore, StoreError, Subscription};
use domain::ports::tasks::{StopSignal, Tasks};
use domain::stored_event::{Position, StoredEvent, StreamVersion};
use std::sync::Arc;
use store::contract::SuiteTasks;
use store::test_overlay::{Overlay, OverlayStore};
use store::test_ports::StepClock;
use store::test_records::{make_record_of, stream};
use store::{MemoryDisk, MemoryEventStore};

struct Log {
    ports: FeedPorts,
    tasks: SuiteTasks,
}

impl Log {
    fn new() -> Self {
        let clock: Arc<dyn Clock> = Arc::new(StepClock::default());
        let tasks = SuiteTasks::default();
        let store = MemoryEventStore::new(Arc::clone(&clock), Arc::new(MemoryDisk::new())).unwrap();
        let stop: Arc<dyn StopSignal> = tasks.stop_signal();
        let ports = FeedPorts {
            store: Arc::new(store),
            clock,
            stop,
        };
        Self { ports, tasks }
    }

    /// Appends events to three streams; every fourth one is about campaign T.
    async fn append(&self, from: u64, count: u64) {
        for index in from..from + count {
            let name = format!("s{}", index % 3);
            let command = CommandId::derive_from_text(&index.to_string());
            let scope = Scope {
                campaign: (index % 4 == 0).then(|| "T".parse().unwrap()),
                customer: None,
            };
            let record = make_record_of(&stream(&name), index / 3 + 1, command, scope);
            let (stream, version) = (stream(&name), StreamVersion(index / 3));
            let appended = self.ports.store.append(&stream, version, vec![record]).await;
            appended.unwrap();
        }
    }

    fn feed(&self, filter: &EventFilter, after: u64) -> Feed {
        Feed::new(self.ports.clone(), filter.clone(), Position(after))
    }

    /// Returns the events that a filter over the whole log gives after a position.
    async fn expected(&self, filter: &EventFilter, after: u64) -> Vec<StoredEvent> {
        let mut all = self.ports.store.read_all(Position(after), 4_096).await.unwrap();
        filter.retain(&mut all).unwrap();
        all
    }
}

fn filters() -> Vec<EventFilter> {
    vec![
        EventFilter::default(),
        EventFilter {
            campaign: Some("T".parse().unwrap()),
            ..EventFilter::default()
        },
        EventFilter {
            streams: vec!["number-s1".to_owned()],
            ..EventFilter::default()
        },
        EventFilter {
            kinds: vec!["call.".to_owned()],
            ..EventFilter::default()
        },
    ]
}

/// Returns the next note that is not a heartbeat.
async fn next(feed: &mut Feed) -> Option<FeedMessage> {
    loop {
        let note = feed.next().await;
        if note != Some(FeedMessage::Beat) {
            return note;
        }
    }
}

/// Returns the events up to the end of the log, and the other notes on the way.
async fn until_caught_up(feed: &mut Feed) -> (Vec<StoredEvent>, Vec<FeedMessage>) {
    let (mut events, mut notes) = (Vec::new(), Vec::new());
    loop {
        match next(feed).await.unwrap() {
            FeedMessage::Event(event) => events.push(event),
            note => {
                let end = matches!(note, FeedMessage::CaughtUp(_));
                notes.push(note);
                if end {
                    return (events, notes);
                }
            }
        }
    }
}

#[tokio::test]
async fn a_resume_at_every_position_gives_exactly_the_rest() {
    let log = Log::new();
    log.append(0, 300).await;
    for filter in filters() {
        for after in 0..=300 {
            let mut feed = log.feed(&filter, after);
            let (events, notes) = until_caught_up(&mut feed).await;
            assert_eq!(
                events,
                log.expected(&filter, after).await,
                "{filter:?} after {after}"
            );
            assert_eq!(notes.last(), Some(&FeedMessage::CaughtUp(Position(300))));
        }
    }
}

/// Returns the event of a note; `None` for a note that only has a position.
fn event_in(note: Option<FeedMessage>) -> Option<StoredEvent> {
    match note {
        Some(FeedMessage::Event(event)) => Some(event),
        Some(FeedMessage::Reached(_)) => None,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn what_is_appended_while_following_comes_once_and_in_order() {
    for filter in filters().into_iter().take(3) {
        let log = Log::new();
        let mut feed = log.feed(&filter, 0);
        assert_eq!(next(&mut feed).await, Some(FeedMessage::CaughtUp(Position(0))));
        let mut seen = Vec::new();
        for round in 0..20 {
            log.append(round * 12, 12).await;
            let expected = log.expected(&filter, 0).await;
            while seen.len() < expected.len() {
                seen.extend(event_in(next(&mut feed).await));
            }
            assert_eq!(seen, expected);
        }
    }
}

#[tokio::test]
async fn a_slow_reader_is_notified_holds_one_page_and_misses_nothing() {
    let log = Log::new();
    let mut feed = log.feed(&EventFilter::default(), 0);
    assert_eq!(next(&mut feed).await, Some(FeedMessage::CaughtUp(Position(0))));
    // The client reads nothing while writers continue.
    log.append(0, 3_000).await;
    let message = next(&mut feed).await;
    let (at, head) = (Position(0), Position(3_000));
    assert_eq!(message, Some(FeedMessage::FellBehind { at, head }));
    let mut events = Vec::new();
    loop {
        assert!(feed.page.len() <= FELL_BEHIND_EVENTS, "memory is bounded");
        match next(&mut feed).await {
            Some(FeedMessage::Event(event)) => events.push(event),
            Some(FeedMessage::CaughtUp(end)) => break assert_eq!(end, head),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(events, log.expected(&EventFilter::default(), 0).await);
    log.append(3_000, 1).await;
    assert!(
        matches!(next(&mut feed).await, Some(FeedMessage::Event(event)) if event.position == Position(3_001))
    );
}

#[tokio::test]
async fn a_filtered_stream_says_how_far_it_is_so_that_a_resume_looks_at_nothing_again() {
    let log = Log::new();
    log.append(0, 4_000).await;
    let filter = filters().remove(3);
    let (events, notes) = until_caught_up(&mut log.feed(&filter, 0)).await;
    assert!(events.is_empty());
    assert_eq!(
        notes,
        [
            FeedMessage::Reached(Position(4_000)),
            FeedMessage::CaughtUp(Position(4_000))
        ]
    );
    let mut feed = log.feed(&filter, 4_000);
    assert_eq!(
        next(&mut feed).await,
        Some(FeedMessage::CaughtUp(Position(4_000)))
    );
    log.append(4_000, 3).await;
    assert_eq!(
        next(&mut feed).await,
        Some(FeedMessage::Reached(Position(4_003))),
        "a sign of life says it too"
    );
}

#[tokio::test]
async fn a_stopping_server_says_where_to_resume() {
    let log = Log::new();
    log.append(0, 5).await;
    let mut feed = log.feed(&EventFilter::default(), 0);
    for _ in 0..3 {
        next(&mut feed).await;
    }
    log.tasks.stop().await;
    let mut last = next(&mut feed).await;
    while let Some(FeedMessage::Event(event)) = last {
        assert!(event.position > Position(3));
        last = next(&mut feed).await;
    }
    let (at, why) = (Position(5), FeedEnd::Stopping);
    assert_eq!(last, Some(FeedMessage::Ended { at, why }));
    assert_eq!(next(&mut feed).await, None);
}

/// A log with one damaged row, as a store with digests detects it.
struct DamagedLog(Arc<dyn EventStore>, Position);

impl DamagedLog {
    fn sound(&self, events: &[StoredEvent]) -> Result<(), StoreError> {
        if events.iter().all(|event| event.position != self.1) {
            return Ok(());
        }
        Err(StoreError::Damaged(format!("the event at position {}", self.1)))
    }
}

#[async_trait]
impl Overlay for DamagedLog {
    fn beneath(&self) -> &dyn EventStore {
        &*self.0
    }
    async fn read_all(&self, after: Position, limit: usize) -> Result<Vec<StoredEvent>, StoreError> {
        let events = self.0.read_all(after, limit).await?;
        self.sound(&events).map(|()| events)
    }
    async fn subscribe(&self, after: Position) -> Result<Box<dyn Subscription>, StoreError> {
        Ok(Box::new(DamagedReader(self.0.subscribe(after).await?, self.1)))
    }
}

struct DamagedReader(Box<dyn Subscription>, Position);

#[async_trait]
impl Subscription for DamagedReader {
    async fn next(&mut self) -> Result<Vec<StoredEvent>, StoreError> {
        let events = self.0.next().await?;
        if events.iter().any(|event| event.position == self.1) {
            return Err(StoreError::Damaged("a row".to_owned()));
        }
        Ok(events)
    }
}

/// Returns the positions that a feed sends until it ends, and its last note.
async fn until_ended(feed: &mut Feed) -> (Vec<u64>, FeedMessage) {
    let mut given = Vec::new();
    loop {
        match next(feed).await.unwrap() {
            FeedMessage::Event(event) => given.push(event.position.0),
            note @ FeedMessage::Ended { .. } => return (given, note),
            FeedMessage::CaughtUp(_)
            | FeedMessage::Reached(_)
            | FeedMessage::FellBehind { .. }
            | FeedMessage::Beat => {}
        }
    }
}

#[tokio::test]
async fn a_damaged_row_ends_a_feed_behind_everything_wanted_before_it() {
    for damaged in [1, 7, 300] {
        for filter in filters().into_iter().take(3) {
            let mut log = Log::new();
            log.append(0, 300).await;
            let expected = log.expected(&filter, 0).await;
            log.ports.store = Arc::new(OverlayStore(DamagedLog(
                Arc::clone(&log.ports.store),
                Position(damaged),
            )));
            let mut feed = log.feed(&filter, 0);
            let (given, last) = until_ended(&mut feed).await;
            let before = expected.iter().map(|event| event.position.0);
            assert_eq!(
                given,
                before.filter(|one| *one < damaged).collect::<Vec<_>>(),
                "{filter:?}"
            );
            let at = Position(damaged - 1);
            assert!(matches!(last, FeedMessage::Ended { at: end, why: FeedEnd::Damaged(_) } if end == at));
            let text = shown(&last).unwrap().1;
            assert!(
                text.contains(&format!("at position {damaged}")) && text.contains("audit verify"),
                "{text}"
            );
            assert_eq!(next(&mut feed).await, None);
        }
    }
}

#[tokio::test]
async fn damage_met_while_following_ends_a_feed_in_the_same_way() {
    let mut log = Log::new();
    log.append(0, 5).await;
    log.ports.store = Arc::new(OverlayStore(DamagedLog(
        Arc::clone(&log.ports.store),
        Position(8),
    )));
    let mut feed = log.feed(&EventFilter::default(), 0);
    while next(&mut feed).await != Some(FeedMessage::CaughtUp(Position(5))) {}
    log.append(5, 5).await;
    let (given, last) = until_ended(&mut feed).await;
    assert_eq!(given, [6, 7]);
    assert!(matches!(
        last,
        FeedMessage::Ended {
            at: Position(7),
            why: FeedEnd::Damaged(_)
        }
    ));
}

#[test]
fn notes_are_shown_with_their_position() {
    let at = Position(7);
    let line = |note: &FeedMessage| shown(note).map(|(name, line)| (name.unwrap(), line));
    assert_eq!(
        line(&FeedMessage::CaughtUp(at)),
        Some(("caught-up", "{\"position\":\"7\"}".to_owned()))
    );
    let head = Position(9);
    assert_eq!(
        line(&FeedMessage::FellBehind { at, head }),
        Some(("fell-behind", "{\"head\":\"9\",\"position\":\"7\"}".to_owned()))
    );
    let why = FeedEnd::Unavailable;
    assert_eq!(
        line(&FeedMessage::Ended { at, why }).unwrap().1,
        "{\"position\":\"7\",\"reason\":\"the log cannot be read now\"}"
    );
    assert_eq!(shown(&FeedMessage::Beat), None);
}
