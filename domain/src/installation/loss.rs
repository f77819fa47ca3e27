//! A log that is not the one known here before: it lost its tail, or its events are others.
//!
//! What came after is unknown, as after a restore: whoever was reached then would be called again, so
//! dialing waits for a person. What was signed of the lost history stays as it is; what is signed from here
//! on says so by another origin.

use super::decide::Decided;
use super::event::InstallationEvent;
use super::state::InstallationState;
use crate::record::stored_event::Position;
use serde::{Deserialize, Serialize};

/// What knew the history that is lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum KnownBy {
    /// A published checkpoint.
    Checkpoint,
    /// Rows of a view: never signed, so the origin stays.
    View,
}

/// The history that was known, beside the one that is there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct LostHistory {
    pub known_by: KnownBy,
    /// Events of the checkpoint, or the view's position.
    pub known_head: Position,
    /// Merkle root of the checkpoint, base64.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub known_root: Option<String>,
    /// Events that are there, or the position of the last.
    pub log_head: Position,
    /// Merkle root of the log that is there, base64.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log_root: Option<String>,
    /// What the log's origin ends with from here on, where checkpoints of the lost history were signed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin_suffix: Option<String>,
}

/// Once for each checkpoint: a loss that is on record is not lost again at the next start.
pub(super) fn note(state: &InstallationState, lost: LostHistory) -> Decided {
    let is_on_record = lost.known_by == KnownBy::Checkpoint
        && state.has_given_up(lost.known_head, lost.known_root.as_deref());
    if is_on_record {
        return Ok(Vec::new());
    }
    Ok(vec![InstallationEvent::HistoryLost { lost }])
}
