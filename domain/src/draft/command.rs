//! The commands of the draft aggregate: begin a draft, replace it, remove it. A draft is a user's
//! unfinished campaign or flow. Each user has a few numbered slots, and each slot holds at most one
//! draft.

use super::content::DraftContent;

/// A change of the draft in one slot.
#[derive(Debug, Clone, PartialEq, Eq, derive::CommandName)]
#[command(aggregate = "draft")]
pub enum DraftCommand {
    /// Begins a draft. Refused if the slot has one.
    Begin { content: DraftContent },
    /// Replaces the whole content. Refused if the slot has no draft. If the content is the same, no event
    /// is stored.
    Replace { content: DraftContent },
    /// Removes the draft. If there is none, no event is stored.
    Remove,
}
