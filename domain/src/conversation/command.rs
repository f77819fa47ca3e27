//! The commands of a text conversation: open it, take a message of the customer, close it.

use super::event::{ConversationEvent, OpenedFact, TextWordFact};
use super::state::TextInput;
use crate::calling_plan::Preset;
use values::disposition::Outcome;

/// The result of the flow for one input: decisions and texts in order, and the outcome if the flow ended.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FlowResult {
    pub events: Vec<ConversationEvent>,
    pub outcome: Option<Outcome>,
    /// The flow requests a transfer to an agent.
    pub hands_over: bool,
    /// The customer opts out of further calls.
    pub opts_out: bool,
}

/// A message of the customer, evaluated at the conversation's current node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EvaluatedMessage {
    /// The id that the sender gave the message.
    pub message: String,
    /// The text as it is stored, masked.
    pub text: String,
    /// The current node of the conversation.
    pub node: String,
    pub input: TextInput,
    /// The first sensitive word of the campaign in the message, as evidence.
    pub sensitive: Option<TextWordFact>,
    /// Number of inputs when the message was evaluated. If it changed, the message is evaluated again.
    pub inputs_before: usize,
    /// Digest of the model that was used.
    pub model: Option<String>,
    /// True if the opt-out is stored in the number's own stream.
    pub opt_out_stored: bool,
    pub follows: FlowResult,
}

#[derive(Debug, Clone, PartialEq, Eq, derive::CommandName)]
#[command(aggregate = "conversation")]
pub enum ConversationCommand {
    Open {
        opened: Box<OpenedFact>,
        follows: FlowResult,
    },
    Hear(Box<EvaluatedMessage>),
    /// Closes the conversation after its idle time. Refused before that.
    CloseIdle,
    /// Closes the conversation on a user's request.
    Close,
    /// Records that the transcript's key was destroyed after its retention period.
    DisposeTranscript {
        disposal: u64,
        preset: Preset,
        days: u32,
    },
}
