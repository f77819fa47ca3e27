//! Refusals of a model command. No event is stored.

use crate::problem::DomainRefusal;
use values::ids::ModelId;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ModelRefusal {
    #[error("model {model} is not published")]
    NotPublished { model: ModelId },
    #[error("model {model} has no version {version}; it has {versions}")]
    UnknownVersion {
        model: ModelId,
        version: u32,
        versions: u32,
    },
    #[error("there is no version of another content before the current one")]
    NothingBefore,
    #[error("the model has {size_bytes} bytes, more than {bytes_max}")]
    TooLarge { size_bytes: u64, bytes_max: u64 },
    #[error("the model has reached the limit of {versions_max} versions")]
    TooManyVersions { versions_max: u32 },
    #[error(
        "the model has reached the limit of {drafts_max} unpublished drafts: publish one or train under \
         another name"
    )]
    TooManyDrafts { drafts_max: usize },
    /// Versions of this model need the approval of a second person, and this request has none.
    #[error("versions of model {model} need approval, and this one has none")]
    NeedsApproval { model: ModelId },
    #[error("the description of the training data is invalid: {what}")]
    Training { what: &'static str },
}

impl DomainRefusal for ModelRefusal {
    fn is_missing(&self) -> bool {
        matches!(self, Self::NotPublished { .. })
    }
}
