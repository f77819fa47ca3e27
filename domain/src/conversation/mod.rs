//! The conversation aggregate: an exchange of texts with one customer, along the flow of a campaign.
//!
//! Guarantees: it says what a call of the same flow would say, notices first, by the same step function, and
//! stores the same facts as a call. A message is taken once, however often it is sent. An opt-out is stored
//! in the number's own stream before anything of it is stored here. It is closed once. The meaning of a text
//! arrives with the command, so that a run can be repeated from this stream alone.

pub mod command;
pub mod course;
mod decide;
pub mod event;
mod refusal;
mod state;

pub use crate::text_channel::{Channel, CloseReason};
pub use command::{ConversationCommand, EvaluatedMessage, FlowResult};
pub use decide::{MESSAGE_ID_BYTES_MAX, MESSAGES_MAX, TEXT_CHARS_MAX};
pub use event::{
    ClosedFact, ConversationEvent, ConversationInitiator, OpenedFact, TextHeardFact, TextSaidFact,
    TextWordFact,
};
pub use refusal::ConversationRefusal;
pub use state::{ConversationState, TextInput};

use crate::decider::{Context, Decider, Scope};
use crate::time::Timestamp;
use crate::transcript::TranscriptParent;
use values::ids::ConversationId;

/// The decider of the conversation aggregate.
#[derive(Debug)]
pub struct Conversation;

impl Decider for Conversation {
    type Id = ConversationId;
    type Command = ConversationCommand;
    type Event = ConversationEvent;
    type State = ConversationState;
    type Refusal = ConversationRefusal;

    const AGGREGATE: &'static str = "conversation";
    const SEQUENTIAL: bool = true;

    fn command_kind(command: &ConversationCommand) -> &'static str {
        command.kind()
    }

    fn decide(
        state: &ConversationState,
        command: ConversationCommand,
        context: Context,
    ) -> Result<Vec<ConversationEvent>, ConversationRefusal> {
        decide::decide(state, command, context.now)
    }

    fn evolve(state: &mut ConversationState, event: &ConversationEvent, at: Timestamp) {
        state.apply(event, at);
    }

    fn is_underway(state: &ConversationState) -> bool {
        state.is_open()
    }

    /// Returns the transcript of events with words of either side. The variables of `conversation.opened` are
    /// sealed under the customer's key only.
    fn transcript(id: &ConversationId, event: &ConversationEvent) -> Option<TranscriptParent> {
        event
            .is_of_transcript()
            .then_some(TranscriptParent::Conversation(*id))
    }

    fn scope(_: &ConversationId, state: &ConversationState, _: &ConversationEvent) -> Scope {
        let opened = state.opened();
        Scope {
            campaign: opened.map(|opened| opened.campaign.clone()),
            customer: opened.map(|opened| opened.customer.clone()),
        }
    }
}
