//! The events of a setting. Stored kinds and versions never change; new ones are added. The envelope names
//! the actor.

use super::name::SettingName;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema, derive::EventData)]
#[serde(tag = "kind", content = "data")]
pub enum SettingEvent {
    /// The setting was changed.
    #[serde(rename = "setting.changed")]
    #[open(before, after, reason)]
    Changed {
        name: SettingName,
        /// The previous value; the default if it was never changed.
        before: u64,
        after: u64,
        reason: String,
    },
}
