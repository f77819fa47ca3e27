//! A message from the customer in a text conversation: it is interpreted at the current node, an opt-out is
//! stored on the number first, then the rest is stored at once. The reply is read from what was stored.

use super::interpretation::{listener, read};
use super::opening::graph_of;
use super::opt_out_words::is_unsubscription;
use super::transcript::{ConversationLineResponse, TextAuthor, texts_of, transcript};
use crate::bundled_understanding::found_by;
use crate::call_now::{CallNowCustomer, CallNowRequest, call_now};
use crate::installation::{Installation, follow};
use crate::knowledge::base;
use crate::transcript_masking::masked_answer;
use actors::{Answer, AskError};
use domain::conversation::{
    CloseReason, ClosedFact, Conversation, ConversationCommand, ConversationRefusal, ConversationState,
    EvaluatedMessage, TEXT_CHARS_MAX, TextInput, TextWordFact,
};
use domain::customer::Erasure;
use domain::flow::{FlowRun, UnderstandingResult};
use domain::ids::{CallId, CampaignId, CommandId, ConversationId};
use domain::number::{NumberCommand, OptOutSource};
use domain::personal::Personal;
use domain::ports::knowledge::KnowledgeBase;
use domain::problem::Problem;
use domain::stored_event::{Cause, Position, RequestFacts, StreamVersion};
use domain::texting;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Map;
use std::sync::Arc;

/// Most attempts to interpret a message again because the conversation advanced in the meantime. Two
/// concurrent messages need two attempts.
const READ_AGAIN_MAX: usize = 4;

/// The stored reason of an opt-out in a conversation.
const OPT_OUT_REASON: &str = "text";

/// A message from the customer.
#[derive(Debug, Clone)]
pub struct ConversationMessageRequest {
    /// The sender's own id of the message.
    pub message: String,
    pub text: String,
}

/// The result of a message.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ConversationMessageResponse {
    pub conversation: ConversationId,
    #[schemars(example = &"m-1")]
    pub message: String,
    /// Our replies to the message, in order.
    pub replies: Vec<ConversationLineResponse>,
    /// True if the number opted out: no further calls or messages.
    pub opted_out: bool,
    pub closed: Option<ClosedFact>,
    /// After a hand-off: the call that was requested, or the reason why none was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub handed_over: Option<HandOffResult>,
    #[serde(serialize_with = "Position::as_text")]
    #[schemars(with = "String")]
    pub position: Position,
    #[serde(skip)]
    pub version: StreamVersion,
}

/// The result of a hand-off to an agent.
#[derive(Debug, Serialize, JsonSchema)]
pub struct HandOffResult {
    /// The requested call. It follows when the rules permit it.
    pub call: Option<CallId>,
    /// Problem code of the reason why no call was requested.
    #[schemars(example = &"enrolment-settled")]
    pub refused: Option<&'static str>,
}

/// Processes a message of the customer and returns our replies. A repeated message (same id) gets the same
/// replies and changes nothing.
pub async fn hear(
    installation: &Arc<Installation>,
    id: ConversationId,
    order: ConversationMessageRequest,
    cause: Cause,
) -> Result<ConversationMessageResponse, Problem> {
    let conversations = &installation.entities.conversations;
    let mut state = conversations.state(&id).await?.state;
    if state.opened().is_none() {
        return Err(ConversationRefusal::Unknown.into_problem());
    }
    if order.text.chars().count() > TEXT_CHARS_MAX {
        return Err(ConversationRefusal::Text {
            chars_max: TEXT_CHARS_MAX,
        }
        .into_problem());
    }
    for _ in 0..READ_AGAIN_MAX {
        if state.has_message(&order.message) {
            return answered(installation, id, &order, cause).await;
        }
        match taken(installation, id, &state, &order, cause).await {
            Ok(_) => return answered(installation, id, &order, cause).await,
            Err(MessageFailure::WentOn) => state = conversations.state(&id).await?.state,
            Err(MessageFailure::Problem(problem)) => return Err(problem),
        }
    }
    Err(Problem::new(
        domain::problem::ProblemKind::Busy,
        "busy",
        "the conversation goes on faster than it is read",
    ))
}

