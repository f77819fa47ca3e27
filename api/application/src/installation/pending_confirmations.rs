//! The reasons why dialing waits for a user's confirmation: a restore, or a lost history.

use domain::installation::event::RestoreFacts;
use domain::installation::{LossEvidence, LostHistory};
use domain::time::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

/// A restore that waits for confirmation.
#[derive(Debug, Serialize, JsonSchema)]
pub struct PendingRestoreResponse {
    to_position: String,
    source_head: String,
    backup_made_at: Timestamp,
    log_root: Option<String>,
}

impl PendingRestoreResponse {
    pub fn of(facts: &RestoreFacts) -> Self {
        Self {
            to_position: facts.to_position.to_string(),
            source_head: facts.source_head.to_string(),
            backup_made_at: facts.backup_made_at,
            log_root: facts.log_root.clone(),
        }
    }
}

/// A lost history that waits for confirmation, and the time since when it is known.
#[derive(Debug, Serialize, JsonSchema)]
pub struct LostHistoryResponse {
    since: Timestamp,
    known_by: LossEvidence,
    known_head: String,
    known_root: Option<String>,
    log_head: String,
    log_root: Option<String>,
}

impl LostHistoryResponse {
    pub fn of(lost: &LostHistory, since: Timestamp) -> Self {
        Self {
            since,
            known_by: lost.known_by,
            known_head: lost.known_head.to_string(),
            known_root: lost.known_root.clone(),
            log_head: lost.log_head.to_string(),
            log_root: lost.log_root.clone(),
        }
    }
}
