//! Subscriptions: they catch up page by page, report that, then follow new events. No event is skipped
//! or repeated.

use crate::errors::of_store;
use crate::filter::Filter;
use crate::generated::event_store::client::streams::ReadResp;
use crate::paging::{PAGE_EVENTS, PageSource};
use crate::wire::{self, ClientView, RecordMetadata, SubscriptionProgress};
use async_trait::async_trait;
use domain::ids::StreamId;
use domain::ports::clock::Clock;
use domain::ports::event_store::{EventStore, Subscription};
use domain::stored_event::{Position, StoredEvent, StreamVersion};
use std::collections::VecDeque;
use std::sync::Arc;
use tokio::sync::OwnedSemaphorePermit;
use tonic::Status;
use uuid::Uuid;

/// The number of events behind the head from which a live subscription is notified that it fell behind:
/// 4 pages.
const BEHIND_EVENTS: u64 = 4 * PAGE_EVENTS as u64;

/// What a subscription follows.
pub(crate) enum SubscriptionSource {
    All(Option<Filter>),
    /// A stream, after this version.
    Stream(StreamId, StreamVersion),
}

enum Phase {
    /// No message has been sent.
    Begin(Uuid),
    /// Reading pages of stored events.
    CatchUp,
    /// Following new events; `true` after a FellBehind message, until the subscription has caught up.
    Live(Box<dyn Subscription>, bool),
}

/// One subscription.
pub(crate) struct ClientSubscription {
    store: Arc<dyn EventStore>,
    clock: Arc<dyn Clock>,
    view: ClientView,
    followed: SubscriptionSource,
    /// The position up to which the log was processed.
    after: Position,
    phase: Phase,
    /// The number of events processed since the last checkpoint.
    looked_at: u64,
    _place: OwnedSemaphorePermit,
}

impl ClientSubscription {
    /// Follows `$all` after a position, or a stream; for a stream, `after` is the log's head at the time of
    /// the request.
    pub(crate) fn new(
        store: Arc<dyn EventStore>,
        clock: Arc<dyn Clock>,
        view: ClientView,
        followed: SubscriptionSource,
        after: Position,
        id: Uuid,
        place: OwnedSemaphorePermit,
    ) -> Self {
        Self {
            store,
            clock,
            view,
            followed,
            after,
            phase: Phase::Begin(id),
            looked_at: 0,
            _place: place,
        }
    }

    fn reached(&self) -> SubscriptionProgress {
        match &self.followed {
            SubscriptionSource::All(_) => SubscriptionProgress::All(self.after),
            SubscriptionSource::Stream(_, version) => SubscriptionProgress::Stream(*version),
        }
    }

    /// Reads one page of stored events while a subscription catches up. Returns `false` if there are no
    /// more.
    async fn catch_up(&mut self, ready: &mut VecDeque<ReadResp>) -> Result<bool, Status> {
        let read = match &self.followed {
            SubscriptionSource::All(_) => self.store.read_all(self.after, PAGE_EVENTS).await,
            SubscriptionSource::Stream(stream, version) => {
                self.store.read_stream(stream, *version, PAGE_EVENTS).await
            }
        };
        let events = read.map_err(|error| of_store(&error))?;
        self.push(&events, ready)?;
        Ok(!events.is_empty())
    }

    fn push(&mut self, events: &[StoredEvent], ready: &mut VecDeque<ReadResp>) -> Result<(), Status> {
        for event in events {
            let facts = RecordMetadata::of(event)?;
            match &mut self.followed {
                SubscriptionSource::All(filter) => {
                    self.after = event.position;
                    if self.view.sees(&facts) && filter.as_ref().is_none_or(|filter| filter.wants(&facts)) {
                        ready.push_back(self.view.event(event, &facts));
                    }
                    self.looked_at += 1;
                    if filter
                        .as_ref()
                        .is_some_and(|filter| self.looked_at >= filter.checkpoint_events)
                    {
                        self.looked_at = 0;
                        ready.push_back(self.view.checkpoint(event.position, self.clock.now()));
                    }
                }
                SubscriptionSource::Stream(stream, version) => {
                    let is_next = facts.stream == stream.as_str() && facts.version > *version;
                    if is_next {
                        *version = facts.version;
                    }
                    if is_next && self.view.sees(&facts) {
                        ready.push_back(self.view.event(event, &facts));
                    }
                }
            }
        }
        Ok(())
    }

    /// Waits for the next page of a live subscription, and reports when it falls behind or catches up.
    async fn follow(
        &mut self,
        mut live: Box<dyn Subscription>,
        mut behind: bool,
        ready: &mut VecDeque<ReadResp>,
    ) -> Result<Phase, Status> {
        let before = self.reached();
        let events = live.next().await.map_err(|error| of_store(&error))?;
        let last = events.last().map_or(self.after, |last| last.position);
        let head = self.store.head().await.map_err(|error| of_store(&error))?;
        if !behind && head.0.saturating_sub(last.0) > BEHIND_EVENTS {
            behind = true;
            ready.push_back(self.view.fell_behind(&before, self.clock.now()));
        }
        self.push(&events, ready)?;
        self.after = last;
        if behind && last >= head {
            behind = false;
            ready.push_back(self.view.caught_up(&self.reached(), self.clock.now()));
        }
        Ok(Phase::Live(live, behind))
    }
}

#[async_trait]
impl PageSource for ClientSubscription {
    async fn next(&mut self, ready: &mut VecDeque<ReadResp>) -> Result<bool, Status> {
        // An error or a cancellation here ends the subscription, so the phase need not be restored.
        self.phase = match std::mem::replace(&mut self.phase, Phase::CatchUp) {
            Phase::Begin(id) => {
                ready.push_back(wire::confirmation(id));
                Phase::CatchUp
            }
            Phase::CatchUp => {
                if self.catch_up(ready).await? {
                    Phase::CatchUp
                } else {
                    let live = self.store.subscribe(self.after).await;
                    let live = live.map_err(|error| of_store(&error))?;
                    ready.push_back(self.view.caught_up(&self.reached(), self.clock.now()));
                    Phase::Live(live, false)
                }
            }
            Phase::Live(live, behind) => self.follow(live, behind, ready).await?,
        };
        Ok(true)
    }
}