/// Closes a text conversation.
pub async fn close(
    installation: &Installation,
    id: ConversationId,
    cause: Cause,
) -> Result<Answer<Conversation>, Problem> {
    let conversations = &installation.entities.conversations;
    Ok(conversations.ask(&id, ConversationCommand::Close, cause).await?)
}

/// Why an attempt to process a message failed.
enum MessageFailure {
    /// Another message was processed first.
    WentOn,
    Problem(Problem),
}

impl<E: Into<Problem>> From<E> for MessageFailure {
    fn from(error: E) -> Self {
        Self::Problem(error.into())
    }
}

trait IntoProblem {
    fn into_problem(self) -> Problem;
}

impl IntoProblem for ConversationRefusal {
    fn into_problem(self) -> Problem {
        AskError::Refused(self).into()
    }
}

async fn taken(
    installation: &Installation,
    id: ConversationId,
    state: &ConversationState,
    order: &ConversationMessageRequest,
    cause: Cause,
) -> Result<Answer<Conversation>, MessageFailure> {
    let Some(opened) = state.opened() else {
        return Err(MessageFailure::Problem(
            ConversationRefusal::Unknown.into_problem(),
        ));
    };
    let person = installation
        .entities
        .customers
        .state(&opened.customer)
        .await?
        .state;
    let graph = graph_of(installation, &opened.flow).await?;
    let run = texting::run_of(id, state, &graph);
    let run = run.filter(|_| state.is_open() && person.erasure() == Erasure::None);
    let Some(mut run) = run else {
        // It is too late for a reply, but an opt-out always counts.
        if is_unsubscription(&order.text) {
            opt_out(installation, state, cause).await?;
        }
        let refusal = match state.is_open() {
            true => ConversationRefusal::Unreadable,
            false => ConversationRefusal::Closed,
        };
        return Err(MessageFailure::Problem(refusal.into_problem()));
    };
    let listener = listener(installation, run.language()).await?;
    let node = run.node().to_owned();
    let mut input = read(&order.text, &run, &listener, installation.now());
    if let TextInput::Words(understood) = &mut input {
        look_up(installation, &opened.campaign, order, &run, understood).await?;
    }
    let sensitive = sensitive_word(installation, &opened.campaign, order, &node).await?;
    let refuses = matches!(&input, TextInput::Words(understood) if understood.opt_out);
    // An opt-out counts, whatever else the message contains.
    if sensitive.is_some() && !refuses {
        input = TextInput::SensitiveWord;
    }
    let asked = run.masking_context();
    let follows = texting::take(&mut run, &order.message, &input, &graph, opened.channel);
    if follows.opts_out {
        opt_out(installation, state, cause).await?;
    }
    let hearing = EvaluatedMessage {
        message: order.message.clone(),
        text: masked_answer(&order.text, &asked),
        node,
        input,
        sensitive,
        inputs_before: state.inputs().len(),
        model: listener.model.clone(),
        opt_out_stored: follows.opts_out,
        follows,
    };
    let command = ConversationCommand::Hear(Box::new(hearing));
    // Each attempt has its own command id, because it may have another result.
    let cause = follow(cause, &format!("hear/{}", state.inputs().len()));
    match installation.entities.conversations.ask(&id, command, cause).await {
        Ok(answer) => Ok(answer),
        Err(AskError::Refused(ConversationRefusal::WentOn)) => Err(MessageFailure::WentOn),
        Err(other) => Err(MessageFailure::Problem(other.into())),
    }
}

/// Returns the first sensitive word of the campaign's list in the message, in the form in which it is
/// stored; `None` if there is none.
async fn sensitive_word(
    installation: &Installation,
    campaign: &CampaignId,
    order: &ConversationMessageRequest,
    node: &str,
) -> Result<Option<TextWordFact>, Problem> {
    let state = installation.entities.campaigns.state(campaign).await?.state;
    let words = state
        .plan()
        .and_then(|plan| found_by(plan.sensitive_words.words()));
    let found = words.and_then(|words| words.first(&order.text));
    Ok(found.map(|found| TextWordFact {
        message: order.message.clone(),
        node: node.to_owned(),
        list: found.list,
        word: Personal::open(found.word),
    }))
}

