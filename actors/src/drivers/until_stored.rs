//! Asking until the store takes it: for what a far end said, which nobody says again.

use super::kit::{Halt, Kit};
use std::future::Future;

/// Wait before what a far end said is offered to the store again. Some tries fit into the time for which an
/// answer may wait (`ACKNOWLEDGE_MS_MAX`).
const STORE_AGAIN_MS: u64 = 250;

/// Asks until the store takes it, also after minutes. The command's id must be the same each time. An error
/// is what the store's return does not mend, or the end of the process.
pub(super) async fn until_stored<T, F>(kit: &Kit, ask: impl Fn() -> F) -> Result<T, Halt>
where
    F: Future<Output = Result<T, Halt>>,
{
    loop {
        match ask().await {
            Err(Halt::Unavailable) if !kit.is_stopping() => {
                let again_at = kit.now().plus_ms(STORE_AGAIN_MS);
                kit.environment.clock.wait_until(again_at).await;
            }
            asked => return asked,
        }
    }
}
