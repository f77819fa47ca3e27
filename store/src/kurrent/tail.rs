//! The one follower of the log's end: it wakes subscriptions, and resumes when it is cut.

use super::events;
use super::reading::{RETRY_MS, RETRY_MS_MAX, Reader};
use crate::subscription::Head;
use domain::ports::clock::Clock;
use domain::ports::tasks::StopSignal;
use domain::stored_event::{Position, StoredEvent};
use eventstore::{Subscription, SubscriptionEvent};
use std::sync::{Arc, Weak};
use tokio::sync::watch;

/// Follows the log after a position and says how far it has come.
pub(super) struct Tail {
    pub(super) reader: Arc<Reader>,
    pub(super) clock: Arc<dyn Clock>,
    /// Gone when the store and all its subscriptions are.
    pub(super) head: Weak<watch::Sender<Head>>,
    pub(super) after: Position,
    pub(super) closed: watch::Receiver<bool>,
    pub(super) stop: Arc<dyn StopSignal>,
}

/// Moves the known end forward; never back.
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

    /// Until the subscription is cut; `None` when nobody needs it any more.
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
                    // Sorted for its effect: a client that has given up is replaced.
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
        // An error means that the store is gone.
        _closed = closed.wait_for(|closed| *closed) => {}
    }
}
