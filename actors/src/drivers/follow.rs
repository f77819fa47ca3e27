//! Following the log: pages of envelopes after a position, through outages of the store, until dropped.

use crate::system::Environment;
use domain::ports::event_store::{StoreError, Subscription};
use domain::stored_event::{Envelope, Position};

/// Wait before a lost subscription is taken up again: long enough not to hammer a store that is away.
const RESUBSCRIBE_MS: u64 = 1_000;

/// A live reader of all events. What it gave it does not give again; what it has not given is not lost.
pub(crate) struct Follow {
    environment: Environment,
    subscription: Option<Box<dyn Subscription>>,
    after: Position,
    /// An interruption was said and nothing has come since.
    is_interrupted: bool,
}

impl Follow {
    pub(crate) fn new(environment: &Environment, after: Position) -> Self {
        Self {
            environment: environment.clone(),
            subscription: None,
            after,
            is_interrupted: false,
        }
    }

    /// The next events, in order, at least one. A record that cannot be read is skipped with a loud line:
    /// no driver's work may hide behind it. Cancel-safe.
    pub(crate) async fn next(&mut self) -> Vec<(Position, Envelope)> {
        loop {
            match self.page().await {
                Ok(page) if !page.is_empty() => {
                    self.is_interrupted = false;
                    return page;
                }
                Ok(_) => {}
                Err(error) => {
                    if !self.is_interrupted {
                        self.is_interrupted = true;
                        tracing::warn!(%error, "following the log was interrupted; it is tried again");
                    }
                    self.subscription = None;
                    let clock = &self.environment.clock;
                    clock.wait_until(clock.now().plus_ms(RESUBSCRIBE_MS)).await;
                }
            }
        }
    }

    async fn page(&mut self) -> Result<Vec<(Position, Envelope)>, StoreError> {
        let subscription = match &mut self.subscription {
            Some(subscription) => subscription,
            none => none.insert(self.environment.store.subscribe(self.after).await?),
        };
        let page = subscription.next().await?;
        self.after = page.last().map_or(self.after, |last| last.position);
        let readable = page.iter().filter_map(|stored| match stored.envelope() {
            Ok(envelope) => Some((stored.position, envelope)),
            Err(error) => {
                tracing::error!(%error, "a record cannot be read");
                None
            }
        });
        Ok(readable.collect())
    }
}
