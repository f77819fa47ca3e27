//! The reasons why the record of an event cannot be made, and the limit of its size.

use crate::ports::vault::VaultError;

/// The most bytes of a record; a larger one fails with `TooLarge`. tlog-tiles entry bundles have a 16-bit
/// length, less the 8 bytes of `recorded_at`.
pub const RECORD_BYTES_MAX: usize = 65_527;

/// The reasons why an event's record could not be made.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    #[error("the record of {kind} has {bytes} bytes, more than the limit of {RECORD_BYTES_MAX}")]
    TooLarge { kind: &'static str, bytes: usize },
    #[error("{kind} has personal fields, but no person's key was given")]
    NoKey { kind: &'static str },
    #[error(transparent)]
    Vault(#[from] VaultError),
    #[error("cannot write {kind}: {why}")]
    Unwritable { kind: &'static str, why: String },
}
