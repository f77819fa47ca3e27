//! Sending of the messages that flows contain in text conversations: as soon as the act node is reached,
//! whether the message is meant for during or after a call; once per conversation.
//!
//! The nodes reached are recomputed from the stored inputs.

use super::flow_messages::may_be_over;
use super::message_delivery::{MessageDraft, send};
use crate::conversations::{ConversationRecord, transcript};
use crate::flows::{definition_of, holds_messages_back};
use crate::installation::Installation;
use domain::conversation::{Conversation, ConversationEvent, ConversationState, TextInput};
use domain::decider::Decider;
use domain::flow::{FlowDefinition, FlowSelector};
use domain::ids::{CommandId, ConversationId};
use domain::problem::Problem;
use domain::stored_event::{Cause, Envelope};
use domain::texting;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Sends the messages of the flow that the conversation of this event has reached so far. Messages that
/// were sent before are not sent again.
pub(super) async fn follow(installation: &Installation, because: &Envelope) -> Result<(), Problem> {
    let Ok(id) = because.stream.id().parse::<ConversationId>() else {
        return Ok(());
    };
    let loaded = installation.entities.conversations.state(&id).await?.state;
    let Some(flow) = loaded.opened().map(|opened| &opened.flow) else {
        return Ok(());
    };
    let named = FlowSelector {
        flow: flow.flow.clone(),
        version: Some(flow.version),
    };
    let graph = match definition_of(installation, &named).await {
        Ok((published, graph)) if holds_messages_back(&published, &graph) => {
            tracing::error!(%named, "a flow with mail to a fixed address and no approval sends no message");
            return Ok(());
        }
        Ok((_, graph)) => graph,
        Err(problem) if problem.is_ours() || may_be_over(&problem) => return Err(problem),
        // A flow that this build does not know has nothing to send.
        Err(_) => return Ok(()),
    };
    if graph.messages.is_empty() {
        return Ok(());
    }
    let texted = transcript(installation, id).await?;
    let written = MessagingConversation {
        id,
        state: before_its_close(&texted),
        graph,
    };
    for name in texting::sends_of(id, &written.state, &written.graph) {
        written.order(installation, because, &name).await?;
    }
    Ok(())
}

/// Returns the conversation's state before it was closed, because closing discards the inputs.
fn before_its_close(texted: &[ConversationRecord]) -> ConversationState {
    let mut state = ConversationState::default();
    for ConversationRecord { at, event } in texted {
        if !matches!(event, ConversationEvent::Closed(_)) {
            Conversation::evolve(&mut state, event, *at);
        }
    }
    state
}

/// Returns the slot values from the conversation's inputs, by the flow's names.
fn slots(state: &ConversationState) -> BTreeMap<String, String> {
    let mut slots = BTreeMap::new();
    for input in state.inputs() {
        if let TextInput::Words(understood) = input {
            slots.extend(understood.slots.clone());
        }
    }
    slots
}

/// A conversation with a flow that has messages.
struct MessagingConversation {
    id: ConversationId,
    state: ConversationState,
    graph: Arc<FlowDefinition>,
}

impl MessagingConversation {
    async fn order(
        &self,
        installation: &Installation,
        because: &Envelope,
        name: &str,
    ) -> Result<(), Problem> {
        let (Some(opened), Some(template)) = (self.state.opened(), self.graph.messages.get(name)) else {
            return Ok(());
        };
        let (campaign, customer) = (opened.campaign.clone(), opened.customer.clone());
        let draft = MessageDraft::of_flow(template, campaign, customer, slots(&self.state));
        let id = self.id;
        let cause = Cause {
            command: CommandId::derive_from_text(&format!("message of a flow/{id}/{name}")),
            ..Cause::follow(because, "send_message")
        };
        match send(installation, draft, cause).await {
            Ok(sent) => {
                tracing::info!(%id, message = %sent.message.id, status = sent.message.status, "a flow's message was sent");
                Ok(())
            }
            // The cause may be temporary: try again later.
            Err(problem) if may_be_over(&problem) => Err(problem),
            Err(problem) => {
                tracing::warn!(%id, code = problem.code, "a flow's message is not sent");
                Ok(())
            }
        }
    }
}
