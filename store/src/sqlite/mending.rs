//! Asks the writer to take a log up again whose commit failed: soon at first, then every few seconds, for as
//! long as it takes. A disk that was full and has room again is noticed here.

use super::writer::{Request, is_final};
use crate::subscription::Head;
use domain::ports::clock::Clock;
use std::sync::Arc;
use tokio::sync::{mpsc, oneshot, watch};

/// Wait before the first try after a failed commit.
const FIRST_WAIT_MS: u64 = 250;

/// Longest wait between two tries: each opens files and syncs, which a full disk bears every few seconds.
const WAIT_MS_MAX: u64 = 4_000;

/// Runs until the writer has ended, or can never be mended.
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
                            // One request at a time: more would keep appends out of the queue.
                            Ok(()) => drop(answer.await),
                            // Appends wait, and this is asked again.
                            Err(mpsc::error::TrySendError::Full(_)) => {}
                            // The store ends.
                            Err(mpsc::error::TrySendError::Closed(_)) => return,
                        }
                    }
                }
            }
        }
    }
}
