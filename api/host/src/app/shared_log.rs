//! What all processes on a shared log must agree on: rehearsal or real, and the keys of its personal fields.

use crate::app::error::AppError;
use crate::data_dir::Mode;
use domain::ports::vault::Vault;
use store::PostgresEventStore;

/// The text that is hashed with an installation's keys to identify them; the hash discloses nothing else
/// about them.
const KEYS_HASH_INPUT: &str = "the keys of this log";

/// The name under which a shared log stores the hash that identifies its keys.
const KEYS_NAME: &str = "keys";

/// Fails if the log has the other mode; sets the mode of a new log. A rehearsal never shares a log with real
/// calls.
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

/// Fails if the keys are not those that the log was begun with: each process must be able to open what others
/// seal.
pub(crate) async fn hold_to_keys(log: &PostgresEventStore, vault: &dyn Vault) -> Result<(), AppError> {
    let own = vault.hash(KEYS_HASH_INPUT);
    let is = log.hold(KEYS_NAME, &own.0).await?;
    if is == own.0 {
        return Ok(());
    }
    Err(AppError::OtherKeys)
}
