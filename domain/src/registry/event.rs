//! The events of the registries. Stored kinds and versions never change; new ones are added. They name no
//! number: the entries of a registry are in the streams of the numbers.

use crate::registry_book::Edition;
use crate::screening::NumberListName;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema, derive::EventData)]
#[serde(tag = "kind", content = "data")]
pub enum RegistryEvent {
    /// An edition was imported. The registry has the edition's date from now on.
    #[serde(rename = "registry.imported")]
    #[open(reason)]
    Imported {
        registry: NumberListName,
        #[serde(flatten)]
        edition: Box<Edition>,
        reason: String,
    },
}
