//! Facts about one place for drafts. Stored kinds and versions; never changed, only added to. Whose it is
//! stands in the stream's name, who acted in the envelope.

use crate::decider::{EventData, UnreadableEvent, read_current};
use crate::personal::Personal;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(tag = "kind", content = "data")]
pub enum DraftEvent {
    /// The whole draft as it is from here on. Sealed under the place's own key: what people type before they
    /// mean it may name persons.
    #[serde(rename = "draft.saved")]
    Saved {
        title: Personal<String>,
        body: Personal<String>,
    },
    /// Nothing stands there any more.
    #[serde(rename = "draft.removed")]
    Removed {},
}

/// Stored kinds, each named for its variant. They never change.
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
