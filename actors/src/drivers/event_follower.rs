//! A reader that follows the log: pages of envelopes after a position, through outages of the store, until it
//! is dropped.
//!
//! It skips no event. It returns the events before a record that cannot be read, then reports the damage for
//! the whole process and returns no more events.

use crate::environment::Environment;
use crate::log_damage::Damage;
use domain::ports::event_store::{StoreError, Subscription};
use domain::stored_event::{Envelope, Position, StoredEvent};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::sync::Notify;

/// Wait before a lost subscription is renewed, in milliseconds, so that an unavailable store is not
/// overloaded.
const RESUBSCRIBE_MS: u64 = 1_000;

/// The next events in log order, at least one; or the damage that ends the reader.
pub(crate) type FollowResult = Result<Vec<(Position, Arc<Envelope>)>, Damage>;

/// A subscription to all events after a position, which is renewed after outages. It returns each event
/// once and misses none.
pub(crate) struct EventFollower {
    environment: Environment,
    subscription: Option<Box<dyn Subscription>>,
    after: Position,
    /// True if an interruption was logged and no event has come since.
    is_interrupted: bool,
    sight: Arc<SubscriptionStatus>,
    /// True after the store reported damage in a page: events are read one at a time up to the damaged one.
    is_stepping: bool,
    damage: Option<Damage>,
}

/// Whether a reader's subscription is intact, for code that must not act while events may be missing.
#[derive(Default)]
pub(crate) struct SubscriptionStatus {
    is_subscribed: AtomicBool,
    interrupted: Notify,
}

impl SubscriptionStatus {
    /// Returns true while the store sends new events. When that ends, `interrupted` is notified.
    pub(crate) fn is_subscribed(&self) -> bool {
        self.is_subscribed.load(Ordering::Acquire)
    }
    /// Waits until a read fails; returns at once if one has failed since the last call. Cancel-safe.
    pub(crate) async fn interrupted(&self) {
        self.interrupted.notified().await;
    }
}

impl EventFollower {
    pub(crate) fn new(environment: &Environment, after: Position) -> Self {
        Self {
            environment: environment.clone(),
            subscription: None,
            after,
            is_interrupted: false,
            sight: Arc::default(),
            is_stepping: false,
            damage: None,
        }
    }

    /// Returns the state of the subscription, which may be read while `next` is awaited.
    pub(crate) fn sight(&self) -> Arc<SubscriptionStatus> {
        Arc::clone(&self.sight)
    }

    /// Waits for the next events, through outages of the store. Damage is final: each further call returns
    /// it again. Cancel-safe.
    pub(crate) async fn next(&mut self) -> FollowResult {
        loop {
            if let Some(damage) = &self.damage {
                return Err(damage.clone());
            }
            match self.page().await {
                Ok(stored) if stored.is_empty() => {
                    let gone = StoreError::Unavailable("what it stumbled over is not there".to_owned());
                    self.wait_after(&gone).await;
                }
                Ok(stored) => {
                    let page = self.readable(&stored);
                    if !page.is_empty() {
                        self.is_interrupted = false;
                        return Ok(page);
                    }
                }
                Err(StoreError::Damaged(why)) if self.is_stepping => self.stop_at(None, why),
                Err(StoreError::Damaged(_)) => {
                    self.is_stepping = true;
                    self.subscription = None;
                }
                Err(error) => self.wait_after(&error).await,
            }
        }
    }

    async fn page(&mut self) -> Result<Vec<StoredEvent>, StoreError> {
        let store = &self.environment.store;
        if self.is_stepping {
            let page = store.read_all(self.after, 1).await?;
            // The end of the log: the damaged record is no longer in it.
            self.is_stepping = !page.is_empty();
            return Ok(page);
        }
        let subscription = match &mut self.subscription {
            Some(subscription) => subscription,
            none => {
                let begun = none.insert(store.subscribe(self.after).await?);
                self.sight.is_subscribed.store(true, Ordering::Release);
                begun
            }
        };
        subscription.next().await
    }

    /// Returns the envelopes of the events up to the first record that cannot be read, which is stored as
    /// damage.
    fn readable(&mut self, stored: &[StoredEvent]) -> Vec<(Position, Arc<Envelope>)> {
        let mut page = Vec::with_capacity(stored.len());
        for event in stored {
            match event.shared_envelope() {
                Ok(envelope) => page.push((event.position, envelope)),
                Err(error) => {
                    self.stop_at(Some(event.position), error.why);
                    break;
                }
            }
            self.after = event.position;
        }
        page
    }

    /// Ends this reader and reports the damage to the whole process. `position`: that of the damaged event,
    /// if known.
    fn stop_at(&mut self, position: Option<Position>, why: String) {
        let is_dense = self.environment.store.capabilities().dense;
        let next = Position(self.after.0.saturating_add(1));
        let damage = Damage {
            position: position.or_else(|| is_dense.then_some(next)),
            after: self.after,
            why,
        };
        self.subscription = None;
        self.environment.damage.report(damage.clone());
        self.damage = Some(damage);
    }

    async fn wait_after(&mut self, error: &StoreError) {
        if !self.is_interrupted {
            self.is_interrupted = true;
            tracing::warn!(%error, "following the log was interrupted; it is tried again");
        }
        self.subscription = None;
        self.sight.is_subscribed.store(false, Ordering::Release);
        self.sight.interrupted.notify_one();
        let clock = &self.environment.clock;
        clock.wait_until(clock.now().plus_ms(RESUBSCRIBE_MS)).await;
    }
}
