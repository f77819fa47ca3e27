//! The commands of a knowledge base: import a checked content as a version, and publish a version.

use super::content::KnowledgeContent;
use crate::four_eyes::FourEyes;
use values::ids::KnowledgeId;

/// The version that a publication makes current.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VersionChoice {
    /// The latest imported version.
    Newest,
    /// The version that was current before this one: a rollback.
    Before,
    Version(u32),
}

#[derive(Debug, Clone, PartialEq, Eq, derive::CommandName)]
#[command(aggregate = "knowledge")]
pub enum KnowledgeCommand {
    /// Stores a content as a new version that calls do not use yet. If a version has the same content, no
    /// event is stored.
    Import {
        knowledge: KnowledgeId,
        content: Box<KnowledgeContent>,
        /// Number of rows of the file that were left out because of faults.
        faults: u32,
    },
    /// Makes a version current. If it is current already, no event is stored.
    Publish {
        knowledge: KnowledgeId,
        wanted: VersionChoice,
        four_eyes: Option<Box<FourEyes>>,
    },
}
