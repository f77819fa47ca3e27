//! The other stores that listen on the same log: whether there are any, and the position they are to be told.
//!
//! A process wakes its own subscriptions itself, so while it listens alone nothing is notified. Every
//! listening connection holds a shared advisory lock, which is counted with each poll, and says on the
//! channel that it has come, so that it is told from then on. What is wrong here costs others the wait for
//! their next poll, never events.

use domain::stored_event::Position;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use tokio::sync::watch;

/// Holds the place of a listening connection. A number of our own choosing, as those of other locks are.
pub(super) const LISTENING_LOCK: i64 = 0x4c45_4447_4c53;

/// What a connection says when it has begun to listen; positions are numbers.
pub(super) const HERE: &str = "here";

/// Shared by a store's writer and its listener.
pub(super) struct Others {
    /// Taken for granted until they were counted.
    listen: AtomicBool,
    /// How often one came.
    came: AtomicU64,
    unannounced: watch::Sender<Position>,
}

impl Default for Others {
    fn default() -> Self {
        Self {
            listen: AtomicBool::new(true),
            came: AtomicU64::new(0),
            unannounced: watch::Sender::new(Position(0)),
        }
    }
}

impl Others {
    /// The log moved here, and nobody was notified.
    pub(super) fn written(&self, position: Position) {
        if self.listen.load(Ordering::SeqCst) {
            self.unannounced.send_if_modified(|unannounced| {
                let moved = *unannounced < position;
                *unannounced = position.max(*unannounced);
                moved
            });
        }
    }

    /// Where positions that are to be announced appear.
    pub(super) fn unannounced(&self) -> watch::Receiver<Position> {
        self.unannounced.subscribe()
    }

    /// One has come, perhaps oneself: it is told where the log is.
    pub(super) fn came(&self, head: Position) {
        self.came.fetch_add(1, Ordering::SeqCst);
        self.listen.store(true, Ordering::SeqCst);
        self.written(head);
    }

    /// To be read before listeners are counted.
    pub(super) fn came_count(&self) -> u64 {
        self.came.load(Ordering::SeqCst)
    }

    /// So many listen, oneself included. A count that began before somebody came says nothing of them.
    pub(super) fn counted(&self, listeners: i64, came_before: u64) {
        if self.came_count() == came_before {
            self.listen.store(listeners > 1, Ordering::SeqCst);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_announced_to_nobody_and_who_comes_is_told_at_once() {
        let others = Others::default();
        let unannounced = others.unannounced();
        let announced = |position: u64| *unannounced.borrow() == Position(position);
        others.written(Position(1));
        assert!(announced(1), "not counted yet");
        others.counted(1, others.came_count());
        others.written(Position(2));
        assert!(announced(1), "alone");
        let before = others.came_count();
        others.came(Position(2));
        assert!(announced(2), "one came");
        others.counted(1, before);
        others.written(Position(3));
        assert!(announced(3), "the count began before it came");
        others.counted(2, others.came_count());
        others.written(Position(4));
        others.written(Position(3));
        assert!(announced(4));
    }
}
