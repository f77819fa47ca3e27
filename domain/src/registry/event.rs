//! The events of the registries. Stored kinds and versions never change; new ones are added. They name no
//! number: the entries of a registry are in the streams of the numbers.

use crate::decider::{EventData, UnreadableEvent, read_current};
use crate::personal::Personal;
use crate::registry_book::Edition;
use crate::screening::NumberListName;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(tag = "kind", content = "data")]
pub enum RegistryEvent {
    /// An edition was imported. The registry has the edition's date from now on.
    #[serde(rename = "registry.imported")]
    Imported {
        registry: NumberListName,
        #[serde(flatten)]
        edition: Box<Edition>,
        reason: String,
    },
}

/// Event kinds as stored, one per variant. They never change.
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
