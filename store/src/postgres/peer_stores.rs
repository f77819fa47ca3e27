//! Other stores that listen on the same log: whether there are any, and the position to announce to them.
//!
//! A process wakes its own subscriptions itself, so nothing is announced while it is the only listener. Every
//! listening connection holds a shared advisory lock. Each poll counts these locks. A new listener announces
//! itself on the channel, so that it is notified from then on. An error here makes others wait for their next
//! poll; it never loses events.

use domain::stored_event::Position;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use tokio::sync::watch;

/// The number of the advisory lock that each listening connection holds, so that listeners can be counted.
/// Chosen by us, as for the other locks.
pub(super) const LISTENING_LOCK: i64 = 0x4c45_4447_4c53;

/// The notification with which a new connection says that it listens. Other notifications are positions, as
/// decimal numbers.
pub(super) const HERE: &str = "here";

/// What a store knows about other listeners on the log. Shared by its writer and its listener.
pub(super) struct PeerStores {
    /// True if other listeners exist. Assumed until the first count.
    listen: AtomicBool,
    /// The number of announcements of new listeners.
    came: AtomicU64,
    unannounced: watch::Sender<Position>,
}

impl Default for PeerStores {
    fn default() -> Self {
        Self {
            listen: AtomicBool::new(true),
            came: AtomicU64::new(0),
            unannounced: watch::Sender::new(Position(0)),
        }
    }
}

impl PeerStores {
    /// Records that this process has extended the log to a position, which must be announced if other
    /// listeners exist.
    pub(super) fn written(&self, position: Position) {
        if self.listen.load(Ordering::SeqCst) {
            self.unannounced.send_if_modified(|unannounced| {
                let moved = *unannounced < position;
                *unannounced = position.max(*unannounced);
                moved
            });
        }
    }

    /// Returns a receiver of the position that is to be announced.
    pub(super) fn unannounced(&self) -> watch::Receiver<Position> {
        self.unannounced.subscribe()
    }

    /// Records that a new listener announced itself, which may be this store, and announces the head to it.
    pub(super) fn came(&self, head: Position) {
        self.came.fetch_add(1, Ordering::SeqCst);
        self.listen.store(true, Ordering::SeqCst);
        self.written(head);
    }

    /// Returns the number of announcements of new listeners. Read it before a count of listeners begins,
    /// for `counted`.
    pub(super) fn came_count(&self) -> u64 {
        self.came.load(Ordering::SeqCst)
    }

    /// Records a count of the listeners, including this store. `came_before`: the result of `came_count`
    /// when the count began; the count is ignored if a listener has announced itself since.
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
    fn without_peers_nothing_is_announced_and_a_new_peer_is_notified_at_once() {
        let others = PeerStores::default();
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
