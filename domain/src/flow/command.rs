//! The commands of the flow aggregate: publish a definition, or roll back to an earlier version.

use crate::four_eyes::FourEyes;
use values::ids::FlowId;

#[derive(Debug, Clone, PartialEq, Eq, derive::CommandName)]
#[command(aggregate = "flow")]
pub enum FlowCommand {
    /// Publishes a definition after checking it. If its content equals the current version, no event is
    /// stored. Refused if the flow's versions need the approval of a second person.
    Publish {
        flow: FlowId,
        definition: serde_json::Value,
    },
    /// Publishes a definition together with the record of its approval (`four_eyes`). From then on every
    /// version of this flow needs one.
    #[command(name = "publish")]
    PublishBehind {
        flow: FlowId,
        definition: serde_json::Value,
        four_eyes: Box<FourEyes>,
    },
    /// Makes an earlier version current again. Without `to`, the highest version below the current one.
    RollBack {
        flow: FlowId,
        to: Option<u32>,
        reason: Option<String>,
        four_eyes: Option<Box<FourEyes>>,
    },
}
