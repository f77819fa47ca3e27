//! The commands of a model: publish checked bytes, store a draft, or publish an earlier version again.

use super::event::{ModelArtifact, Training};
use crate::four_eyes::FourEyes;
use values::ids::ModelId;

#[derive(Debug, Clone, PartialEq, Eq, derive::CommandName)]
#[command(aggregate = "model")]
pub enum ModelCommand {
    /// Publishes a content. If it is the current one, no event is stored.
    Publish {
        model: ModelId,
        artefact: ModelArtifact,
        training: Option<Training>,
        four_eyes: Option<Box<FourEyes>>,
    },
    /// Stores a trained content with its training data, without publishing it. If it is known already, no
    /// event is stored.
    KeepDraft {
        model: ModelId,
        artefact: ModelArtifact,
        training: Training,
    },
    /// Publishes an earlier version's content as a new version. Without `version`, the last one with another
    /// content.
    PublishAgain {
        model: ModelId,
        version: Option<u32>,
        four_eyes: Option<Box<FourEyes>>,
    },
}
