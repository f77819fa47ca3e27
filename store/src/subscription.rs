//! Subscriptions: they catch up page by page, then wait for the head to move. At most two pages are
//! read ahead.

use async_trait::async_trait;
use domain::ports::clock::Clock;
use domain::ports::event_store::{MatchingPage, PAGE_EVENTS_MAX, StoreError, Subscription};
use domain::stored_event::{Position, StoredEvent};
use domain::time::Timestamp;
use std::collections::VecDeque;
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, oneshot, watch};

/// The most subscriptions of a store at once; a further one is answered `Busy`. One per view and driver,
/// the rest for readers of the event stream.
pub const SUBSCRIPTIONS_MAX: usize = 1_024;

/// The number of events in one page of a subscription: 32 MiB with the largest records, about 250 KiB with
/// usual ones.
pub(crate) const PAGE_EVENTS: usize = 512;

/// The most new events that a subscription reads in its own thread after catching up; more are read by a
/// reader thread, because passing so few on would take longer than reading them.
const EVENTS_HERE: usize = 32;

/// The number of pages of the log that are requested in advance: one for each of the usual two reader
/// threads.
const PAGES_AHEAD: usize = 2;

/// The most events searched for one filtered page without an index: a few milliseconds of reading.
pub(crate) const LOOKED_AT_MAX: usize = PAGE_EVENTS_MAX;

/// The interval at which a subscription in a reading process looks for new events, in milliseconds.
pub(crate) const POLL_MS: u64 = 200;

/// The end of the log as this process knows it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Head {
    pub(crate) position: Position,
    pub(crate) recorded_at: Option<Timestamp>,
    /// Set while the log is not recovered from a failed write, and permanently after the store was closed: no
    /// events follow.
    pub(crate) failed: Option<StoreError>,
}

/// Reads pages of the log.
#[async_trait]
pub(crate) trait Pages: Send + Sync {
    async fn page(&self, after: Position, limit: usize) -> Result<Vec<StoredEvent>, StoreError>;

    /// Reads at most `limit` events in the caller's thread. `None` if that would have to wait.
    fn page_here(&self, _after: Position, _limit: usize) -> Option<Result<Vec<StoredEvent>, StoreError>> {
        None
    }

    /// Returns events after a position that were just written and are still in memory. `None` if the next
    /// one is not.
    fn recent(&self, _after: Position, _limit: usize) -> Option<Vec<StoredEvent>> {
        None
    }

    /// Waits until the published head has reached a position that a page has shown.
    async fn published(&self, _position: Position) {}

    /// Starts to read a page that will be needed soon, without waiting for it. `None` if that is not
    /// possible.
    fn page_ahead(&self, _after: Position, _limit: usize) -> Option<PrefetchedPage> {
        None
    }
}

/// A page that is being read while the subscriber processes the one before it.
pub(crate) struct PrefetchedPage {
    pub(crate) after: Position,
    pub(crate) answered: oneshot::Receiver<Result<MatchingPage, StoreError>>,
}

/// A subscription in the process that writes the log. Each commit wakes it.
pub(crate) struct LiveSubscription {
    pub(crate) pages: Arc<dyn Pages>,
    pub(crate) after: Position,
    pub(crate) head: watch::Receiver<Head>,
    /// The pages requested in advance, in order. Empty after catching up.
    pub(crate) ahead: VecDeque<PrefetchedPage>,
    pub(crate) _place: OwnedSemaphorePermit,
}

#[async_trait]
impl Subscription for LiveSubscription {
    async fn next(&mut self) -> Result<Vec<StoredEvent>, StoreError> {
        loop {
            let (position, failed) = {
                let head = self.head.borrow_and_update();
                (head.position, head.failed.clone())
            };
            if position > self.after {
                if let Some(events) = self.pages.recent(self.after, PAGE_EVENTS)
                    && let Some(last) = events.last()
                {
                    self.pages.published(last.position).await;
                    self.ahead.clear();
                    self.after = last.position;
                    return Ok(events);
                }
                let events = self.page(position).await?;
                if let Some(last) = events.last() {
                    self.pages.published(last.position).await;
                    self.after = last.position;
                    self.look_ahead(position);
                    return Ok(events);
                }
            }
            if let Some(failed) = failed {
                return Err(failed);
            }
            if self.head.changed().await.is_err() {
                return Err(closed());
            }
        }
    }
}

impl LiveSubscription {
    /// Requests pages up to `head` in advance, at most two. Their beginnings are known as long as pages are
    /// full and positions dense; a page that begins elsewhere is not used.
    fn look_ahead(&mut self, head: Position) {
        while self.ahead.len() < PAGES_AHEAD {
            let behind = |last: &PrefetchedPage| Position(last.after.0 + PAGE_EVENTS as u64);
            let after = self.ahead.back().map_or(self.after, behind);
            if after >= head {
                return;
            }
            match self.pages.page_ahead(after, PAGE_EVENTS) {
                Some(page) => self.ahead.push_back(page),
                None => return,
            }
        }
    }

    /// Returns the next page: the one requested in advance, or a new one. Cancel-safe: a page requested in
    /// advance is kept while it is awaited.
    async fn page(&mut self, head: Position) -> Result<Vec<StoredEvent>, StoreError> {
        if let Some(ahead) = self.ahead.front_mut().filter(|ahead| ahead.after == self.after) {
            let answer = (&mut ahead.answered).await.unwrap_or_else(|_| Err(closed()));
            self.ahead.pop_front();
            return Ok(answer?.events);
        }
        self.ahead.clear();
        if head.0 <= self.after.0 + EVENTS_HERE as u64
            && let Some(few) = self.pages.page_here(self.after, EVENTS_HERE)
        {
            return few;
        }
        self.pages.page(self.after, PAGE_EVENTS).await
    }
}

/// A subscription in a reading process: looks for new events every `POLL_MS`.
pub(crate) struct PollingSubscription {
    pub(crate) pages: Arc<dyn Pages>,
    pub(crate) after: Position,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) _place: OwnedSemaphorePermit,
}

#[async_trait]
impl Subscription for PollingSubscription {
    async fn next(&mut self) -> Result<Vec<StoredEvent>, StoreError> {
        loop {
            let events = self.pages.page(self.after, PAGE_EVENTS).await?;
            if let Some(last) = events.last() {
                self.after = last.position;
                return Ok(events);
            }
            self.clock.wait_until(self.clock.now().plus_ms(POLL_MS)).await;
        }
    }
}

/// Returns the error of a store that has been closed.
pub(crate) fn closed() -> StoreError {
    StoreError::Unavailable("it was closed".to_owned())
}
