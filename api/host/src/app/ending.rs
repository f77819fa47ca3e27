//! The order in which an installation ends: other tasks first, then the tasks of the log and its keys.

use actors::Supervisor;
use domain::ports::clock::Clock;

/// How long everything else may take to end before the store is closed under it.
const CLOSE_WAIT_MS: u64 = 4_000;

/// Interval between two looks at what is still alive.
const CLOSE_STEP_MS: u64 = 10;

/// Threads and tasks that end when their store or vault is closed, not on the stop signal: the names of a
/// store's tasks begin so, and the vault has one thread.
fn is_closed_last(name: &str) -> bool {
    name.starts_with("event store ") || name == "key keeper"
}

/// Returns when only the threads that are closed last are alive, or after `CLOSE_WAIT_MS`.
pub(super) async fn others_ended(supervisors: [&Supervisor; 2], clock: &dyn Clock) {
    let limit = clock.now().plus_ms(CLOSE_WAIT_MS);
    while supervisors.into_iter().any(is_busy) && clock.now() < limit {
        clock.wait_until(clock.now().plus_ms(CLOSE_STEP_MS)).await;
    }
}

fn is_busy(tasks: &Supervisor) -> bool {
    let alive = tasks.alive();
    alive
        .iter()
        .any(|(name, count)| *count > 0 && !is_closed_last(name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::Opened;
    use crate::open_settings::OpenSettings;

    #[tokio::test]
    async fn a_log_and_its_keys_keep_no_close_waiting() {
        let dir = tempfile::tempdir().unwrap();
        let settings = OpenSettings::of_directory(dir.path().to_owned());
        let opened = Opened::open(&settings).await.unwrap();
        let [outside, calls] = opened.supervisors();
        let alive = calls.alive();
        assert!(
            alive.values().sum::<usize>() > 0 && !is_busy(calls) && !is_busy(outside),
            "{alive:?}"
        );
        opened.close().await;
    }
}
