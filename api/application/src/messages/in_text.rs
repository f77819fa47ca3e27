//! What flows have sent in conversations in text: as soon as the act node was come to, whether a message says
//! during or after; each once a conversation.
//!
//! Which nodes were come to is made again from what came in, as it stands in the log.

use super::following::may_be_over;
use super::sending::{MessageDraft, send};
use crate::conversations::{Texted, transcript};
use crate::flows::{definition_of, holds_messages_back};
use crate::installation::Installation;
use domain::conversation::{Conversation, ConversationEvent, ConversationState, TextInput};
use domain::decider::Decider;
use domain::flow::{FlowDefinition, FlowNamed};
use domain::ids::{CommandId, ConversationId};
use domain::problem::Problem;
use domain::stored_event::{Cause, Envelope};
use domain::texting;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Orders what the conversation of this event has had sent so far; what was ordered already is met again.
pub(super) async fn follow(installation: &Installation, because: &Envelope) -> Result<(), Problem> {
    let Ok(id) = because.stream.id().parse::<ConversationId>() else {
        return Ok(());
    };
    let loaded = installation.entities.conversations.state(&id).await?.state;
    let Some(flow) = loaded.opened().map(|opened| &opened.flow) else {
        return Ok(());
    };
    let named = FlowNamed {
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
        // A conversation of a flow that this build does not know has nothing to send.
        Err(_) => return Ok(()),
    };
    if graph.messages.is_empty() {
        return Ok(());
    }
    let texted = transcript(installation, id).await?;
    let written = Written {
        id,
        state: before_its_close(&texted),
        graph,
    };
    for name in texting::sends_of(id, &written.state, &written.graph) {
        written.order(installation, because, &name).await?;
    }
    Ok(())
}

/// What came in, which a close forgets.
fn before_its_close(texted: &[Texted]) -> ConversationState {
    let mut state = ConversationState::default();
    for Texted { at, event } in texted {
        if !matches!(event, ConversationEvent::Closed(_)) {
            Conversation::evolve(&mut state, event, *at);
        }
    }
    state
}

/// What was learned from them, by the flow's names.
fn slots(state: &ConversationState) -> BTreeMap<String, String> {
    let mut slots = BTreeMap::new();
    for input in state.inputs() {
        if let TextInput::Words(understood) = input {
            slots.extend(understood.slots.clone());
        }
    }
    slots
}

/// A conversation whose flow has messages.
struct Written {
    id: ConversationId,
    state: ConversationState,
    graph: Arc<FlowDefinition>,
}

impl Written {
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
            // It may be sent when that is over.
            Err(problem) if may_be_over(&problem) => Err(problem),
            Err(problem) => {
                tracing::warn!(%id, code = problem.code, "a flow's message is not sent");
                Ok(())
            }
        }
    }
}
