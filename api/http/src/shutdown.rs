//! Shutdown of a running server: the first signal drains, a second one ends every call at once.

use crate::running_server::RunningServer;
use application::language::localized;
use application::notice::notice;
use domain::problem::Problem;
use host::signals::Signals;
use std::sync::Arc;
use std::time::Duration;

/// Maximum time from the second signal to the exit, in milliseconds. CANCEL and BYE need a round trip, and
/// the ends of the calls are stored meanwhile. A service manager waits at least twice as long before it
/// kills.
const LEAVE_MS: u64 = 5_000;

impl RunningServer {
    /// Drains: reports not ready, grants no new dials, and lets live calls finish for up to `within`; after
    /// that they are ended as interrupted.
    pub async fn drain(&self, within: Duration) {
        self.process.begin_drain();
        let real = async {
            if let Some(drivers) = self.installation.dialing.drivers() {
                drivers.drain(within).await;
            }
        };
        tokio::join!(real, self.process.sandbox.end());
    }

    /// Stops tasks, server and store. When it returns, the directory is free.
    pub async fn stop(self) {
        self.process.opened.close().await;
    }

    /// Drains and stops. A second signal cancels or hangs up every leg, stores the ends, and exits within
    /// `LEAVE_MS`; a third one exits at once. The next start closes what is still open.
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
        notice(localized(
            "收到第二个信号，正在结束所有通话",
            "second signal: ending all calls now",
        ));
        let limit = clock.now().plus_ms(LEAVE_MS);
        if let Some(drivers) = installation.dialing.drivers() {
            drivers.end_calls();
        }
        tokio::select! {
            biased;
            () = signals.next() => notice("third signal: exiting at once; the next start closes open calls"),
            () = clock.wait_until(limit) => {
                notice("some calls did not end within 5 s: exiting; the next start closes open calls");
            }
            () = ending => {}
        }
        Ok(())
    }
}
