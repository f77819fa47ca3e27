//! Notifications to the service manager that started this process (systemd, `Type=notify`).
//!
//! Without one, that is without NOTIFY_SOCKET, they do nothing.

use crate::process::{Process, ProcessStatus};
use sd_notify::NotifyState;
use std::sync::Arc;
use std::time::Duration;

/// The time between the end of the drain and the end of the process, in milliseconds: hanging up, and closing
/// the log and its keys.
const CLOSE_MS: u64 = 30_000;

/// Pings per watchdog interval of the service manager. systemd advises at least two.
const PINGS_PER_INTERVAL: u32 = 3;

/// Reports the state of the process: whether it is ready, with its reason, and whether it dials.
pub fn notify_status(status: &ProcessStatus) {
    let line = format!("ready {}; {}", status.ready_line(), status.dialing_line());
    match status.is_ready() {
        true => notify(&[NotifyState::Ready, NotifyState::Status(&line)]),
        false => notify(&[NotifyState::Status(&line)]),
    }
}

/// Reports that the drain has begun, and how long the process may still take.
pub fn notify_stopping(drain: Duration) {
    let needed = drain.saturating_add(Duration::from_millis(CLOSE_MS));
    let needed = u32::try_from(needed.as_micros()).unwrap_or(u32::MAX);
    notify(&[
        NotifyState::Stopping,
        NotifyState::Status("draining"),
        NotifyState::ExtendTimeoutUsec(needed),
    ]);
}

/// Starts to ping the service manager, if it has a watchdog for this process. A ping is sent only after the
/// runtime of calls has run a task, so that a process with hung calls is restarted.
pub fn begin_watchdog(process: &Arc<Process>) {
    let Some(interval) = sd_notify::watchdog_enabled() else {
        return;
    };
    let pause = interval / PINGS_PER_INTERVAL;
    let pause_ms = u64::try_from(pause.as_millis()).unwrap_or(u64::MAX).max(1);
    let tasks = process.installation.tasks();
    let pinging = ping_watchdog(Arc::clone(process), pause_ms);
    tasks.spawn("watchdog", Box::pin(pinging));
}

async fn ping_watchdog(process: Arc<Process>, pause_ms: u64) {
    let stop = process.installation.tasks().stop_signal();
    loop {
        tokio::select! {
            biased;
            () = stop.stopping() => return,
            () = process.opened.on_calls(std::future::ready(())) => {}
        }
        notify(&[NotifyState::Watchdog]);
        tokio::select! {
            biased;
            () = stop.stopping() => return,
            () = process.installation.pause(pause_ms) => {}
        }
    }
}

/// Sends a notification. A service manager that does not take it is no reason to end.
fn notify(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        tracing::warn!(%error, "the service manager takes no notification");
    }
}
