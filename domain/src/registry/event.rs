//! Facts about lists of numbers that others keep. Stored kinds and versions; never changed, only added to.
//! They name no number: what stands on a list stands on the numbers' own streams.

use crate::decider::{EventData, UnreadableEvent, read_current};
use crate::personal::Personal;
use crate::registry_book::Edition;
use crate::screening::NumberListName;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(tag = "kind", content = "data")]
pub enum RegistryEvent {
    /// From here on the list is as of the edition's day.
    #[serde(rename = "registry.imported")]
    Imported {
        registry: NumberListName,
        #[serde(flatten)]
        edition: Box<Edition>,
        reason: String,
    },
}

/// Stored kinds, each named for its variant. They never change.
impl RegistryEvent {
    pub const IMPORTED: &'static str = "registry.imported";
}

impl EventData for RegistryEvent {
    fn kind(&self) -> &'static str {
        match self {
            Self::Imported { .. } => Self::IMPORTED,
        }
    }

    fn version(&self) -> u16 {
        1
    }

    fn personal(&mut self) -> Vec<(String, &mut Personal<String>)> {
        Vec::new()
    }

    fn read(kind: &str, version: u16, data: &RawValue) -> Result<Self, UnreadableEvent> {
        read_current(kind, version, data)
    }
}
