//! The events of a user's preferences. Stored kinds and versions never change; new ones are added. The
//! stream's name has the user, the envelope the actor.

use super::user_preferences::UserPreferences;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema, derive::EventData)]
#[serde(tag = "kind", content = "data")]
pub enum PreferenceEvent {
    /// The preferences were set. The event has all of them.
    #[serde(rename = "preference.changed")]
    Changed {
        #[serde(flatten)]
        chosen: UserPreferences,
    },
}
