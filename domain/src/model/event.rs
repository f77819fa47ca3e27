//! The events of a model: trained contents with their training data, and published versions.

use crate::four_eyes::FourEyes;
use serde::{Deserialize, Serialize};
use values::ids::ModelId;

/// The description of a model's bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema, derive::EventMembers)]
#[serde(deny_unknown_fields)]
#[open(digest, size_bytes, intents)]
pub struct ModelArtifact {
    /// SHA-256 of the file, in lower-case hex. It is the file's name beside the log and in `call.understood`.
    pub digest: String,
    pub size_bytes: u64,
    /// Number of intents that the model distinguishes.
    pub intents: u32,
}

/// The training data of a model and its results on held-out rows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema, derive::EventMembers)]
#[serde(deny_unknown_fields)]
#[open(rows, label, seed, rows_hash, folds, first_permille, foreign_recall_permille)]
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

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema, derive::EventData)]
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
    #[open(model_version, again_of)]
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
