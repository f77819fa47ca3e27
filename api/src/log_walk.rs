//! One walk over the log from its first event to a position, with the tree's root over what was walked: what
//! reports and samples rest on, so that anybody who has the log comes to the same. Or only over events of
//! some kinds, without a root.
//!
//! A server walks for one caller at a time: a second one is told to ask again, and none is read for longer
//! than its limit.

use crate::reply::{Kind, Problem};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use domain::event_filter::{EventFacts, EventFilter};
use domain::ports::clock::Clock;
use domain::ports::event_store::{EventStore, PAGE_EVENTS_MAX, StoreError};
use domain::stored_event::{Envelope, Position, StoredEvent, UnreadableRecord};
use domain::time::Timestamp;
use store::proof::{RootFold, event_hash};
use tokio::sync::{Semaphore, SemaphorePermit};

/// Longest walk for a request: some hundred million events; a caller who waits longer has gone.
const WALK_MS_MAX: u64 = 600_000;

/// Whole logs read at once by one process: a walk keeps a processor and the store's reader busy.
static WALKS: Semaphore = Semaphore::const_new(1);

/// The log up to a position.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(crate) struct LogEnd {
    pub(crate) position: Position,
    /// Events up to there.
    pub(crate) size: u64,
    /// Merkle root over them, base64 (RFC 9162, 2.1.1).
    pub(crate) root: String,
}

/// The log as one caller reads it.
#[derive(Clone, Copy)]
pub(crate) struct Log<'a> {
    pub(crate) store: &'a dyn EventStore,
    /// Hears after each page how far the walk is, and where it ends.
    hears: &'a (dyn Fn(Position, Position) + Sync),
    limit: Option<(&'a dyn Clock, Timestamp)>,
}

impl<'a> Log<'a> {
    /// For as long as it takes, telling nobody.
    pub(crate) fn quiet(store: &'a dyn EventStore) -> Self {
        Self::heard(store, &|_, _| {})
    }

    /// For as long as it takes; `hears` is told how far it is.
    pub(crate) fn heard(store: &'a dyn EventStore, hears: &'a (dyn Fn(Position, Position) + Sync)) -> Self {
        Self {
            store,
            hears,
            limit: None,
        }
    }

    /// For a request: ended when it takes too long.
    pub(crate) fn limited(store: &'a dyn EventStore, clock: &'a dyn Clock) -> Self {
        Self {
            limit: Some((clock, clock.now().plus_ms(WALK_MS_MAX))),
            ..Self::quiet(store)
        }
    }

    fn check_time(&self) -> Result<(), Problem> {
        match self.limit {
            Some((clock, limit)) if clock.now() > limit => Err(Problem::new(
                Kind::Unavailable,
                "log-read-too-long",
                format!(
                    "the log was not read within {} s: give an earlier position, or stop the server and let the \
                     command itself read",
                    WALK_MS_MAX / 1_000
                ),
            )),
            Some(_) | None => Ok(()),
        }
    }
}

/// Reads the log's events of some kinds through, in order.
pub(crate) async fn each_of_kinds(
    store: &dyn EventStore,
    kinds: &[&str],
    mut take: impl FnMut(&Envelope),
) -> Result<(), StoreError> {
    let filter = EventFilter {
        kinds: kinds.iter().map(|kind| (*kind).to_owned()).collect(),
        ..EventFilter::default()
    };
    let mut after = Position(0);
    loop {
        let page = store.read_matching(&filter, after, PAGE_EVENTS_MAX).await?;
        for event in &page.events {
            let unreadable = |error: UnreadableRecord| StoreError::Damaged(error.to_string());
            take(&event.envelope().map_err(unreadable)?);
        }
        if page.reached == after {
            return Ok(());
        }
        after = page.reached;
    }
}

/// The turn to read the whole log in this process; it ends when what is answered is dropped.
pub(crate) fn turn() -> Result<SemaphorePermit<'static>, Problem> {
    let taken = |_| {
        Problem::new(
            Kind::Unavailable,
            "log-being-read",
            "another report or sample reads the whole log: ask again when it is done",
        )
    };
    WALKS.try_acquire().map_err(taken)
}

/// Whether events were recorded before an instant.
pub(crate) async fn began_before(store: &dyn EventStore, at: Timestamp) -> Result<bool, Problem> {
    let first = store.read_all(Position(0), 1).await?;
    Ok(first.first().is_some_and(|event| event.recorded_at < at))
}

/// Hands every event up to `upto`, or up to the head at the time of asking, to `take`.
pub(crate) async fn walk(
    log: Log<'_>,
    upto: Option<Position>,
    take: &mut (dyn FnMut(&StoredEvent, &EventFacts<'_>) -> Result<(), Problem> + Send),
) -> Result<LogEnd, Problem> {
    let head = log.store.head().await?;
    let last = upto.unwrap_or(head);
    if last > head {
        return Err(Problem::new(
            Kind::Refused,
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

/// A record that this build cannot read stops the walk: what it says is not known.
pub(crate) fn unreadable(error: UnreadableRecord) -> Problem {
    Problem::fault(&error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU64, Ordering};
    use store::{MemoryDisk, MemoryEventStore};

    /// Stands still until it is set.
    #[derive(Default)]
    struct SetClock(AtomicU64);

    #[async_trait::async_trait]
    impl Clock for SetClock {
        fn now(&self) -> Timestamp {
            Timestamp::from_millis(0).plus_ms(self.0.load(Ordering::Relaxed))
        }

        async fn wait_until(&self, _: Timestamp) {}
    }

    #[tokio::test]
    async fn a_walk_for_a_request_ends_at_its_limit() {
        let clock = Arc::new(SetClock::default());
        let store =
            MemoryEventStore::new(Arc::<SetClock>::clone(&clock), Arc::new(MemoryDisk::new())).unwrap();
        let log = Log::limited(&store, clock.as_ref());
        clock.0.store(WALK_MS_MAX, Ordering::Relaxed);
        assert!(log.check_time().is_ok());
        clock.0.store(WALK_MS_MAX + 1, Ordering::Relaxed);
        let late = log.check_time().unwrap_err();
        assert_eq!((late.kind, late.code), (Kind::Unavailable, "log-read-too-long"));
        assert!(Log::quiet(&store).check_time().is_ok());
    }
}
