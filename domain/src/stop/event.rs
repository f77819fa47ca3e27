//! The events of an emergency stop. Stored kinds and versions never change; new ones are added. The envelope
//! names the actor.

use super::id::StopScope;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema, derive::EventData)]
#[serde(tag = "kind", content = "data")]
pub enum StopEvent {
    /// No new dials start within the stop's scope until it is lifted.
    #[serde(rename = "stop.engaged")]
    #[open(id, reason)]
    Engaged {
        scope: StopScope,
        /// Name or id of the trunk, campaign or preset.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<String>,
        reason: String,
        /// Active calls are hung up too.
        hang_up: bool,
    },
    /// The stop was lifted; dialing may resume.
    #[serde(rename = "stop.lifted")]
    #[open(reason)]
    Lifted { reason: String },
}
