//! The commands of a subscriber: its reader connects and acknowledges; a user resets or removes it.

use super::event::SubscriberFilter;
use crate::stored_event::Position;

#[derive(Debug, Clone, PartialEq, Eq, derive::CommandName)]
#[command(aggregate = "subscriber")]
pub enum SubscriberCommand {
    /// Starts to read under this name. The first time creates the subscriber.
    Follow {
        /// The filter for events; `None` uses the subscriber's own.
        wanted: Option<SubscriberFilter>,
        /// Start position of a new subscriber.
        after: Position,
    },
    /// Acknowledges that the reader has processed every event up to this position.
    Acknowledge {
        position: Position,
        /// The turn in which the events were delivered (`None`: the current one). An acknowledgement of an
        /// earlier turn stores no event.
        turn: Option<u32>,
    },
    /// Moves the position backward or forward; events after it are delivered.
    Reset { after: Position, reason: Option<String> },
    /// Removes the subscriber.
    Remove { reason: Option<String> },
}
