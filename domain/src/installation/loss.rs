//! Lost history: the log lost its last events, or has other events than those known before.
//!
//! As after a restore, later events are unknown, and customers who were called then would be called again. So
//! dialing stays off until a user confirms it. Signatures of the lost history remain; later checkpoints are
//! signed under another origin.

use super::decide::DecideResult;
use super::event::InstallationEvent;
use super::state::InstallationState;
use crate::record::stored_event::Position;
use serde::{Deserialize, Serialize};

/// What showed that history is lost.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema, derive::EventMembers,
)]
#[serde(rename_all = "snake_case")]
pub enum LossEvidence {
    /// A published checkpoint of the log.
    Checkpoint,
    /// The rows of a view. They are not signed, so the origin does not change.
    View,
}

/// The history that was known before, and the history that the log has now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema, derive::EventMembers)]
#[open(known_root, log_root, origin_suffix)]
pub struct LostHistory {
    pub known_by: LossEvidence,
    /// Number of events of the known checkpoint, or the view's position.
    pub known_head: Position,
    /// Merkle root of the known checkpoint, base64.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub known_root: Option<String>,
    /// Number of events in the log now, or the position of the last one.
    pub log_head: Position,
    /// Merkle root of the log now, base64.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log_root: Option<String>,
    /// Suffix of the log's origin from here on. Set if checkpoints of the lost history were signed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin_suffix: Option<String>,
}

/// Records a loss of history. No event if the loss of the same checkpoint is recorded already, so that the
/// next start does not repeat it.
pub(super) fn note(state: &InstallationState, lost: LostHistory) -> DecideResult {
    let is_on_record = lost.known_by == LossEvidence::Checkpoint
        && state.has_given_up(lost.known_head, lost.known_root.as_deref());
    if is_on_record {
        return Ok(Vec::new());
    }
    Ok(vec![InstallationEvent::HistoryLost { lost }])
}
