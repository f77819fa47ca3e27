//! Sending of the messages that flows contain: a message of an act node is ordered during the call, or
//! after its end; once per call or conversation, also after a restart.
//!
//! The message id is derived from the call and the message's name, so a repeated pass finds the order. A
//! message that a rule refuses is not sent later. Events older than an hour are not processed.

use super::conversation_messages;
use super::message_delivery::{MessageDraft, send};
use crate::calls::stream_of;
use crate::flows::{definition_of, holds_messages_back};
use crate::installation::Installation;
use domain::call::Call;
use domain::call::event::CallEvent;
use domain::calling_plan::FlowRef;
use domain::conversation::ConversationEvent;
use domain::decider::EventData;
use domain::event_filter::EventFilter;
use domain::flow::{FlowDefinition, FlowSelector, MessageTemplate, MessageTiming};
use domain::ids::{CallId, CampaignId, CommandId, CustomerId};
use domain::ports::event_store::PAGE_EVENTS_MAX;
use domain::ports::vault::key_to_read;
use domain::problem::{Problem, ProblemKind};
use domain::stored_event::{Cause, Envelope, Position, StoredEvent, read_event, read_opened_event};
use domain::transcript::TranscriptParent;
use projections::position_at;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Interval of the passes over the log, in milliseconds: a message during a call arrives during the call.
const LOOK_MS: u64 = 1_000;

/// How far back from its start a process looks for messages to send, in milliseconds: a message of an hour
/// ago still belongs to its call.
const LOOK_BACK_MS: u64 = 3_600_000;

/// Starts the task that sends the messages of flows until the process stops. Does nothing if this server
/// sends no messages.
pub fn begin(installation: &Arc<Installation>) {
    if installation.messages.messenger().is_none() {
        return;
    }
    let keeper = Arc::clone(installation);
    installation.until_stopped("messages of flows", async move { keep(&keeper).await });
}

async fn keep(installation: &Installation) {
    let mut reached = None;
    loop {
        if installation.dialing.state().borrow().is_the_one() {
            if let Err(problem) = look(installation, &mut reached).await {
                tracing::warn!(%problem, "messages of flows could not be sent; trying again");
            }
        } else {
            reached = None;
        }
        installation.pause(LOOK_MS).await;
    }
}

/// Processes the events of the log after `reached` up to its head. An event with a failure that may be
/// temporary is read again in the next pass.
async fn look(installation: &Installation, reached: &mut Option<Position>) -> Result<(), Problem> {
    let store = installation.store();
    let filter = EventFilter {
        kinds: [
            CallEvent::NODE_ENTERED,
            CallEvent::ENDED,
            ConversationEvent::OPENED,
            ConversationEvent::HEARD,
        ]
        .map(str::to_owned)
        .into(),
        ..EventFilter::default()
    };
    let mut after = match *reached {
        Some(after) => after,
        None => position_at(store, installation.now().minus_ms(LOOK_BACK_MS)).await?,
    };
    loop {
        let page = store.read_matching(&filter, after, PAGE_EVENTS_MAX).await?;
        for stored in &page.events {
            match follow(installation, stored).await {
                Err(problem) if may_be_over(&problem) => return Err(problem),
                // An unreadable event is not read again.
                Err(problem) => tracing::error!(%problem, "a call's messages cannot be looked at"),
                Ok(()) => {}
            }
            *reached = Some(stored.position);
        }
        *reached = Some(page.reached);
        if page.reached == after {
            return Ok(());
        }
        after = page.reached;
    }
}

async fn follow(installation: &Installation, stored: &StoredEvent) -> Result<(), Problem> {
    let envelope = stored.envelope().map_err(|error| fault(&error))?;
    if envelope.at.plus_ms(LOOK_BACK_MS) < installation.now() {
        return Ok(());
    }
    if [ConversationEvent::OPENED, ConversationEvent::HEARD].contains(&envelope.kind.as_str()) {
        return conversation_messages::follow(installation, &envelope).await;
    }
    let Ok(call) = envelope.stream.id().parse::<CallId>() else {
        return Ok(());
    };
    let event =
        CallEvent::read(&envelope.kind, envelope.version, &envelope.data).map_err(|error| fault(&error))?;
    let (node, when) = match &event {
        CallEvent::NodeEntered { node } => (Some(node.as_str()), MessageTiming::During),
        // After an unanswered call nothing is sent.
        CallEvent::Ended { disposition, .. } if disposition.may_follow_answer() => {
            (None, MessageTiming::After)
        }
        _ => return Ok(()),
    };
    let Some(sending) = MessagingCall::of(installation, call, when).await? else {
        return Ok(());
    };
    let nodes = match node {
        Some(node) => vec![node.to_owned()],
        None => sending.entered()?,
    };
    for node in nodes {
        if let Some((name, template)) = sending.flow.message_of(&node)
            && template.when == when
        {
            sending.order(installation, &envelope, name, template).await?;
        }
    }
    Ok(())
}

