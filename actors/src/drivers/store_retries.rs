//! Retries a command until the store accepts it, because a far end does not repeat its message.

use super::driver_context::{DriverContext, Halt};
use domain::ids::CallId;
use std::future::Future;

/// Wait before a command with a far end's message is sent again, in milliseconds. Several tries fit into
/// the time for which an answer may wait (`ACKNOWLEDGE_MS_MAX`).
const STORE_AGAIN_MS: u64 = 250;

/// Sends a command until the store accepts it, for minutes if necessary. The command's id must be the same
/// each time. Fails for an error that a retry cannot fix, when the process stops (a planned stop retries to
/// the end of its drain), and when another process dials, because the store then accepts no command of this
/// process's drivers.
pub(super) async fn retry_until_stored<T, F>(kit: &DriverContext, ask: impl Fn() -> F) -> Result<T, Halt>
where
    F: Future<Output = Result<T, Halt>>,
{
    loop {
        match ask().await {
            Err(Halt::Unavailable) if !kit.is_stopping() && !kit.is_taken_over() => {
                let again_at = kit.now().plus_ms(STORE_AGAIN_MS);
                kit.environment.clock.wait_until(again_at).await;
            }
            asked => return asked,
        }
    }
}

/// An answer that waits for its record. If it is dropped before it is stored, that is logged: the far end has
/// had its BYE or gets it without a record, and repeats its 2xx for at most 32 s, so a later start may find
/// no trace of the answer.
pub(super) struct UnstoredAnswer {
    call: CallId,
    leg: u8,
    is_stored: bool,
}

impl UnstoredAnswer {
    pub(super) const fn of(call: CallId, leg: u8) -> Self {
        Self {
            call,
            leg,
            is_stored: false,
        }
    }

    pub(super) fn note_stored(mut self) {
        self.is_stored = true;
    }
}

impl Drop for UnstoredAnswer {
    fn drop(&mut self) {
        if !self.is_stored {
            tracing::error!(
                call = %self.call,
                leg = self.leg,
                "an answer is not stored: the process stopped first; the customer may be called again today"
            );
        }
    }
}
