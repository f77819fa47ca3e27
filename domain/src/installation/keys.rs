//! Whose log it is, and which of its people can no longer be read: what the log itself says of its keys.
//!
//! The name stands in the log so that copies, backups and every store keep it. A process compares it with its
//! own keys before it does anything else: under foreign keys a person would be somebody new, and an opt-out
//! nobody's.

use super::decide::Decided;
use super::event::InstallationEvent;
use super::refusal::InstallationRefusal;
use super::state::InstallationState;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use values::ids::CustomerId;

/// The text whose keyed hash tells installations apart. Never changed: it is in stored logs.
pub const NAMED_BY: &str = "the keys of this log";

/// What came back of the keys.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct RestoredKeys {
    pub backup_taken_at: Timestamp,
    /// Keys in force after it.
    pub keys_count: u64,
    /// The person registered last whose key came back: whoever opens older keys again does not have it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub newest_readable: Option<CustomerId>,
    /// People of the log whose key is neither there nor destroyed: nobody can read or dial them.
    pub unreadable_count: u64,
}

/// Names the log once, for life.
pub(super) fn name(state: &InstallationState, fingerprint: String) -> Decided {
    match state.fingerprint() {
        None => Ok(vec![InstallationEvent::Named { fingerprint }]),
        Some(is) if is == fingerprint => Ok(Vec::new()),
        Some(_) => Err(InstallationRefusal::OtherName),
    }
}