/// A call with a flow that has messages for this time.
struct MessagingCall {
    call: CallId,
    campaign: CampaignId,
    customer: CustomerId,
    flow: Arc<FlowDefinition>,
    stored: Vec<StoredEvent>,
}

impl MessagingCall {
    async fn of(
        installation: &Installation,
        call: CallId,
        when: MessageTiming,
    ) -> Result<Option<Self>, Problem> {
        let state = installation.entities.calls.state(&call).await?.state;
        let permitted = state.campaign().zip(state.customer()).zip(state.flow());
        let Some(((campaign, customer), flow)) = permitted else {
            return Ok(None);
        };
        let Some(flow) = flow_with_messages(installation, flow, when).await? else {
            return Ok(None);
        };
        Ok(Some(Self {
            call,
            campaign: campaign.clone(),
            customer: customer.clone(),
            flow,
            stored: stream_of(installation.store(), call).await?,
        }))
    }

    /// Returns the nodes that the call entered, in order.
    fn entered(&self) -> Result<Vec<String>, Problem> {
        let mut nodes = Vec::new();
        for stored in &self.stored {
            let envelope = stored.envelope().map_err(|error| fault(&error))?;
            let event = read_event::<Call>(&envelope).map_err(|error| fault(&error))?;
            if let CallEvent::NodeEntered { node } = event {
                nodes.push(node);
            }
        }
        Ok(nodes)
    }

    /// Returns the slot values of the call, by the flow's names. Values with a destroyed key are left out.
    async fn slots(&self, installation: &Installation) -> Result<BTreeMap<String, String>, Problem> {
        let vault = installation.vault();
        let key = key_to_read(vault, &self.customer, TranscriptParent::Call(self.call)).await?;
        let mut slots = BTreeMap::new();
        for stored in &self.stored {
            let envelope = stored.envelope().map_err(|error| fault(&error))?;
            if envelope.kind != CallEvent::UNDERSTOOD {
                continue;
            }
            let event = read_opened_event::<Call>(&envelope, vault, key.as_ref())?;
            if let CallEvent::Understood(fact) = event {
                let said = fact.slots.into_iter();
                slots.extend(said.filter_map(|(name, value)| Some((name, value.value()?.clone()))));
            }
        }
        Ok(slots)
    }

    async fn order(
        &self,
        installation: &Installation,
        because: &Envelope,
        name: &str,
        template: &MessageTemplate,
    ) -> Result<(), Problem> {
        let slots = self.slots(installation).await?;
        let draft = MessageDraft::of_flow(template, self.campaign.clone(), self.customer.clone(), slots);
        let call = self.call;
        let cause = Cause {
            command: CommandId::derive_from_text(&format!("message of a flow/{call}/{name}")),
            ..Cause::follow(because, "send_message")
        };
        match send(installation, draft, cause).await {
            Ok(sent) => {
                tracing::info!(%call, message = %sent.message.id, status = sent.message.status, "a flow's message was sent");
                Ok(())
            }
            // The cause may be temporary: try again later.
            Err(problem) if may_be_over(&problem) => Err(problem),
            Err(problem) => {
                tracing::warn!(%call, code = problem.code, "a flow's message is not sent");
                Ok(())
            }
        }
    }
}

/// Returns the flow if it has messages to send at this time (during or after a call); otherwise `None`.
async fn flow_with_messages(
    installation: &Installation,
    flow: &FlowRef,
    when: MessageTiming,
) -> Result<Option<Arc<FlowDefinition>>, Problem> {
    let named = FlowSelector {
        flow: flow.flow.clone(),
        version: Some(flow.version),
    };
    match definition_of(installation, &named).await {
        Ok((published, flow)) if holds_messages_back(&published, &flow) => {
            tracing::error!(%named, "a flow with mail to a fixed address and no approval sends no message");
            Ok(None)
        }
        Ok((_, flow)) => {
            let any = flow.messages.values().any(|template| template.when == when);
            Ok(any.then_some(flow))
        }
        Err(problem) if problem.is_ours() || may_be_over(&problem) => Err(problem),
        // A flow that this build does not know has nothing to send.
        Err(_) => Ok(None),
    }
}

/// Returns true if the failure may be temporary: `Unavailable` or `Busy`.
pub(super) const fn may_be_over(problem: &Problem) -> bool {
    matches!(problem.kind, ProblemKind::Unavailable | ProblemKind::Busy)
}

fn fault(error: &dyn std::error::Error) -> Problem {
    Problem::fault(error.to_string())
}
