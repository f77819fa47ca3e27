//! The events one client asked for, and what it is told about them; read only when the client has room.
//!
//! It catches up by filtered pages, then follows the log. It holds one page and no queue: a client that reads
//! slowly delays nobody but itself, and is told that it fell behind. `next` is cancel-safe.

use crate::readers::{Hold, Lost, is_own};
use domain::event_filter::EventFilter;
use domain::number_ids::NumberIds;
use domain::ports::clock::Clock;
use domain::ports::event_store::{EventStore, StoreError, Subscription};
use domain::ports::tasks::StopSignal;
use domain::stored_event::{Position, StoredEvent};
use domain::time::Timestamp;
use std::collections::VecDeque;
use std::sync::Arc;
use tokio::sync::Semaphore;

/// Events of one page while catching up: at usual sizes 100 KB a client.
const PAGE_EVENTS: usize = 128;

/// Events that arrive at once when a client has fallen behind: a full page of the store's subscription.
pub(crate) const FELL_BEHIND_EVENTS: usize = 512;

/// Unwanted events after which a client is told how far it is, so that a resume does not look at them again.
const CHECKPOINT_EVENTS: usize = 1_000;

/// Longest silence: proxies drop silent connections after a minute.
const BEAT_MS: u64 = 15_000;

/// Wait before a store that was busy is asked again.
const BUSY_WAIT_MS: u64 = 50;

/// Pages of history that are read at once, for all clients together: the log's other readers go on.
const HISTORY_READS_AT_ONCE: usize = 2;

static HISTORY: Semaphore = Semaphore::const_new(HISTORY_READS_AT_ONCE);

/// One thing a client is told.
#[derive(Debug, PartialEq, Eq)]
pub enum Note {
    Event(StoredEvent),
    /// All events up to here have been sent: the end of the log.
    CaughtUp(Position),
    /// The log ran ahead of the client, which is here, and ends there.
    FellBehind {
        at: Position,
        head: Position,
    },
    /// Nothing wanted up to here: where to resume.
    Reached(Position),
    /// Nothing new; only a sign of life.
    Beat,
    /// The last note: come again after this position.
    Ended {
        at: Position,
        why: End,
    },
}

/// Why a feed ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    /// The server stops.
    Stopping,
    /// Whoever follows may do so no more: a key was revoked, a role or a session ended.
    NotAllowed,
    /// The name under which it followed is another's now, or was sent elsewhere.
    Lost(Lost),
    /// The log cannot be read now.
    Unavailable,
    /// The next event cannot be read, now or later, and why. Everything wanted before it was given out.
    Damaged(String),
}

/// What a feed reads with.
#[derive(Clone)]
pub struct Ports {
    pub store: Arc<dyn EventStore>,
    pub clock: Arc<dyn Clock>,
    pub stop: Arc<dyn StopSignal>,
}

/// A change between catching up and following that the client was not told yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Turn {
    CaughtUp,
    FellBehind,
}

/// The events one client asked for.
pub struct Feed {
    ports: Ports,
    filter: EventFilter,
    /// Of a named subscriber: its name, which it may lose.
    hold: Option<Arc<Hold>>,
    /// Up to here everything wanted was given out.
    at: Position,
    /// The page being given out, and where it ends.
    pub page: VecDeque<StoredEvent>,
    page_end: Position,
    /// Events looked at and not wanted since the client was last told where it is.
    unsaid_count: usize,
    /// `None` while catching up.
    live: Option<Box<dyn Subscription>>,
    turned: Option<Turn>,
    beat_at: Timestamp,
    /// What the store said of the page in which it met damage: events are read one by one, up to it.
    damaged: Option<String>,
    ended: bool,
    ids: NumberIds,
}

