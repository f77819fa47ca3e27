//! Reads the log from its first event to a position and computes the Merkle root over the events read.
//! Reports and samples depend on nothing else, so that a reader with the same log gets the same result. Also
//! reads the events that match a filter, without a root.
//!
//! A server reads the whole log for one caller at a time: a second caller is asked to try again later, and
//! each read has a time limit.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use domain::event_filter::{EventFacts, EventFilter};
use domain::ports::clock::Clock;
use domain::ports::event_store::{EventStore, MatchingPage, PAGE_EVENTS_MAX, StoreError};
use domain::problem::{Problem, ProblemKind};
use domain::stored_event::{Envelope, Position, StoredEvent, UnreadableRecord};
use domain::time::Timestamp;
use store::proof::{RootFold, event_hash};
use tokio::sync::{Semaphore, SemaphorePermit};

/// Longest read of the log for a request, in milliseconds; then it fails. It is enough for several hundred
/// million events.
const WALK_MS_MAX: u64 = 600_000;

/// Permits for reading the whole log in one process: a read keeps a processor and the store's reader busy.
static WALKS: Semaphore = Semaphore::const_new(1);

/// The end of a read: the log up to a position, with its size and Merkle root.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct LogEnd {
    pub position: Position,
    /// Number of events up to the position.
    pub size: u64,
    /// Merkle root over these events, base64 (RFC 9162, 2.1.1).
    pub root: String,
}

/// The log that is to be read, with a progress callback and, for requests, a time limit.
#[derive(Clone, Copy)]
pub struct Log<'a> {
    pub store: &'a dyn EventStore,
    /// Called after each page with the position reached and the last position.
    hears: &'a (dyn Fn(Position, Position) + Sync),
    limit: Option<(&'a dyn Clock, Timestamp)>,
}

impl<'a> Log<'a> {
    /// Creates a read without a time limit and without progress reports. Reads nothing yet.
    pub fn quiet(store: &'a dyn EventStore) -> Self {
        Self::heard(store, &|_, _| {})
    }

    /// Creates a read without a time limit; `hears` is called after each page with the position reached and
    /// the last one.
    pub fn heard(store: &'a dyn EventStore, hears: &'a (dyn Fn(Position, Position) + Sync)) -> Self {
        Self {
            store,
            hears,
            limit: None,
        }
    }

    /// Creates a read for a request, which fails after `WALK_MS_MAX` from now.
    pub fn limited(store: &'a dyn EventStore, clock: &'a dyn Clock) -> Self {
        Self {
            limit: Some((clock, clock.now().plus_ms(WALK_MS_MAX))),
            ..Self::quiet(store)
        }
    }

    fn check_time(&self) -> Result<(), Problem> {
        match self.limit {
            Some((clock, limit)) if clock.now() > limit => Err(Problem::new(
                ProblemKind::Unavailable,
                "log-read-too-long",
                format!(
                    "reading the log took longer than {} s: give an earlier position, or stop the server \
                     and let the command read the log itself",
                    WALK_MS_MAX / 1_000
                ),
            )),
            Some(_) | None => Ok(()),
        }
    }
}

/// A reader of the events that match a filter, in log order, page by page.
pub struct FilteredEventReader<'a> {
    store: &'a dyn EventStore,
    filter: EventFilter,
    /// Log position up to which events were read.
    pub reached: Position,
    until: Position,
    ended: bool,
}

impl<'a> FilteredEventReader<'a> {
    /// Creates a reader of all events that match the filter, from the first position to the end of the log.
    /// `next` reads the pages; `between` narrows the range.
    pub fn new(store: &'a dyn EventStore, filter: EventFilter) -> Self {
        Self {
            store,
            filter,
            reached: Position(0),
            until: Position(u64::MAX),
            ended: false,
        }
    }

    /// Creates a reader of all events of these kinds, from the first position to the end of the log. `next`
    /// reads the pages; `between` narrows the range.
    pub fn of_kinds(store: &'a dyn EventStore, kinds: &[&str]) -> Self {
        let filter = EventFilter {
            kinds: kinds.iter().map(|kind| (*kind).to_owned()).collect(),
            ..EventFilter::default()
        };
        Self::new(store, filter)
    }

    /// Narrows the range to the events after one position, up to and including another.
    pub fn between(self, after: Position, until: Position) -> Self {
        Self {
            reached: after,
            until,
            ended: after >= until,
            ..self
        }
    }

    /// Reads and returns the next page of matching events, which may be empty while more follow; `None` at
    /// the end.
    pub async fn next(&mut self) -> Result<Option<Vec<StoredEvent>>, StoreError> {
        if self.ended {
            return Ok(None);
        }
        let page = self
            .store
            .read_matching(&self.filter, self.reached, PAGE_EVENTS_MAX);
        let MatchingPage { mut events, reached } = page.await?;
        self.ended = reached <= self.reached || reached >= self.until;
        self.reached = reached;
        events.retain(|event| event.position <= self.until);
        Ok(Some(events))
    }
}

