//! The `transfer` node: transfers the call to an agent. Until agents are built, it promises a callback and
//! ends the call.

use super::node_kind::{Ending, NodeKind};
use serde::{Deserialize, Serialize};
use values::disposition::Outcome;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TransferNode {
    pub text: String,
    #[serde(default = "callback")]
    pub outcome: Outcome,
}

const fn callback() -> Outcome {
    Outcome::Callback
}

impl NodeKind for TransferNode {
    fn text(&self) -> Option<&str> {
        Some(&self.text)
    }

    fn ending(&self) -> Option<Ending> {
        Some(Ending {
            outcome: self.outcome,
            opt_out: false,
            transfer: true,
        })
    }
}
