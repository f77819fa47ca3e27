//! The node types of a flow; one file each. A node is a map with one member, its type.

mod ask_keypress;
mod branch;
mod end;
mod say;
mod transfer;

pub use ask_keypress::{AskKeypress, Reprompt};
pub use branch::{Branch, Case};
pub use end::End;
pub use say::{Say, Visits};
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

/// A member of a node that names another node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Target<'a> {
    /// The member's place inside the node, such as `on_timeout.then`.
    pub(super) member: String,
    pub(super) node: &'a str,
    /// Taken without anything from the callee.
    pub(super) automatic: bool,
}

impl<'a> Target<'a> {
    fn by_callee(member: impl Into<String>, node: &'a str) -> Self {
        Self {
            member: member.into(),
            node,
            automatic: false,
        }
    }

    fn automatic(member: impl Into<String>, node: &'a str) -> Self {
        Self {
            member: member.into(),
            node,
            automatic: true,
        }
    }
}

impl Node {
    /// What it says, as written.
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Say(say) => Some(&say.text),
            Self::AskKeypress(ask) => Some(&ask.text),
            Self::Branch(_) => None,
            Self::Transfer(transfer) => Some(&transfer.text),
            Self::End(end) => end.text.as_deref(),
        }
    }

    /// Every node it can lead to, its own exception branch apart.
    pub(super) fn targets(&self) -> Vec<Target<'_>> {
        match self {
            Self::Say(say) => say.targets(),
            Self::AskKeypress(ask) => ask.targets(),
            Self::Branch(branch) => branch.targets(),
            Self::Transfer(_) | Self::End(_) => Vec::new(),
        }
    }

    /// Its own exception branch.
    pub(super) fn on_exception(&self) -> Option<&str> {
        match self {
            Self::Say(say) => say.on_exception.as_deref(),
            Self::AskKeypress(ask) => ask.on_exception.as_deref(),
            // What ends the call ends it: should its last text fail, the outcome stands.
            Self::Branch(_) | Self::Transfer(_) | Self::End(_) => None,
        }
    }

    /// How often it may be entered, where it says so.
    pub(super) const fn visits(&self) -> Option<&Visits> {
        match self {
            Self::Say(say) => say.visits.as_ref(),
            Self::AskKeypress(ask) => ask.visits.as_ref(),
            Self::Branch(_) | Self::Transfer(_) | Self::End(_) => None,
        }
    }

    /// True when the call ends here.
    pub const fn is_last(&self) -> bool {
        match self {
            Self::Transfer(_) | Self::End(_) => true,
            Self::Say(_) | Self::AskKeypress(_) | Self::Branch(_) => false,
        }
    }
}
