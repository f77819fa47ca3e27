//! The commands of a model: publish checked bytes, store a draft, or publish an earlier version again.

use super::event::{ModelArtifact, Training};
use crate::four_eyes::FourEyes;
use values::ids::ModelId;

#[derive(Debug, Clone, PartialEq, Eq)]
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

impl ModelCommand {
    /// Returns the command's name, for logs.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Publish { .. } => "model.publish",
            Self::KeepDraft { .. } => "model.keep_draft",
            Self::PublishAgain { .. } => "model.publish_again",
        }
    }
}
