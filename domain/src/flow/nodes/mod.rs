//! The node types of a flow; one file each. A node is a map with one member, its type.
//!
//! A new one is its file, and here its `mod`, its variant and its arm of `kind`.

mod ask_keypress;
mod branch;
mod end;
mod node_kind;
mod question;
mod say;
mod transfer;

pub use ask_keypress::{AskKeypress, REPLAYS_MAX, TIMEOUT_MAX_MS, TIMEOUT_MIN_MS};
pub use branch::{Branch, Case};
pub use end::End;
pub use node_kind::Visits;
pub(super) use node_kind::{Ending, NodeKind, Place, check_range};
pub(super) use question::Question;
pub use question::Reprompt;
pub use say::Say;
pub use transfer::Transfer;

use serde::{Deserialize, Serialize};

/// One step of a flow.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Node {
    Say(Say),
    AskKeypress(AskKeypress),
    Branch(Branch),
    Transfer(Transfer),
    End(End),
}

impl Node {
    /// What it says, as written.
    pub fn text(&self) -> Option<&str> {
        self.kind().text()
    }

    /// Whatever it is, as that which everything else asks.
    pub(super) fn kind(&self) -> &dyn NodeKind {
        match self {
            Self::Say(say) => say,
            Self::AskKeypress(ask) => ask,
            Self::Branch(branch) => branch,
            Self::Transfer(transfer) => transfer,
            Self::End(end) => end,
        }
    }
}
