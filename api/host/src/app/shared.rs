//! What the processes on one log agree on: rehearsal or real, and the keys that open its personal fields.

use crate::app::error::AppError;
use crate::data_dir::Mode;
use domain::ports::vault::Vault;
use store::PostgresEventStore;

/// Its keyed hash tells two installations' keys apart and nothing else.
const KEYS_TOLD_BY: &str = "the keys of this log";

/// The name it is held under.
const KEYS_NAME: &str = "keys";

/// Holds the log to what it was made for, or marks a new one: a rehearsal never shares a log with the world.
pub(super) async fn hold_to_mode(log: &PostgresEventStore, asked: Mode) -> Result<(), AppError> {
    let is = log.hold_mode(asked.word()).await?;
    if is == asked.word() {
        return Ok(());
    }
    Err(AppError::OtherMode {
        is,
        asked: asked.word(),
    })
}

/// Refuses keys that are not the ones this log was begun with: what one process seals the others must open.
pub(crate) async fn hold_to_keys(log: &PostgresEventStore, vault: &dyn Vault) -> Result<(), AppError> {
    let own = vault.hash(KEYS_TOLD_BY);
    let is = log.hold(KEYS_NAME, &own.0).await?;
    if is == own.0 {
        return Ok(());
    }
    Err(AppError::OtherKeys)
}