impl Feed {
    /// Everything that `filter` wants after a position.
    pub fn new(ports: Ports, filter: EventFilter, after: Position) -> Self {
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
            ids: NumberIds::AsStored,
        }
    }

    /// With ids of phone numbers in this form.
    #[must_use]
    pub const fn showing(mut self, ids: NumberIds) -> Self {
        self.ids = ids;
        self
    }

    /// As a named subscriber, until the name is lost.
    #[must_use]
    pub fn named(mut self, hold: Arc<Hold>) -> Self {
        self.hold = Some(hold);
        self
    }

    /// Everything wanted up to here was given out.
    pub const fn at(&self) -> Position {
        self.at
    }

    /// Whether the next note is an event that needs no waiting.
    pub fn has_more(&self) -> bool {
        !self.page.is_empty()
    }

    /// The next note, waited for; `None` after the last.
    pub async fn next(&mut self) -> Option<Note> {
        loop {
            if self.ended {
                return None;
            }
            if let Some(note) = self.ready().await {
                self.beat_at = self.ports.clock.now().plus_ms(BEAT_MS);
                return Some(note);
            }
            let Ports { clock, stop, .. } = self.ports.clone();
            let beat_at = self.beat_at;
            let hold = self.hold.clone();
            let read = tokio::select! {
                biased;
                why = lost(hold) => return Some(self.end(End::Lost(why))),
                () = stop.stopping() => return Some(self.end(match stop.is_stopping() {
                    true => End::Stopping,
                    false => End::NotAllowed,
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
                    return Some(self.end(End::Unavailable));
                }
            }
        }
    }

    /// What can be said without reading on.
    async fn ready(&mut self) -> Option<Note> {
        if self.turned == Some(Turn::FellBehind) {
            let head = self.ports.store.head().await.unwrap_or(self.page_end);
            self.turned = None;
            return Some(Note::FellBehind { at: self.at, head });
        }
        if let Some(event) = self.page.pop_front() {
            self.at = event.position;
            self.unsaid_count = 0;
            return Some(Note::Event(self.ids.of_event(&event)));
        }
        self.at = self.at.max(self.page_end);
        if self.turned.take() == Some(Turn::CaughtUp) {
            self.unsaid_count = 0;
            return Some(Note::CaughtUp(self.at));
        }
        (self.unsaid_count >= CHECKPOINT_EVENTS).then(|| self.beat())
    }

    fn beat(&mut self) -> Note {
        if self.unsaid_count == 0 {
            return Note::Beat;
        }
        self.unsaid_count = 0;
        Note::Reached(self.at)
    }

    fn end_damaged(&mut self, why: String) -> Note {
        tracing::error!(why, at = %self.at, "an event stream meets what cannot be read, and ends");
        self.end(End::Damaged(why))
    }

    fn end(&mut self, why: End) -> Note {
        self.ended = true;
        // What is left of the page was not given out: the client comes again for it.
        Note::Ended { at: self.at, why }
    }

    /// Reads one page. State changes only behind the last wait.
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
            self.turned = Some(Turn::FellBehind);
            self.live = None;
        }
        self.take(events, end, count);
        Ok(())
    }

    async fn catch_up(&mut self) -> Result<(), StoreError> {
        let store = &self.ports.store;
        let limit = if self.damaged.is_some() { 1 } else { PAGE_EVENTS };
        // In the order they came; nobody closes it.
        let turn = HISTORY.acquire().await;
        let page = store.read_matching(&self.filter, self.at, limit).await?;
        drop(turn);
        if page.reached == self.at {
            // Met by following, and not by what is wanted: an index leads past it.
            if let Some(why) = &self.damaged {
                return Err(StoreError::Damaged(why.clone()));
            }
            self.live = Some(store.subscribe(self.at).await?);
            self.turned = Some(Turn::CaughtUp);
            return Ok(());
        }
        // How much an index skipped is not known: a page without a hit is worth telling.
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
            // Not counted as looked at: that a position was kept is no reason to tell of a new one.
            events.retain(|event| !is_own(event));
        }
        self.page = events.into();
        self.page_end = end;
    }
}

/// Returns when a name is lost; never without one.
async fn lost(hold: Option<Arc<Hold>>) -> Lost {
    match hold {
        Some(hold) => hold.lost().await,
        None => std::future::pending().await,
    }
}
