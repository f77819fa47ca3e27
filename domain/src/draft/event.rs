//! The events of a draft slot. Stored kinds and versions never change; new ones are added. The stream's name
//! has the user, the envelope the actor.

use crate::personal::Personal;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema, derive::EventData)]
#[serde(tag = "kind", content = "data")]
pub enum DraftEvent {
    /// The draft was saved; the event has its whole content. It is sealed under the slot's own key, because
    /// unfinished text may name persons.
    #[serde(rename = "draft.saved")]
    Saved {
        title: Personal<String>,
        body: Personal<String>,
    },
    /// The draft was removed.
    #[serde(rename = "draft.removed")]
    Removed {},
}
