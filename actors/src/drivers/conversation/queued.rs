//! What is queued for the leg to say, and what it says of the flow.

use domain::call::event::Notice;
use domain::flow::FlowPrompt;

/// What a clip says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Said {
    Notice(Notice),
    Prompt(FlowPrompt),
}

/// One clip in the queue.
#[derive(Debug)]
pub(super) struct Playing {
    pub(super) play: u32,
    pub(super) said: Said,
    /// Where the call was when it was queued.
    pub(super) node: String,
    pub(super) text: String,
    pub(super) duration_ms: u64,
}
