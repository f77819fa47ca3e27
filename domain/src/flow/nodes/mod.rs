//! The node kinds of a flow, one file each. In a flow file, a node is a map with one member, its kind.
//!
//! A new kind needs its file and, in this file, its `mod`, its variant and its arm in `kind`.

mod act;
mod ask;
mod ask_keypress;
mod branch;
mod decide;
mod end;
mod knowledge;
mod node_kind;
mod question;
mod say;
mod sub_flow;
mod transfer;

pub use act::ActNode;
pub(super) use ask::LadderStep;
pub use ask::{ANSWER_WAIT_MAX_MS, ANSWER_WAIT_MIN_MS, AskNode, BargeIn, ExpectedInput, Ladder, RUNGS_MAX};
pub use ask_keypress::{AskKeypressNode, REPLAYS_MAX, TIMEOUT_MAX_MS, TIMEOUT_MIN_MS};
pub use branch::{BranchCase, BranchNode};
pub use decide::{Condition, DecideNode, DecideRule};
pub use end::EndNode;
pub use knowledge::KnowledgeNode;
pub use node_kind::VisitLimit;
pub(super) use node_kind::{Ending, NodeContext, NodeKind, RunFacts, check_range};
pub(super) use question::Question;
pub use question::Reprompt;
pub use say::SayNode;
pub(super) use sub_flow::GroupCall;
pub use sub_flow::{DEPTH_MAX, ReturnNode, SubFlowNode};
pub use transfer::TransferNode;

use super::variants::Variants;
use serde::{Deserialize, Serialize};

/// One step of a flow: a node of one kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Node {
    Say(SayNode),
    Ask(Box<AskNode>),
    AskKeypress(AskKeypressNode),
    Branch(BranchNode),
    Decide(DecideNode),
    Knowledge(KnowledgeNode),
    Act(ActNode),
    SubFlow(SubFlowNode),
    Return(ReturnNode),
    Transfer(TransferNode),
    End(EndNode),
}

impl Node {
    /// Returns the text that the node says, with its placeholders; `None` for a node without a text.
    pub fn text(&self) -> Option<&str> {
        self.kind().text()
    }

    /// Returns the alternative wordings of the node's text, of which a call uses one; `None` if it has
    /// none.
    pub fn variants(&self) -> Option<&Variants> {
        self.kind().variants()
    }

    /// Returns the node as the trait that checks and runs use.
    pub(super) fn kind(&self) -> &dyn NodeKind {
        match self {
            Self::Say(say) => say,
            Self::Ask(ask) => ask.as_ref(),
            Self::AskKeypress(ask) => ask,
            Self::Branch(branch) => branch,
            Self::Decide(decide) => decide,
            Self::Knowledge(knowledge) => knowledge,
            Self::Act(act) => act,
            Self::SubFlow(sub_flow) => sub_flow,
            Self::Return(back) => back,
            Self::Transfer(transfer) => transfer,
            Self::End(end) => end,
        }
    }
}
