//! The events of a draft slot. Stored kinds and versions never change; new ones are added. The stream's name
//! has the user, the envelope the actor.

use crate::decider::{EventData, UnreadableEvent, read_current};
use crate::personal::Personal;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
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

/// Event kinds as stored, one per variant. They never change.
impl DraftEvent {
    pub const SAVED: &'static str = "draft.saved";
    pub const REMOVED: &'static str = "draft.removed";
}

impl EventData for DraftEvent {
    fn kind(&self) -> &'static str {
        match self {
            Self::Saved { .. } => Self::SAVED,
            Self::Removed {} => Self::REMOVED,
        }
    }

    fn version(&self) -> u16 {
        1
    }

    fn personal(&mut self) -> Vec<(String, &mut Personal<String>)> {
        match self {
            Self::Saved { title, body } => vec![("/title".to_owned(), title), ("/body".to_owned(), body)],
            Self::Removed {} => Vec::new(),
        }
    }

    fn read(kind: &str, version: u16, data: &RawValue) -> Result<Self, UnreadableEvent> {
        read_current(kind, version, data)
    }
}
