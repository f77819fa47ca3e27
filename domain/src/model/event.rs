//! Facts about one model: what it was learned from, and which version of it is published.

use crate::decider::{EventData, UnreadableEvent, read_current};
use crate::four_eyes::FourEyes;
use crate::personal::Personal;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use values::ids::ModelId;

/// The bytes of a model, as they are told of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Artefact {
    /// SHA-256, lower hex, of the file: its name beside the log, and in `call.understood`.
    pub digest: String,
    pub size_bytes: u64,
    /// How many intents it tells apart.
    pub intents: u32,
}

/// What a model was learned from, and how well it did on rows that it had not seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Training {
    pub rows: u64,
    /// The member of a row that was learned, such as `intent`.
    pub label: String,
    /// The seed of its order; equal rows and seed make equal bytes.
    pub seed: u64,
    /// SHA-256, lower hex, of the file of rows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows_hash: Option<String>,
    /// Parts that were held out one after the other; absent where nothing was held out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub folds: Option<u32>,
    /// Rows held out whose intent was ranked first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_permille: Option<u16>,
    /// Foreign rows held out that it abstained from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub foreign_recall_permille: Option<u16>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(tag = "kind", content = "data")]
pub enum ModelEvent {
    /// Bytes of a model came with what they were learned from, as whoever trained it says.
    #[serde(rename = "model.trained")]
    Trained {
        model: ModelId,
        artefact: Artefact,
        training: Training,
    },
    /// A version of the model: a call that names it is understood by exactly these bytes.
    #[serde(rename = "model.published")]
    Published {
        model: ModelId,
        /// From 1, one more per publication.
        model_version: u32,
        artefact: Artefact,
        /// The version whose content is published again.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        again_of: Option<u32>,
        /// Who stood behind it. From the first version that names somebody on, every version does.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        four_eyes: Option<Box<FourEyes>>,
    },
}

/// Stored kinds, each named for its variant. They never change.
impl ModelEvent {
    pub const TRAINED: &'static str = "model.trained";
    pub const PUBLISHED: &'static str = "model.published";
}

impl EventData for ModelEvent {
    fn kind(&self) -> &'static str {
        match self {
            Self::Trained { .. } => Self::TRAINED,
            Self::Published { .. } => Self::PUBLISHED,
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
