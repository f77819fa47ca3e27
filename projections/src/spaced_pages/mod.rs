//! Events that one transaction takes while views follow the log: a commit costs more than the rows it makes
//! durable, and each writes the same pages again, so transactions keep apart, and what is appended between
//! two goes into the second.
//!
//! Nobody who waits for a position waits for that: the transaction begins as soon as its event is there.
//! After a pause nothing is held back either, only what follows at once.

use crate::grounds::Grounds;
use crate::progress::Progress;
use crate::read_ahead::{FOLLOWING_BEHIND_MAX, FOLLOWING_EVENTS_MAX, is_full};
use domain::ports::clock::Clock;
use domain::ports::event_store::{EventStore, StoreError, Subscription};
use domain::stored_event::{Position, StoredEvent};
use domain::time::Timestamp;
use std::sync::Arc;

/// From the beginning of one transaction to that of the next, unless somebody waits: rows that nobody waits
/// for are behind by so much. A page that a person looks at is no slower for it.
pub const GATHERING_MS: u64 = 200;

/// How often tasks that are ready go first, so that what they append joins a transaction that is not held
/// back. Time does not pass while they do; whoever waits for the views is not ready.
const GATHERING_TURNS_MAX: usize = 8;

/// A subscription whose pages are as large as a transaction wants them.
pub(crate) struct SpacedPages {
    store: Arc<dyn EventStore>,
    subscription: Box<dyn Subscription>,
    clock: Arc<dyn Clock>,
    progress: Arc<Progress>,
    /// As `GATHERING_MS`, by whoever follows.
    apart_ms: u64,
    /// Before then no transaction begins that nobody waits for.
    held_until: Option<Timestamp>,
}

impl SpacedPages {
    /// Those after a position, for transactions so far apart.
    pub(crate) async fn after(
        position: Position,
        grounds: &Grounds,
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

    /// The events of the next transaction.
    pub(crate) async fn next(&mut self) -> Result<Vec<StoredEvent>, StoreError> {
        let mut page = self.subscription.next().await?;
        self.held_back(&mut page).await?;
        self.joined(&mut page).await?;
        self.held_until = Some(self.clock.now().plus_ms(self.apart_ms));
        Ok(page)
    }

    /// Adds what comes while the transaction before is too near.
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

    /// Whether one transaction takes no more. Only who is far behind takes many events, and memory for them.
    async fn is_enough(store: &dyn EventStore, page: &[StoredEvent]) -> Result<bool, StoreError> {
        if page.len() < FOLLOWING_EVENTS_MAX || is_full(page) {
            return Ok(is_full(page));
        }
        let last = page.last().map_or(0, |event| event.position.0);
        let behind = store.head().await?.0.saturating_sub(last);
        Ok(behind <= FOLLOWING_BEHIND_MAX)
    }

    /// Adds what tasks that are ready append.
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
