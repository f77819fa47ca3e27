//! A task that asks the writer to recover after a failed commit: soon at first, then every few seconds, until
//! it succeeds. It notices when a disk that was full has space again.

use super::writer::{Request, is_final};
use crate::subscription::Head;
use domain::ports::clock::Clock;
use std::sync::Arc;
use tokio::sync::{mpsc, oneshot, watch};

/// The wait before the first attempt after a failed commit, in milliseconds.
const FIRST_WAIT_MS: u64 = 250;

/// The longest wait between two attempts, in milliseconds. Each attempt opens and syncs files, which even a
/// full disk can take every few seconds.
const WAIT_MS_MAX: u64 = 4_000;

/// Asks the writer to recover after each failed commit, until it succeeds. Ends with the writer, or if the
/// failure is final.
pub(super) async fn run(
    requests: mpsc::WeakSender<Request>,
    mut head: watch::Receiver<Head>,
    clock: Arc<dyn Clock>,
) {
    let mut wait_ms = FIRST_WAIT_MS;
    loop {
        let failed = head.borrow_and_update().failed.clone();
        match failed {
            None => {
                wait_ms = FIRST_WAIT_MS;
                if head.changed().await.is_err() {
                    return;
                }
            }
            Some(failed) if is_final(&failed) => return,
            Some(_) => {
                let again_at = clock.now().plus_ms(wait_ms);
                tokio::select! {
                    biased;
                    changed = head.changed() => if changed.is_err() { return },
                    () = clock.wait_until(again_at) => {
                        wait_ms = (wait_ms * 2).min(WAIT_MS_MAX);
                        let Some(requests) = requests.upgrade() else { return };
                        let (tried, answer) = oneshot::channel();
                        match requests.try_send(Request::Mend(tried)) {
                            // One request at a time: more would take the queue's place for appends.
                            Ok(()) => drop(answer.await),
                            // Appends are waiting; the next attempt follows.
                            Err(mpsc::error::TrySendError::Full(_)) => {}
                            // The store is closing.
                            Err(mpsc::error::TrySendError::Closed(_)) => return,
                        }
                    }
                }
            }
        }
    }
}
