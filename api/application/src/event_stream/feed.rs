//! The event feed of one client: the events it asked for, and notes about its position. Events are read
//! only when the client has room.
//!
//! The feed first catches up by filtered pages, then follows the log. It holds one page and no queue: a
//! slow client delays only itself and gets a note that it fell behind. `next` is cancel-safe.

use crate::readers::{FollowerLease, NameLossReason, is_own};
use domain::event_filter::EventFilter;
use domain::number_ids::NumberIdForm;
use domain::ports::clock::Clock;
use domain::ports::event_store::{EventStore, StoreError, Subscription};
use domain::ports::tasks::StopSignal;
use domain::stored_event::{Position, StoredEvent};
use domain::time::Timestamp;
use std::collections::VecDeque;
use std::sync::Arc;
use tokio::sync::Semaphore;

/// Events per page while catching up: about 100 KB per client at usual sizes.
const PAGE_EVENTS: usize = 128;

/// Number of events in one delivery of the store's subscription at which a client counts as fallen behind:
/// a full page.
pub(crate) const FELL_BEHIND_EVENTS: usize = 512;

/// Number of unwanted events after which the client is sent its position, so that a resumed feed does not
/// read them again.
const CHECKPOINT_EVENTS: usize = 1_000;

/// Longest silence before a heartbeat, in milliseconds. Proxies drop silent connections after a minute.
const BEAT_MS: u64 = 15_000;

/// Wait before a busy store is read again, in milliseconds.
const BUSY_WAIT_MS: u64 = 50;

/// Pages of old events that are read at once for all clients together, so that other readers of the log are
/// not delayed.
const HISTORY_READS_AT_ONCE: usize = 2;

static HISTORY: Semaphore = Semaphore::const_new(HISTORY_READS_AT_ONCE);

/// A message of the feed to its client.
#[derive(Debug, PartialEq, Eq)]
pub enum FeedMessage {
    Event(StoredEvent),
    /// All events up to this position, the end of the log, have been sent.
    CaughtUp(Position),
    /// The client is at position `at` and the log has advanced to `head` in the meantime.
    FellBehind {
        at: Position,
        head: Position,
    },
    /// No wanted event up to this position. A client may resume after it.
    Reached(Position),
    /// A heartbeat, sent when there is nothing new.
    Beat,
    /// The last note. The client may resume after this position.
    Ended {
        at: Position,
        why: FeedEnd,
    },
}

/// Why a feed ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FeedEnd {
    /// The server is stopping.
    Stopping,
    /// The caller may no longer follow: the key was revoked, or the role or session ended.
    NotAllowed,
    /// The subscriber name was taken by another follower, reset or removed.
    Lost(NameLossReason),
    /// The log cannot be read at present.
    Unavailable,
    /// The next event cannot be read, now or later; with the reason. All wanted events before it were sent.
    Damaged(String),
}

/// The ports that a feed uses.
#[derive(Clone)]
pub struct FeedPorts {
    pub store: Arc<dyn EventStore>,
    pub clock: Arc<dyn Clock>,
    pub stop: Arc<dyn StopSignal>,
}

/// A change between catching up and following that the client has not been notified of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Transition {
    CaughtUp,
    FellBehind,
}

/// The feed of one client: sends the events that its filter selects, in log order, each once.
pub struct Feed {
    ports: FeedPorts,
    filter: EventFilter,
    /// For a named subscriber: its hold on the name, which it may lose.
    hold: Option<Arc<FollowerLease>>,
    /// Position up to which all wanted events were sent.
    at: Position,
    /// The page that is being sent, and the position of its end.
    pub page: VecDeque<StoredEvent>,
    page_end: Position,
    /// Unwanted events since the client was last sent its position.
    unsaid_count: usize,
    /// The subscription of the store. `None` while catching up.
    live: Option<Box<dyn Subscription>>,
    turned: Option<Transition>,
    beat_at: Timestamp,
    /// The store's message about a damaged page. The events before the damage are then read one by one.
    damaged: Option<String>,
    ended: bool,
    ids: NumberIdForm,
}

impl Feed {
    /// Creates a feed of the events after a position that `filter` selects.
    pub fn new(ports: FeedPorts, filter: EventFilter, after: Position) -> Self {
        let beat_at = ports.clock.now().plus_ms(BEAT_MS);
        Self {
            ports,
            filter,
            hold: None,
            at: after,
            page: VecDeque::new(),
            page_end: after,
            unsaid_count: 0,
            live: None,
            turned: None,
            beat_at,
            damaged: None,
            ended: false,
            ids: NumberIdForm::AsStored,
        }
    }

    /// Sets the form in which ids of phone numbers appear in the events.
    #[must_use]
    pub const fn showing(mut self, ids: NumberIdForm) -> Self {
        self.ids = ids;
        self
    }

    /// Makes this the feed of a named subscriber. It ends when the subscriber's name is lost, for example
    /// to another follower.
    #[must_use]
    pub fn named(mut self, hold: Arc<FollowerLease>) -> Self {
        self.hold = Some(hold);
        self
    }

    /// Returns the position up to which all wanted events were sent.
    pub const fn at(&self) -> Position {
        self.at
    }

    /// Returns true if the next message is an event that is already in memory.
    pub fn has_more(&self) -> bool {
        !self.page.is_empty()
    }

