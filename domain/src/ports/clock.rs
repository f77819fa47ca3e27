//! The Clock port: what time it is, and waiting until a time. The only way anything here waits.

use crate::time::Timestamp;
use async_trait::async_trait;

/// Wall time in UTC. Implementations never go backwards within one process.
///
/// A rehearsal clock starts at a given instant and runs at the pace of real time; the simulation's
/// clock is virtual. `wait_until` returns at once when the time has passed, and is cancel-safe.
#[async_trait]
pub trait Clock: Send + Sync {
    fn now(&self) -> Timestamp;
    async fn wait_until(&self, at: Timestamp);
}
