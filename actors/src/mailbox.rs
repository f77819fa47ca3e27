//! An entity's bounded queue: at most `MAILBOX_COMMANDS_MAX` requests accepted and not yet answered.
//!
//! The bound is a semaphore of our own, because the actor runtime counts per clone of an address and so
//! bounds nothing. A permit travels with each request; if none is free, the caller gets `Busy` at once.

use crate::entity::{Answer, AskResult, Entity, EntityState};
use crate::hosting::HostedEntity;
use crate::inline_execution::LentEntity;
use domain::decider::Decider;
use domain::stored_event::Cause;
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

/// Requests that one entity accepts before it returns `Busy`: a call has a handful of callers, a campaign a
/// few dozen imports and drivers.
pub(crate) const MAILBOX_COMMANDS_MAX: usize = 64;

/// A request to an entity, with where to send the answer.
pub(crate) enum Request<D: Decider> {
    Ask {
        command: Arc<D::Command>,
        /// Boxed, because a read is many times smaller.
        cause: Box<Cause>,
        reply: oneshot::Sender<AskResult<Answer<D>, D>>,
    },
    Read {
        reply: oneshot::Sender<AskResult<EntityState<D>, D>>,
    },
}

/// A message to a hosted entity. It holds a slot of the mailbox until it is served.
pub(crate) enum MailboxMessage<D: Decider> {
    Request {
        request: Request<D>,
        place: OwnedSemaphorePermit,
    },
    /// Hands over the entity itself, together with the request that it serves in a caller's task.
    TakeOver {
        lent: Arc<dyn LentEntity<D>>,
        place: OwnedSemaphorePermit,
    },
}

impl<D: Decider> MailboxMessage<D> {
    /// Serves the request and returns the entity. The slot is free before the caller gets the answer. If
    /// the caller was dropped, the decision is stored nevertheless. Without an entity, because it died
    /// elsewhere, no answer is sent.
    pub(crate) async fn serve(self, entity: Option<Box<Entity<D>>>) -> Option<Box<Entity<D>>> {
        let (request, place) = match self {
            Self::TakeOver { lent, place } => return Some(lent.take_over(place)?.await),
            Self::Request { request, place } => (request, place),
        };
        let mut entity = entity?;
        match request {
            Request::Ask {
                command,
                cause,
                reply,
            } => {
                let answer = entity.ask(&command, *cause).await;
                drop(place);
                drop(reply.send(answer));
            }
            Request::Read { reply } => {
                let loaded = entity.read().await;
                drop(place);
                drop(reply.send(loaded));
            }
        }
        Some(entity)
    }
}

/// The bounded queue of one hosted entity.
pub(crate) struct Mailbox<D: Decider> {
    hosted: HostedEntity<D>,
    places: Arc<Semaphore>,
}

/// A reserved slot of a mailbox, for one request.
pub(crate) struct MailboxSlot<D: Decider> {
    hosted: HostedEntity<D>,
    place: OwnedSemaphorePermit,
}

impl<D: Decider> Mailbox<D> {
    pub(crate) fn new(hosted: HostedEntity<D>) -> Self {
        Self {
            hosted,
            places: Arc::new(Semaphore::new(MAILBOX_COMMANDS_MAX)),
        }
    }

    /// Reserves a slot; `None` if the mailbox is full.
    pub(crate) fn reserve(&self) -> Option<MailboxSlot<D>> {
        let place = Arc::clone(&self.places).try_acquire_owned().ok()?;
        Some(MailboxSlot {
            hosted: self.hosted.clone(),
            place,
        })
    }

    /// Returns true if no request is queued or being served.
    pub(crate) fn is_idle(&self) -> bool {
        self.places.available_permits() == MAILBOX_COMMANDS_MAX
    }
}

impl<D: Decider> MailboxSlot<D> {
    /// Queues the request in this slot. If the entity is gone, the request is dropped with the reply's
    /// sender, so that the caller sees that no answer will come.
    pub(crate) fn deliver(self, request: Request<D>) {
        self.hosted.deliver(MailboxMessage::Request {
            request,
            place: self.place,
        });
    }

    /// Queues the entity with the request that it serves elsewhere.
    pub(crate) fn deliver_lent(self, lent: Arc<dyn LentEntity<D>>) {
        self.hosted.deliver(MailboxMessage::TakeOver {
            lent,
            place: self.place,
        });
    }
}