    /// Waits for the next message to the client. Returns `None` after `Ended`. Cancel-safe.
    pub async fn next(&mut self) -> Option<FeedMessage> {
        loop {
            if self.ended {
                return None;
            }
            if let Some(note) = self.ready().await {
                self.beat_at = self.ports.clock.now().plus_ms(BEAT_MS);
                return Some(note);
            }
            let FeedPorts { clock, stop, .. } = self.ports.clone();
            let beat_at = self.beat_at;
            let hold = self.hold.clone();
            let read = tokio::select! {
                biased;
                why = lost(hold) => return Some(self.end(FeedEnd::Lost(why))),
                () = stop.stopping() => return Some(self.end(match stop.is_stopping() {
                    true => FeedEnd::Stopping,
                    false => FeedEnd::NotAllowed,
                })),
                read = self.read() => read,
                () = clock.wait_until(beat_at) => {
                    self.beat_at = clock.now().plus_ms(BEAT_MS);
                    return Some(self.beat());
                }
            };
            match read {
                Ok(()) => {}
                Err(StoreError::Busy) => clock.wait_until(clock.now().plus_ms(BUSY_WAIT_MS)).await,
                Err(StoreError::Damaged(why)) if self.damaged.is_none() => {
                    self.damaged = Some(why);
                    self.live = None;
                }
                Err(StoreError::Damaged(why)) => return Some(self.end_damaged(why)),
                Err(error) => {
                    tracing::warn!(%error, "an event stream ends");
                    return Some(self.end(FeedEnd::Unavailable));
                }
            }
        }
    }

    /// Returns a message that is possible without another read of the log, if any.
    async fn ready(&mut self) -> Option<FeedMessage> {
        if self.turned == Some(Transition::FellBehind) {
            let head = self.ports.store.head().await.unwrap_or(self.page_end);
            self.turned = None;
            return Some(FeedMessage::FellBehind { at: self.at, head });
        }
        if let Some(event) = self.page.pop_front() {
            self.at = event.position;
            self.unsaid_count = 0;
            return Some(FeedMessage::Event(self.ids.of_event(&event)));
        }
        self.at = self.at.max(self.page_end);
        if self.turned.take() == Some(Transition::CaughtUp) {
            self.unsaid_count = 0;
            return Some(FeedMessage::CaughtUp(self.at));
        }
        (self.unsaid_count >= CHECKPOINT_EVENTS).then(|| self.beat())
    }

    fn beat(&mut self) -> FeedMessage {
        if self.unsaid_count == 0 {
            return FeedMessage::Beat;
        }
        self.unsaid_count = 0;
        FeedMessage::Reached(self.at)
    }

    fn end_damaged(&mut self, why: String) -> FeedMessage {
        tracing::error!(why, at = %self.at, "an event stream meets what cannot be read, and ends");
        self.end(FeedEnd::Damaged(why))
    }

    fn end(&mut self, why: FeedEnd) -> FeedMessage {
        self.ended = true;
        // The rest of the page was not sent. The client can resume and get it.
        FeedMessage::Ended { at: self.at, why }
    }

    /// Reads one page of events. The state changes only after the last await, so that the future can be
    /// dropped.
    async fn read(&mut self) -> Result<(), StoreError> {
        let Some(live) = &mut self.live else {
            return self.catch_up().await;
        };
        let mut events = live.next().await?;
        let count = events.len();
        let end = events.last().map_or(self.at, |last| last.position);
        self.filter
            .retain(&mut events)
            .map_err(|error| StoreError::Damaged(error.to_string()))?;
        if count >= FELL_BEHIND_EVENTS {
            self.turned = Some(Transition::FellBehind);
            self.live = None;
        }
        self.take(events, end, count);
        Ok(())
    }

    async fn catch_up(&mut self) -> Result<(), StoreError> {
        let store = &self.ports.store;
        let limit = if self.damaged.is_some() { 1 } else { PAGE_EVENTS };
        // In order of arrival. The semaphore is never closed.
        let turn = HISTORY.acquire().await;
        let page = store.read_matching(&self.filter, self.at, limit).await?;
        drop(turn);
        if page.reached == self.at {
            // The damage was met while following. A filtered read may pass it through an index.
            if let Some(why) = &self.damaged {
                return Err(StoreError::Damaged(why.clone()));
            }
            self.live = Some(store.subscribe(self.at).await?);
            self.turned = Some(Transition::CaughtUp);
            return Ok(());
        }
        // The number of events that an index skipped is unknown, so a page without a hit causes a position
        // note.
        let count = if page.events.is_empty() {
            CHECKPOINT_EVENTS
        } else {
            page.events.len()
        };
        self.take(page.events, page.reached, count);
        Ok(())
    }

    fn take(&mut self, mut events: Vec<StoredEvent>, end: Position, looked_at_count: usize) {
        self.unsaid_count += looked_at_count.saturating_sub(events.len());
        if self.hold.is_some() {
            // Not counted as looked at: an acknowledged position must not cause a new position note.
            events.retain(|event| !is_own(event));
        }
        self.page = events.into();
        self.page_end = end;
    }
}

/// Waits until the subscriber's name is lost and returns why. Never returns for a feed without a name.
async fn lost(hold: Option<Arc<FollowerLease>>) -> NameLossReason {
    match hold {
        Some(hold) => hold.lost().await,
        None => std::future::pending().await,
    }
}
