//! What a subscriber's events add up to: what it follows, and up to where its reader has it.

use super::event::{Subscribed, SubscriberEvent};
use crate::stored_event::Position;
use crate::time::Timestamp;

/// State of one subscriber.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SubscriberState {
    follows: Option<Subscribed>,
    position: Position,
    added_at: Option<Timestamp>,
    reached_at: Option<Timestamp>,
    turn: u32,
}

impl SubscriberState {
    /// What it follows; nothing where there is no such subscriber, or no more.
    pub const fn follows(&self) -> Option<&Subscribed> {
        self.follows.as_ref()
    }

    /// Its reader has everything up to here.
    pub const fn position(&self) -> Position {
        self.position
    }

    pub const fn added_at(&self) -> Option<Timestamp> {
        self.added_at
    }

    /// When its reader last acknowledged something.
    pub const fn reached_at(&self) -> Option<Timestamp> {
        self.reached_at
    }

    /// How often the name began anew, by being added or sent elsewhere: what its reader was told before is
    /// of another turn.
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
