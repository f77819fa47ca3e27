//! Requests to a subscriber: by its reader, who comes again and acknowledges, and by whoever sends it back.

use super::event::{Subscribed, SubscriberEvent};
use crate::stored_event::Position;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SubscriberCommand {
    /// Somebody follows under this name; the first time makes it.
    Follow {
        /// The events that were asked for; `None` takes those of the first time.
        wanted: Option<Subscribed>,
        /// Where a new one begins.
        after: Position,
    },
    /// The reader has everything up to here, and has done with it what it had to.
    Acknowledge {
        position: Position,
        /// In which turn of the name it was told (`None`: in this one); a word of an earlier turn changes
        /// nothing.
        turn: Option<u32>,
    },
    /// It is told again, or from further on, what comes after a position.
    Reset { after: Position, reason: Option<String> },
    /// Nobody follows under this name any more.
    Remove { reason: Option<String> },
}

impl SubscriberCommand {
    /// Its name, for logs.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Follow { .. } => "subscriber.follow",
            Self::Acknowledge { .. } => "subscriber.acknowledge",
            Self::Reset { .. } => SubscriberEvent::RESET,
            Self::Remove { .. } => "subscriber.remove",
        }
    }
}
