//! Wakes at a time that the worklist lists. Timers hold no state: due times are in events, and the view that
//! lists them is read again at the start.

use domain::ports::clock::Clock;
use domain::time::Timestamp;

/// Waits until `at`; for ever if it is `None`. Cancel-safe.
pub(crate) async fn wake_at(clock: &dyn Clock, at: Option<Timestamp>) {
    match at {
        Some(at) => clock.wait_until(at).await,
        None => std::future::pending().await,
    }
}

/// Returns the earlier of two optional times; `None` if both are.
pub(crate) fn earlier(one: Option<Timestamp>, other: Option<Timestamp>) -> Option<Timestamp> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}
