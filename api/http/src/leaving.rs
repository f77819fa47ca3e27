//! How a running server ends: a first signal drains, a second one ends every call at once.

use crate::running::Running;
use application::notice::notice;
use domain::problem::Problem;
use host::signals::Signals;
use std::sync::Arc;
use std::time::Duration;

/// Longest time from a second signal to the end: CANCEL and BYE need a round trip, and the ends of the calls
/// are stored meanwhile. A service manager waits at least twice as long before it kills.
const LEAVE_MS: u64 = 5_000;

impl Running {
    /// Readiness false, no new grants, live calls finished up to `within`, then ended as interrupted.
    pub async fn drain(&self, within: Duration) {
        self.process.begin_drain();
        if let Some(drivers) = self.installation.dialing.drivers() {
            drivers.drain(within).await;
        }
    }

    /// Ends tasks, server and store; the directory is free when it returns.
    pub async fn stop(self) {
        self.process.opened.close().await;
    }

    /// Drains and stops. A second signal cancels or hangs up every leg, stores the ends, and leaves within
    /// `LEAVE_MS`; a third one leaves at once. What is then open is closed by the next start.
    pub async fn finish(self, signals: &mut Signals, within: Duration) -> Result<(), Problem> {
        let installation = Arc::clone(&self.installation);
        let clock = &installation.environment.clock;
        let ending = async {
            self.drain(within).await;
            self.stop().await;
        };
        tokio::pin!(ending);
        tokio::select! {
            biased;
            () = signals.next() => {}
            () = &mut ending => return Ok(()),
        }
        notice("second signal: every call is ended now / 收到第二个信号，正在结束所有通话");
        let limit = clock.now().plus_ms(LEAVE_MS);
        if let Some(drivers) = installation.dialing.drivers() {
            drivers.end_calls();
        }
        tokio::select! {
            biased;
            () = signals.next() => notice("third signal: leaving at once; the next start closes what is open"),
            () = clock.wait_until(limit) => {
                notice("not everything ended within 5 s: leaving; the next start closes what is open");
            }
            () = ending => {}
        }
        Ok(())
    }
}
