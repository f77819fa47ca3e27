//! The task that follows the end of the log. It wakes subscriptions and resumes after a lost connection.

use super::events;
use super::reader::{RETRY_MS, RETRY_MS_MAX, Reader};
use crate::subscription::Head;
use domain::ports::clock::Clock;
use domain::ports::tasks::StopSignal;
use domain::stored_event::{Position, StoredEvent};
use eventstore::{Subscription, SubscriptionEvent};
use std::sync::{Arc, Weak};
use tokio::sync::watch;

/// Follows the log after `after` and publishes the position that it has reached.
pub(super) struct Tail {
    pub(super) reader: Arc<Reader>,
    pub(super) clock: Arc<dyn Clock>,
    /// Cannot be upgraded once the store and all its subscriptions are dropped; the task then ends.
    pub(super) head: Weak<watch::Sender<Head>>,
    pub(super) after: Position,
    pub(super) closed: watch::Receiver<bool>,
    pub(super) stop: Arc<dyn StopSignal>,
}

/// Publishes `last` as the end of the log, if it is after the published one. Does nothing without an event.
pub(super) fn advance(head: &watch::Sender<Head>, last: Option<&StoredEvent>) {
    let Some(last) = last else { return };
    head.send_if_modified(|head| {
        let moved = last.position > head.position;
        if moved {
            head.position = last.position;
            head.recorded_at = Some(last.recorded_at);
        }
        moved
    });
}

impl Tail {
    pub(super) async fn run(mut self) {
        let mut wait = RETRY_MS;
        loop {
            let mut subscription = self.reader.follow(self.after).await;
            let before = self.after;
            if self.follow(&mut subscription).await.is_none() {
                return;
            }
            if self.after > before {
                wait = RETRY_MS;
            }
            let pause = self.clock.now().plus_ms(wait);
            tokio::select! {
                biased;
                () = ended(&mut self.closed, &*self.stop) => return,
                () = self.clock.wait_until(pause) => {}
            }
            wait = (wait * 2).min(RETRY_MS_MAX);
        }
    }

    /// Publishes the events of one subscription until its connection fails. Returns `None` if the store is
    /// closed or dropped.
    async fn follow(&mut self, subscription: &mut Subscription) -> Option<()> {
        loop {
            let event = tokio::select! {
                biased;
                () = ended(&mut self.closed, &*self.stop) => return None,
                event = subscription.next_subscription_event() => event,
            };
            match event {
                Ok(SubscriptionEvent::EventAppeared(event)) => {
                    let event = events::stored(&event);
                    self.after = event.position;
                    advance(&*self.head.upgrade()?, Some(&event));
                }
                Ok(_) => {}
                Err(error) => {
                    tracing::warn!(%error, after = self.after.0, "the log cannot be followed; resuming");
                    // `met` replaces a client that has given up; its result is not needed.
                    drop(self.reader.link().met(&error));
                    return Some(());
                }
            }
        }
    }
}

async fn ended(closed: &mut watch::Receiver<bool>, stop: &dyn StopSignal) {
    tokio::select! {
        biased;
        () = stop.stopping() => {}
        // An error means that the store was dropped.
        _closed = closed.wait_for(|closed| *closed) => {}
    }
}
