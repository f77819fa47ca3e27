//! The state of a person request, folded from its events: the request, its deadline and its answer.

use super::event::PersonRequestEvent;
use super::wish::{AnswerKind, Wish};
use crate::case::Deadline;
use crate::time::Timestamp;
use values::ids::{CustomerId, EventId};

/// The state of one request.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PersonRequestState {
    received: Option<ReceivedRequest>,
    answered: Option<PersonRequestAnswer>,
}

/// The content of a person's request, as received.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceivedRequest {
    pub wish: Wish,
    pub customer: CustomerId,
    pub channel: Option<String>,
    pub note: Option<String>,
    pub received_at: Timestamp,
    pub deadline: Deadline,
}

/// The answer to a person's request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonRequestAnswer {
    pub answer: AnswerKind,
    pub note: String,
    pub done_by: Option<EventId>,
    pub at: Timestamp,
}

impl PersonRequestState {
    pub const fn received(&self) -> Option<&ReceivedRequest> {
        self.received.as_ref()
    }

    pub const fn answered(&self) -> Option<&PersonRequestAnswer> {
        self.answered.as_ref()
    }

    /// Returns true if the request was answered after its deadline, or is unanswered at `now` and the
    /// deadline has passed.
    pub fn is_overdue(&self, now: Timestamp) -> bool {
        let answered_at = self.answered.as_ref().map_or(now, |answered| answered.at);
        let received = self.received.as_ref();
        received.is_some_and(|received| received.deadline.has_passed(answered_at))
    }

    pub(super) fn apply(&mut self, event: &PersonRequestEvent, at: Timestamp) {
        match event {
            PersonRequestEvent::Received {
                wish,
                customer,
                channel,
                note,
                received_at,
                deadline,
            } => {
                self.received = Some(ReceivedRequest {
                    wish: *wish,
                    customer: customer.clone(),
                    channel: channel.clone(),
                    note: note.clone(),
                    received_at: *received_at,
                    deadline: deadline.clone(),
                });
            }
            PersonRequestEvent::Answered {
                answer,
                note,
                done_by,
            } => {
                self.answered = Some(PersonRequestAnswer {
                    answer: *answer,
                    note: note.clone(),
                    done_by: *done_by,
                    at,
                });
            }
        }
    }
}
