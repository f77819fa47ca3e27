//! Refusals of the flow aggregate: reasons why a definition is not published or a rollback is not made. No
//! event is stored.

use super::fault::DefinitionFault;
use super::graph::ReadFault;
use crate::problem::DomainRefusal;
use values::ids::FlowId;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FlowRefusal {
    #[error("the definition belongs to flow {found}, not {expected}")]
    AnotherFlow { expected: FlowId, found: FlowId },
    #[error("the flow cannot be read: {0}")]
    Unreadable(#[from] ReadFault),
    /// All faults, in a fixed order; never empty.
    #[error("the flow cannot be published: {}", list(.faults))]
    Invalid { faults: Vec<DefinitionFault> },
    #[error("the definition has {bytes} bytes, more than the limit of {bytes_max} per record")]
    TooLarge { bytes: usize, bytes_max: usize },
    #[error("the flow has reached the limit of {versions_max} versions")]
    TooManyVersions { versions_max: usize },
    /// Versions of this flow need the approval of a second person, and this request has none.
    #[error(
        "versions of flow {flow} need approval: publish it with `ledgerline flow publish` and give it as \
         {flow}@V"
    )]
    NeedsApproval { flow: FlowId },
    #[error("flow {flow} is not published")]
    NotPublished { flow: FlowId },
    #[error("flow {flow} has no version {version}; it has {versions}")]
    UnknownVersion {
        flow: FlowId,
        version: u32,
        versions: String,
    },
    #[error("there is no version before {version}")]
    NothingBefore { version: u32 },
    #[error("this build cannot read version {version}")]
    UnreadableVersion { version: u32 },
    #[error("the reason has more than {bytes_max} bytes")]
    ReasonTooLong { bytes_max: usize },
}

fn list(faults: &[DefinitionFault]) -> String {
    let faults: Vec<String> = faults.iter().map(ToString::to_string).collect();
    faults.join("; ")
}

impl DomainRefusal for FlowRefusal {
    fn is_missing(&self) -> bool {
        matches!(self, Self::NotPublished { .. })
    }
}
