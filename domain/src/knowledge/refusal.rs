//! Refusals of a knowledge base: reasons why a content is not imported or a version not published. No event
//! is stored.

use crate::problem::DomainRefusal;
use values::ids::KnowledgeId;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KnowledgeRefusal {
    #[error("knowledge base {knowledge} was not imported")]
    NotImported { knowledge: KnowledgeId },
    #[error("knowledge base {knowledge} has no version {version}; it has {versions}")]
    UnknownVersion {
        knowledge: KnowledgeId,
        version: u32,
        versions: u32,
    },
    #[error("no other version was current before")]
    NothingBefore,
    #[error(
        "the content has {size_bytes} bytes, more than {bytes_max}: split it into several knowledge bases"
    )]
    TooLarge { size_bytes: usize, bytes_max: usize },
    #[error("the knowledge base has reached the limit of {versions_max} versions")]
    TooManyVersions { versions_max: u32 },
    /// Versions of this base need the approval of a second person, and this request has none.
    #[error("versions of knowledge base {knowledge} need approval, and this one has none")]
    NeedsApproval { knowledge: KnowledgeId },
}

impl DomainRefusal for KnowledgeRefusal {
    fn is_missing(&self) -> bool {
        matches!(self, Self::NotImported { .. })
    }
}
