//! The state of a subscriber, folded from its events: its filter and its acknowledged position.

use super::event::{SubscriberEvent, SubscriberFilter};
use crate::stored_event::Position;
use crate::time::Timestamp;

/// The state of one subscriber.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SubscriberState {
    follows: Option<SubscriberFilter>,
    position: Position,
    added_at: Option<Timestamp>,
    reached_at: Option<Timestamp>,
    turn: u32,
}

impl SubscriberState {
    /// Returns the subscriber's filter; `None` if the subscriber does not exist or was removed.
    pub const fn follows(&self) -> Option<&SubscriberFilter> {
        self.follows.as_ref()
    }

    /// Returns the position up to which the reader acknowledged events.
    pub const fn position(&self) -> Position {
        self.position
    }

    pub const fn added_at(&self) -> Option<Timestamp> {
        self.added_at
    }

    /// Returns when the reader last acknowledged an event; `None` before the first time.
    pub const fn reached_at(&self) -> Option<Timestamp> {
        self.reached_at
    }

    /// Returns the number of the turn, which increases when the subscriber is added or reset. Events
    /// delivered before belong to an earlier turn.
    pub const fn turn(&self) -> u32 {
        self.turn
    }

    pub(super) fn apply(&mut self, event: &SubscriberEvent, at: Timestamp) {
        match event {
            SubscriberEvent::Added { follows, after } => {
                *self = Self {
                    follows: Some(follows.clone()),
                    position: *after,
                    added_at: Some(at),
                    reached_at: None,
                    turn: self.turn.saturating_add(1),
                };
            }
            SubscriberEvent::Reached { position } => {
                self.position = *position;
                self.reached_at = Some(at);
            }
            SubscriberEvent::Reset { after, .. } => {
                self.position = *after;
                self.turn = self.turn.saturating_add(1);
            }
            SubscriberEvent::Removed { .. } => {
                *self = Self {
                    turn: self.turn,
                    ..Self::default()
                };
            }
        }
    }
}
