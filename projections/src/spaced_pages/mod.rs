//! Groups events into transactions while views follow the log. A commit costs more than the rows that it
//! makes durable, and each commit writes the same pages again. Transactions therefore keep a minimum
//! distance, and events that arrive between two go into the second.
//!
//! A caller that waits for a position does not wait for that: the transaction begins as soon as its event is
//! there. After a pause, events are not held back either; only events that follow at once are added.

use crate::context::ProjectionContext;
use crate::progress::Progress;
use crate::read_ahead::{FOLLOWING_BEHIND_MAX, FOLLOWING_EVENTS_MAX, is_full};
use domain::ports::clock::Clock;
use domain::ports::event_store::{EventStore, StoreError, Subscription};
use domain::stored_event::{Position, StoredEvent};
use domain::time::Timestamp;
use std::sync::Arc;

/// Least time between the starts of two transactions of views that no caller waits for, in milliseconds.
/// Rows that no caller waits for are late by up to this much; pages that a user opens are not slower.
pub const GATHERING_MS: u64 = 200;

/// Most times that other ready tasks run before a transaction begins, so that events they append join it.
/// Time does not pass meanwhile, and a task that waits for the views is not ready.
const GATHERING_TURNS_MAX: usize = 8;

/// A subscription that returns the events of one transaction at a time.
pub(crate) struct SpacedPages {
    store: Arc<dyn EventStore>,
    subscription: Box<dyn Subscription>,
    clock: Arc<dyn Clock>,
    progress: Arc<Progress>,
    /// The least time between transactions, as `GATHERING_MS`, set by the follower.
    apart_ms: u64,
    /// The earliest start of a transaction that no caller waits for.
    held_until: Option<Timestamp>,
}

impl SpacedPages {
    /// Subscribes after a position, for transactions at least `apart_ms` apart.
    pub(crate) async fn after(
        position: Position,
        grounds: &ProjectionContext,
        progress: Arc<Progress>,
        apart_ms: u64,
    ) -> Result<Self, StoreError> {
        Ok(Self {
            store: Arc::clone(&grounds.store),
            subscription: grounds.store.subscribe(position).await?,
            clock: Arc::clone(&grounds.clock),
            progress,
            apart_ms,
            held_until: None,
        })
    }

    /// Waits for the events of the next transaction.
    pub(crate) async fn next(&mut self) -> Result<Vec<StoredEvent>, StoreError> {
        let mut page = self.subscription.next().await?;
        self.held_back(&mut page).await?;
        self.joined(&mut page).await?;
        self.held_until = Some(self.clock.now().plus_ms(self.apart_ms));
        Ok(page)
    }

    /// Adds the events that arrive until the distance from the previous transaction is kept, a caller
    /// waits, or the page is large enough.
    async fn held_back(&mut self, page: &mut Vec<StoredEvent>) -> Result<(), StoreError> {
        let Some(until) = self.held_until.filter(|until| self.clock.now() < *until) else {
            return Ok(());
        };
        while !Self::is_enough(self.store.as_ref(), page).await? {
            let last = page.last().map_or(Position(0), |event| event.position);
            tokio::select! {
                biased;
                () = self.progress.hurried_by(last) => return Ok(()),
                more = self.subscription.next() => page.extend(more?),
                () = self.clock.wait_until(until) => return Ok(()),
            }
        }
        Ok(())
    }

    /// Returns true if the page is large enough for one transaction. Only views that are far behind take
    /// many events, and the memory for them.
    async fn is_enough(store: &dyn EventStore, page: &[StoredEvent]) -> Result<bool, StoreError> {
        if page.len() < FOLLOWING_EVENTS_MAX || is_full(page) {
            return Ok(is_full(page));
        }
        let last = page.last().map_or(0, |event| event.position.0);
        let behind = store.head().await?.0.saturating_sub(last);
        Ok(behind <= FOLLOWING_BEHIND_MAX)
    }

    /// Adds the events that other ready tasks append.
    async fn joined(&mut self, page: &mut Vec<StoredEvent>) -> Result<(), StoreError> {
        for _ in 0..GATHERING_TURNS_MAX {
            if Self::is_enough(self.store.as_ref(), page).await? {
                break;
            }
            tokio::task::yield_now().await;
            tokio::select! {
                biased;
                more = self.subscription.next() => page.extend(more?),
                () = std::future::ready(()) => break,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
