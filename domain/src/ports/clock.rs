//! The Clock port: the current time, and waiting until a time. Nothing in the domain waits in another way.

use crate::time::Timestamp;
use async_trait::async_trait;

/// Wall time in UTC, never backwards within one process, and waiting until a time.
///
/// A rehearsal clock starts at a given instant and runs at the pace of real time; the simulation's clock is
/// virtual. `wait_until` returns at once if the time has passed, and is cancel-safe.
#[async_trait]
pub trait Clock: Send + Sync {
    fn now(&self) -> Timestamp;
    async fn wait_until(&self, at: Timestamp);
}
