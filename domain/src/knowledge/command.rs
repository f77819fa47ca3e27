//! Requests to one knowledge base: a content that was read and checked, and its publication.

use super::content::KnowledgeContent;
use crate::four_eyes::FourEyes;
use values::ids::KnowledgeId;

/// Which version is to be published.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// The one imported last.
    Newest,
    /// The one that was current before: the way back.
    Before,
    Version(u32),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KnowledgeCommand {
    /// Keeps a content as a version that nobody hears yet. A content that is a version already: answered
    /// without an event.
    Import {
        knowledge: KnowledgeId,
        content: Box<KnowledgeContent>,
        /// Rows of the file that were left out.
        faults: u32,
    },
    /// Makes a version current. The current one: answered without an event.
    Publish {
        knowledge: KnowledgeId,
        wanted: Wanted,
        four_eyes: Option<Box<FourEyes>>,
    },
}

impl KnowledgeCommand {
    /// Its name, for logs.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Import { .. } => "knowledge.import",
            Self::Publish { .. } => "knowledge.publish",
        }
    }
}
