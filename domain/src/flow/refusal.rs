//! Why a definition is not published: a rule said no, nothing was written.

use super::fault::DefinitionFault;
use super::graph::ReadFault;
use crate::ids::FlowId;
use crate::problem::Explained;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FlowRefusal {
    #[error("the definition is of flow {found}, not {expected}")]
    AnotherFlow { expected: FlowId, found: FlowId },
    #[error("the flow cannot be read: {0}")]
    Unreadable(#[from] ReadFault),
    /// Every fault, in a fixed order; never empty.
    #[error("the flow cannot be published: {}", list(.faults))]
    Invalid { faults: Vec<DefinitionFault> },
    #[error("the definition has {bytes} bytes, more than the {bytes_max} that fit into a record")]
    TooLarge { bytes: usize, bytes_max: usize },
    #[error("the flow has {versions_max} versions, the most it may have")]
    TooManyVersions { versions_max: usize },
}

fn list(faults: &[DefinitionFault]) -> String {
    let faults: Vec<String> = faults.iter().map(ToString::to_string).collect();
    faults.join("; ")
}

impl Explained for FlowRefusal {}
