//! The right to dial, derived from the driver lock: certain for a while after each heartbeat, unknown while
//! the database is unavailable, lost once another process holds the lock.

use actors::DialRight;
use async_trait::async_trait;
use domain::ports::clock::Clock;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use store::{DriverLockClient, LockTime};

/// How long a driver's command waits while it is unknown which process dials, in milliseconds: as long as an
/// append waits for an unavailable database (`STATEMENT_MS`).
const UNKNOWN_MS_MAX: u64 = 30_000;

/// Milliseconds between two checks of the right to dial while it is unknown: a fraction of a heartbeat.
const LOOK_MS: u64 = 50;

/// The right to dial of one process on one log.
pub(super) struct LockRight {
    time: Arc<LockTime>,
    clock: Arc<dyn Clock>,
    /// True if the last request for the lock found another holder.
    is_lost: AtomicBool,
}

impl LockRight {
    pub(super) fn new(asker: &DriverLockClient, clock: &Arc<dyn Clock>) -> Arc<Self> {
        Arc::new(Self {
            time: asker.time(),
            clock: Arc::clone(clock),
            is_lost: AtomicBool::new(false),
        })
    }

    pub(super) fn set_lost(&self, is_lost: bool) {
        self.is_lost.store(is_lost, Ordering::Release);
    }
}

#[async_trait]
impl DialRight for LockRight {
    fn is_held(&self) -> bool {
        !self.is_lost.load(Ordering::Acquire) && self.time.is_held(self.clock.now())
    }

    fn is_of_another(&self) -> bool {
        self.is_lost.load(Ordering::Acquire)
    }

    async fn held(&self) -> bool {
        let limit = self.clock.now().plus_ms(UNKNOWN_MS_MAX);
        loop {
            if self.is_held() {
                return true;
            }
            let now = self.clock.now();
            if self.is_lost.load(Ordering::Acquire) || now >= limit {
                return false;
            }
            self.clock.wait_until(now.plus_ms(LOOK_MS)).await;
        }
    }
}
