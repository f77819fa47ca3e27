//! The order in which an installation closes: first all other tasks, then those of the log and its keys.

use actors::Supervisor;
use domain::ports::clock::Clock;

/// The longest wait for other tasks to end before the store is closed, in milliseconds.
const CLOSE_WAIT_MS: u64 = 4_000;

/// Milliseconds between two checks whether other tasks have ended.
const CLOSE_STEP_MS: u64 = 10;

/// Returns true for a thread or task that ends when its store or vault is closed, not on the stop signal. The
/// names of a store's tasks begin with "event store "; the vault has one thread.
fn is_closed_last(name: &str) -> bool {
    name.starts_with("event store ") || name == "key keeper"
}

/// Waits until only tasks that are closed last are alive, at most `CLOSE_WAIT_MS`.
pub(super) async fn wait_for_other_tasks(supervisors: [&Supervisor; 2], clock: &dyn Clock) {
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
    use crate::app::OpenDataDir;
    use crate::open_settings::OpenSettings;

    #[tokio::test]
    async fn a_log_and_its_keys_keep_no_close_waiting() {
        let dir = tempfile::tempdir().unwrap();
        let settings = OpenSettings::of_directory(dir.path().to_owned());
        let opened = OpenDataDir::open(&settings).await.unwrap();
        let [outside, calls] = opened.supervisors();
        let alive = calls.alive();
        assert!(
            alive.values().sum::<usize>() > 0 && !is_busy(calls) && !is_busy(outside),
            "{alive:?}"
        );
        opened.close().await;
    }
}