/// Calls `take` for each event of these kinds in the whole log, in order. Fails if a record is not a valid
/// event.
pub async fn each_of_kinds(
    store: &dyn EventStore,
    kinds: &[&str],
    mut take: impl FnMut(&Envelope),
) -> Result<(), StoreError> {
    let mut log = FilteredEventReader::of_kinds(store, kinds);
    while let Some(page) = log.next().await? {
        for event in &page {
            let unreadable = |error: UnreadableRecord| StoreError::Damaged(error.to_string());
            take(&event.envelope().map_err(unreadable)?);
        }
    }
    Ok(())
}

/// Takes the permit to read the whole log in this process; dropping it releases it. Fails with
/// `log-being-read` while another read has it.
pub fn acquire_walk_permit() -> Result<SemaphorePermit<'static>, Problem> {
    let taken = |_| {
        Problem::new(
            ProblemKind::Unavailable,
            "log-being-read",
            "another report or sample is reading the whole log: try again when it is done",
        )
    };
    WALKS.try_acquire().map_err(taken)
}

/// Returns true if the log's first event was recorded before an instant; false for an empty log.
pub(crate) async fn began_before(store: &dyn EventStore, at: Timestamp) -> Result<bool, Problem> {
    let first = store.read_all(Position(0), 1).await?;
    Ok(first.first().is_some_and(|event| event.recorded_at < at))
}

/// Calls `take` for every event up to `upto` (`None`: the present head), in order, and returns the
/// position, size and Merkle root. Fails at the time limit of `log`.
pub async fn walk(
    log: Log<'_>,
    upto: Option<Position>,
    take: &mut (dyn FnMut(&StoredEvent, &EventFacts<'_>) -> Result<(), Problem> + Send),
) -> Result<LogEnd, Problem> {
    let head = log.store.head().await?;
    let last = upto.unwrap_or(head);
    if last > head {
        return Err(Problem::new(
            ProblemKind::Refused,
            "position-in-the-future",
            format!("the log ends at position {head}"),
        ));
    }
    let mut root = RootFold::new();
    let mut reached = Position(0);
    'log: loop {
        let page = log.store.read_all(reached, PAGE_EVENTS_MAX).await?;
        if page.is_empty() {
            break;
        }
        for event in &page {
            if event.position > last {
                break 'log;
            }
            root.push(&event_hash(event));
            take(event, &EventFacts::of(event).map_err(unreadable)?)?;
            reached = event.position;
        }
        (log.hears)(reached, last);
        log.check_time()?;
    }
    Ok(LogEnd {
        position: reached,
        size: root.size(),
        root: BASE64_STANDARD.encode(root.root()),
    })
}

/// Returns the problem for a record that this build cannot read.
pub fn unreadable(error: UnreadableRecord) -> Problem {
    Problem::fault(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::decider::Scope;
    use domain::ids::CommandId;
    use domain::stored_event::StreamVersion;
    use std::sync::Arc;
    use store::test_ports::StepClock;
    use store::test_records::{make_record_of, stream};
    use store::{MemoryDisk, MemoryEventStore};

    fn store_of(clock: &Arc<StepClock>) -> MemoryEventStore {
        MemoryEventStore::new(Arc::<StepClock>::clone(clock), Arc::new(MemoryDisk::new())).unwrap()
    }

    async fn positions(mut log: FilteredEventReader<'_>) -> Vec<u64> {
        let mut read = Vec::new();
        while let Some(page) = log.next().await.unwrap() {
            read.extend(page.iter().map(|event| event.position.0));
        }
        read
    }

    #[tokio::test]
    async fn what_a_filter_wants_is_read_from_one_position_to_another() {
        let store = store_of(&Arc::default());
        for version in 1..=5 {
            let command = CommandId::derive_from_text(&version.to_string());
            let record = make_record_of(&stream("s"), version, command, Scope::default());
            let expected = StreamVersion(version - 1);
            store.append(&stream("s"), expected, vec![record]).await.unwrap();
        }
        let released = || FilteredEventReader::of_kinds(&store, &["number.dial_released"]);
        assert_eq!(positions(released()).await, [1, 2, 3, 4, 5]);
        for (after, until, wanted) in [
            (0, 5, vec![1, 2, 3, 4, 5]),
            (1, 3, vec![2, 3]),
            (3, 9, vec![4, 5]),
            (3, 3, vec![]),
        ] {
            let log = released().between(Position(after), Position(until));
            assert_eq!(positions(log).await, wanted, "after {after} until {until}");
        }
        let others = FilteredEventReader::of_kinds(&store, &["call.ended"]);
        assert!(positions(others).await.is_empty());
        let mut log = released();
        while log.next().await.unwrap().is_some() {}
        assert_eq!(log.reached, Position(5));
    }

    #[tokio::test]
    async fn a_walk_for_a_request_ends_at_its_limit() {
        let clock = Arc::new(StepClock::default());
        let store = store_of(&clock);
        let log = Log::limited(&store, clock.as_ref());
        clock.set(Timestamp::EPOCH.plus_ms(WALK_MS_MAX));
        assert!(log.check_time().is_ok());
        clock.set(Timestamp::EPOCH.plus_ms(WALK_MS_MAX + 1));
        let late = log.check_time().unwrap_err();
        assert_eq!(
            (late.kind, late.code),
            (ProblemKind::Unavailable, "log-read-too-long")
        );
        assert!(Log::quiet(&store).check_time().is_ok());
    }
}
