//! Requests to one model: publication of bytes that were read and checked, or of an earlier version again.

use super::event::{Artefact, Training};
use crate::four_eyes::FourEyes;
use values::ids::ModelId;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ModelCommand {
    /// Publishes a content. The current one: answered without an event.
    Publish {
        model: ModelId,
        artefact: Artefact,
        training: Option<Training>,
        four_eyes: Option<Box<FourEyes>>,
    },
    /// Keeps a content that was learned, with what it was learned from, and publishes nothing. Known already:
    /// answered without an event.
    KeepDraft {
        model: ModelId,
        artefact: Artefact,
        training: Training,
    },
    /// Publishes an earlier version's content as a further version; without one named, the one before.
    PublishAgain {
        model: ModelId,
        version: Option<u32>,
        four_eyes: Option<Box<FourEyes>>,
    },
}

impl ModelCommand {
    /// Its name, for logs.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Publish { .. } => "model.publish",
            Self::KeepDraft { .. } => "model.keep_draft",
            Self::PublishAgain { .. } => "model.publish_again",
        }
    }
}
