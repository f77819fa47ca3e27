//! Waking at a time that the worklist lists. Timers hold nothing: what is due is written in events, and
//! the view that lists it is read again at start.

use domain::ports::clock::Clock;
use domain::time::Timestamp;

/// Returns at `at`; never, when there is nothing to wait for. Cancel-safe.
pub(crate) async fn wake_at(clock: &dyn Clock, at: Option<Timestamp>) {
    match at {
        Some(at) => clock.wait_until(at).await,
        None => std::future::pending().await,
    }
}

/// The earlier of two times that may be absent.
pub(crate) fn earlier(one: Option<Timestamp>, other: Option<Timestamp>) -> Option<Timestamp> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}
