//! The open conversations, as far as the log was read: their number, and when each is checked for idleness
//! next. Built from the log by every process.

use domain::conversation::ConversationEvent;
use domain::event_filter::EventFilter;
use domain::ids::{ConversationId, CustomerId};
use domain::ports::event_store::{EventStore, PAGE_EVENTS_MAX};
use domain::problem::Problem;
use domain::stored_event::Position;
use domain::time::Timestamp;
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Most conversations open at once in the installation; further ones are refused. Each takes some kilobytes
/// while it is in use.
pub const CONVERSATIONS_OPEN_MAX: usize = 10_000;

/// Most open conversations per customer: one on each channel.
pub const OPEN_PER_CUSTOMER_MAX: usize = 3;

/// The open conversations of the log, as far as this process has read it.
#[derive(Debug, Default)]
pub struct OpenConversations {
    known: Mutex<OpenState>,
}

#[derive(Debug, Default)]
struct OpenState {
    reached: Position,
    open: BTreeMap<ConversationId, OpenConversation>,
}

/// One open conversation of this process.
#[derive(Debug, Clone)]
struct OpenConversation {
    customer: CustomerId,
    /// Time of the next check; the conversation is not idle before it.
    look_at: Timestamp,
}

impl OpenConversations {
    /// Reads opened and closed conversations from the log up to its head.
    pub(super) async fn follow(&self, store: &dyn EventStore) -> Result<(), Problem> {
        let filter = EventFilter {
            kinds: [ConversationEvent::OPENED, ConversationEvent::CLOSED]
                .map(str::to_owned)
                .into(),
            ..EventFilter::default()
        };
        loop {
            let after = self.known().reached;
            let page = store.read_matching(&filter, after, PAGE_EVENTS_MAX).await?;
            let mut known = self.known();
            for event in &page.events {
                let envelope = event
                    .envelope()
                    .map_err(|error| Problem::fault(error.to_string()))?;
                let Ok(id) = envelope.stream.id().parse() else {
                    continue;
                };
                if envelope.kind == ConversationEvent::CLOSED {
                    known.open.remove(&id);
                } else if let Some(customer) = envelope.customer {
                    let look_at = envelope.at;
                    known.open.insert(id, OpenConversation { customer, look_at });
                }
            }
            if page.reached == after {
                return Ok(());
            }
            known.reached = page.reached;
        }
    }

    /// Returns how many conversations are open: in total, and with this customer.
    pub(super) fn count(&self, customer: &CustomerId) -> OpenCount {
        let known = self.known();
        let of_person = known.open.values().filter(|open| open.customer == *customer);
        OpenCount {
            of_all: known.open.len(),
            of_person: of_person.count(),
        }
    }

    /// Returns the conversations that are due for a check of idleness at `now`.
    pub(super) fn due(&self, now: Timestamp) -> Vec<ConversationId> {
        let known = self.known();
        let due = known.open.iter().filter(|(_, open)| open.look_at <= now);
        due.map(|(id, _)| *id).collect()
    }

    /// Sets the time of a conversation's next check. Ignored if it is not open.
    pub(super) fn look_again(&self, id: ConversationId, look_at: Timestamp) {
        if let Some(open) = self.known().open.get_mut(&id) {
            open.look_at = look_at;
        }
    }

    /// Removes a conversation that was closed.
    pub(super) fn forget(&self, id: ConversationId) {
        self.known().open.remove(&id);
    }

    fn known(&self) -> MutexGuard<'_, OpenState> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Counts of open conversations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct OpenCount {
    pub(super) of_all: usize,
    pub(super) of_person: usize,
}
