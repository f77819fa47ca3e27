//! The events of a model: trained contents with their training data, and published versions.

use crate::decider::{EventData, UnreadableEvent, read_current};
use crate::four_eyes::FourEyes;
use crate::personal::Personal;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use values::ids::ModelId;

/// The description of a model's bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ModelArtifact {
    /// SHA-256 of the file, in lower-case hex. It is the file's name beside the log and in `call.understood`.
    pub digest: String,
    pub size_bytes: u64,
    /// Number of intents that the model distinguishes.
    pub intents: u32,
}

/// The training data of a model and its results on held-out rows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Training {
    pub rows: u64,
    /// The member of a row that the model was trained on, such as `intent`.
    pub label: String,
    /// The seed of the order of rows. Equal rows and seed give equal bytes.
    pub seed: u64,
    /// SHA-256 of the file of rows, in lower-case hex.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows_hash: Option<String>,
    /// Number of parts that were held out in turn. Absent if nothing was held out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub folds: Option<u32>,
    /// Held-out rows with the correct intent ranked first, in thousandths.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_permille: Option<u16>,
    /// Held-out rows without an intent on which the model abstained, in thousandths.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub foreign_recall_permille: Option<u16>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(tag = "kind", content = "data")]
pub enum ModelEvent {
    /// Bytes of a model were stored with their training data, as the trainer reported it.
    #[serde(rename = "model.trained")]
    Trained {
        model: ModelId,
        artefact: ModelArtifact,
        training: Training,
    },
    /// A version was published. A call that names it is classified with exactly these bytes.
    #[serde(rename = "model.published")]
    Published {
        model: ModelId,
        /// Version number, starting at 1 and increasing by one.
        model_version: u32,
        artefact: ModelArtifact,
        /// The earlier version with the same content.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        again_of: Option<u32>,
        /// Approval of this version. After the first version with an approval, every version has one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        four_eyes: Option<Box<FourEyes>>,
    },
}

/// Event kinds as stored, one per variant. They never change.
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
