//! Requests to a conversation: open it, take a message of theirs, close it.

use super::event::{ConversationEvent, OpenedFact, TextWordFact};
use super::state::TextInput;
use crate::calling_plan::Preset;
use values::disposition::Outcome;

/// What the flow makes of an input: decisions and texts in their order, and whether it ends.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Follows {
    pub events: Vec<ConversationEvent>,
    pub outcome: Option<Outcome>,
    /// A person is asked for.
    pub hands_over: bool,
    /// Further calls are refused.
    pub opts_out: bool,
}

/// A message of theirs, read for where the conversation is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hearing {
    /// Its sender's own id.
    pub message: String,
    /// As it is kept.
    pub text: String,
    /// The node where the conversation is.
    pub node: String,
    pub input: TextInput,
    /// The first word of the campaign's lists in it, as evidence.
    pub sensitive: Option<TextWordFact>,
    /// How many inputs there were when it was read: with another count it is read again.
    pub inputs_before: usize,
    /// Digest of the model that was asked.
    pub model: Option<String>,
    /// The number's own stream says that further calls are refused.
    pub opt_out_stored: bool,
    pub follows: Follows,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ConversationCommand {
    Open {
        opened: Box<OpenedFact>,
        follows: Follows,
    },
    Hear(Box<Hearing>),
    /// Its time is over; refused while it is not.
    CloseIdle,
    /// Somebody closes it.
    Close,
    /// The key of what was written is destroyed: its time was over.
    DisposeTranscript {
        disposal: u64,
        preset: Preset,
        days: u32,
    },
}

impl ConversationCommand {
    /// Its name, for logs.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Open { .. } => "conversation.open",
            Self::Hear(_) => "conversation.hear",
            Self::CloseIdle => "conversation.close_idle",
            Self::Close => "conversation.close",
            Self::DisposeTranscript { .. } => "conversation.dispose_transcript",
        }
    }
}
