//! The clips queued on the leg, and their place in the flow.

use domain::call::event::Notice;
use domain::flow::FlowPrompt;

/// The kind of a queued clip.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum ClipKind {
    Notice(Notice),
    Prompt(FlowPrompt),
}

/// One clip in the queue.
#[derive(Debug)]
pub(super) struct PlaybackItem {
    pub(super) play: u32,
    pub(super) said: ClipKind,
    /// The node at which it was queued.
    pub(super) node: String,
    pub(super) text: String,
    pub(super) duration_ms: u64,
}
