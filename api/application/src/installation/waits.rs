//! What dialing waits for a person to look at: a restore, a history that was lost.

use domain::installation::LostHistory;
use domain::installation::event::RestoreFacts;
use domain::time::Timestamp;
use serde_json::{Value, json};

/// What a reply says of a restore that waits for a person.
pub fn restore_value(facts: &RestoreFacts) -> Value {
    json!({
        "to_position": facts.to_position.to_string(),
        "source_head": facts.source_head.to_string(),
        "backup_made_at": facts.backup_made_at,
        "log_root": facts.log_root,
    })
}

/// What a reply says of a lost history that waits for a person, and since when it is known.
pub fn loss_value((lost, since): &(LostHistory, Timestamp)) -> Value {
    json!({
        "since": since,
        "known_by": lost.known_by,
        "known_head": lost.known_head.to_string(),
        "known_root": lost.known_root,
        "log_head": lost.log_head.to_string(),
        "log_root": lost.log_root,
    })
}
