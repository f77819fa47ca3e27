//! The `end` node: says a last text and hangs up, with the outcome of the conversation.

use super::super::fault::DefinitionFault;
use super::node_kind::{Ending, NodeContext, NodeKind};
use serde::{Deserialize, Serialize};
use values::disposition::Outcome;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EndNode {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    pub outcome: Outcome,
    /// Records an opt-out: the callee's number is not called again by any campaign, from now on.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub opt_out: bool,
}

impl NodeKind for EndNode {
    fn text(&self) -> Option<&str> {
        self.text.as_deref()
    }

    fn ending(&self) -> Option<Ending> {
        Some(Ending {
            outcome: self.outcome,
            opt_out: self.opt_out,
            transfer: false,
        })
    }

    fn check(&self, place: &NodeContext<'_>, faults: &mut Vec<DefinitionFault>) {
        if self.opt_out != (self.outcome == Outcome::OptedOut) {
            faults.push(DefinitionFault::OptOutMismatch {
                node: place.node.to_owned(),
            });
        }
    }
}
