//! The commands of a draft slot: begin a draft, replace it, remove it.

use super::content::DraftContent;

#[derive(Debug, Clone, PartialEq, Eq, derive::CommandName)]
#[command(aggregate = "draft")]
pub enum DraftCommand {
    /// Begins a draft. Refused if the slot has one.
    Begin { content: DraftContent },
    /// Replaces the whole content. If it is the same, no event is stored.
    Replace { content: DraftContent },
    /// Removes the draft. If there is none, no event is stored.
    Remove,
}