/// Searches the campaign's knowledge base for the message and adds the result to `understood`, as in calls.
/// Does nothing if the campaign has no knowledge base.
async fn look_up(
    installation: &Installation,
    campaign: &CampaignId,
    order: &ConversationMessageRequest,
    run: &FlowRun,
    understood: &mut UnderstandingResult,
) -> Result<(), Problem> {
    let state = installation.entities.campaigns.state(campaign).await?.state;
    let Some(named) = state.plan().and_then(|plan| plan.knowledge.as_deref()) else {
        return Ok(());
    };
    let base = base(installation.store(), named).await?;
    base.look_up(&order.text, run, installation.now(), understood);
    Ok(())
}

/// Stores an opt-out on the stream of the customer's number, before anything else about the message is
/// stored.
async fn opt_out(
    installation: &Installation,
    state: &ConversationState,
    cause: Cause,
) -> Result<(), Problem> {
    let Some(opened) = state.opened() else {
        return Ok(());
    };
    let command = NumberCommand::OptOut {
        reason: OPT_OUT_REASON.to_owned(),
        source: OptOutSource::Text,
        call: None,
    };
    let cause = follow(cause, "opt-out");
    installation
        .entities
        .numbers
        .ask(&opened.number, command, cause)
        .await?;
    Ok(())
}

/// Returns the reply to a message, read from the log.
async fn answered(
    installation: &Arc<Installation>,
    id: ConversationId,
    order: &ConversationMessageRequest,
    cause: Cause,
) -> Result<ConversationMessageResponse, Problem> {
    let loaded = installation.entities.conversations.state(&id).await?;
    let state = &*loaded.state;
    let texted = transcript(installation, id).await?;
    let mut replies = texts_of(&texted);
    replies.retain(|line| line.side == TextAuthor::Us && line.message.as_ref() == Some(&order.message));
    let closed = state.closed().map(|(_, closed)| closed.clone());
    let handed_over = match &closed {
        Some(closed) if closed.reason == CloseReason::HandedOver => {
            Some(hand_over(installation, id, state, cause).await?)
        }
        Some(_) | None => None,
    };
    Ok(ConversationMessageResponse {
        conversation: id,
        message: order.message.clone(),
        replies,
        opted_out: closed
            .as_ref()
            .is_some_and(|closed| closed.outcome == Some(domain::disposition::Outcome::OptedOut)),
        closed,
        handed_over,
        position: loaded.position,
        version: loaded.version,
    })
}

/// Requests a call to the same customer after a hand-off closed the conversation. A refusal is returned in
/// the result. A repetition does not request a second call.
async fn hand_over(
    installation: &Arc<Installation>,
    id: ConversationId,
    state: &ConversationState,
    cause: Cause,
) -> Result<HandOffResult, Problem> {
    let Some(opened) = state.opened() else {
        return Err(ConversationRefusal::Unknown.into_problem());
    };
    let person = installation
        .entities
        .customers
        .state(&opened.customer)
        .await?
        .state;
    let order = CallNowRequest {
        campaign: opened.campaign.clone(),
        customer: opened.customer.to_string(),
        phone: None,
        name: None,
        flow: None,
        variables: Map::new(),
        deadline: None,
    };
    let known = CallNowCustomer {
        customer: opened.customer.clone(),
        state: Some(person),
    };
    let cause = Cause {
        command: CommandId::derive_from_text(&format!("conversation/{id}/call")),
        request: RequestFacts::NONE,
        ..cause
    };
    match call_now(installation, order, known, cause).await {
        Ok(asked) => Ok(HandOffResult {
            call: Some(asked.call),
            refused: None,
        }),
        // The conversation is closed in any case; the reply states why there is no call.
        Err(problem) if !problem.is_ours() => Ok(HandOffResult {
            call: None,
            refused: Some(problem.code),
        }),
        Err(problem) => Err(problem),
    }
}
