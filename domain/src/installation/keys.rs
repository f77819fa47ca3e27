//! What the log records about its keys: the installation's fingerprint, and persons who can no longer be
//! read.
//!
//! The fingerprint is in the log so that copies, backups and every store keep it. A process compares it with
//! its own keys first of all: under other keys, a known person would appear as a new one, and the person's
//! opt-out would not be found.

use super::decide::DecideResult;
use super::event::InstallationEvent;
use super::refusal::InstallationRefusal;
use super::state::InstallationState;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use values::ids::CustomerId;

/// The text from which the fingerprint is computed, as its keyed hash. It never changes, because stored
/// logs contain the hash.
pub const NAMED_BY: &str = "the keys of this log";

/// The result of a restore of keys.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema, derive::EventMembers)]
#[open(keys_count, unreadable_count)]
pub struct RestoredKeys {
    pub backup_taken_at: Timestamp,
    /// Number of keys in the key store after the restore.
    pub keys_count: u64,
    /// The person registered last among those with a restored key. If older keys are opened again, this one
    /// is missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub newest_readable: Option<CustomerId>,
    /// Number of persons in the log with neither a key nor an erasure. They cannot be read or dialed.
    pub unreadable_count: u64,
}

/// Records the fingerprint of the installation's keys. No event if it is recorded already; a different one
/// is refused.
pub(super) fn name(state: &InstallationState, fingerprint: String) -> DecideResult {
    match state.fingerprint() {
        None => Ok(vec![InstallationEvent::Named { fingerprint }]),
        Some(is) if is == fingerprint => Ok(Vec::new()),
        Some(_) => Err(InstallationRefusal::OtherName),
    }
}
