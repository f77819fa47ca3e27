//! The transcript of a text conversation, from its own events, decrypted if the customer's key exists.

use crate::installation::Installation;
use crate::transcript_masking::masked_by_node;
use domain::calling_plan::FlowRef;
use domain::conversation::{
    Channel, ClosedFact, Conversation, ConversationEvent, ConversationInitiator, ConversationState,
    OpenedFact,
};
use domain::decider::Decider;
use domain::flow::TextAttachment;
use domain::ids::{CampaignId, ConversationId, CustomerId};
use domain::ports::vault::key_to_read;
use domain::problem::Problem;
use domain::spoken_turn::{TurnDecision, UnderstandingFact};
use domain::stored_event::{open_personal, read_event};
use domain::time::Timestamp;
use domain::transcript::TranscriptParent;
use schemars::JsonSchema;
use serde::Serialize;
use std::sync::Arc;

/// The author of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TextAuthor {
    Us,
    Customer,
}

/// One event of a conversation. Its personal values are decrypted if the key exists.
#[derive(Debug, Clone)]
pub struct ConversationRecord {
    pub at: Timestamp,
    pub event: ConversationEvent,
}

/// One text of a conversation.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct ConversationLineResponse {
    pub at: Timestamp,
    pub side: TextAuthor,
    #[schemars(example = &"greeting")]
    pub node: String,
    /// Id of the message that this is, or that it answers.
    #[schemars(example = &"m-1")]
    pub message: Option<String>,
    /// For our texts: the place in the flow.
    #[schemars(example = &"nodes.greeting.text")]
    pub prompt: Option<String>,
    #[schemars(example = &"warm")]
    pub variant: Option<String>,
    /// The text. Null if its key was destroyed.
    #[schemars(example = &"好的，不再联系您。")]
    pub text: Option<String>,
    /// Pictures and links that accompany our text.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub shows: Vec<TextAttachment>,
    /// For the customer's messages: how it was understood, and why the flow continued as it did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<MessageUnderstandingResponse>,
}

/// How a message was understood.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct MessageUnderstandingResponse {
    #[schemars(example = &"refuse_call")]
    pub intent: Option<String>,
    /// Names of the slots that the message filled.
    #[schemars(example = ["terms"])]
    pub slots: Vec<String>,
    pub opt_out: bool,
    /// True if the message contained a sensitive word of the campaign.
    pub sensitive_word: bool,
    /// The decisions of the flow about this message.
    pub decided: Vec<TurnDecision>,
}

/// A conversation with its texts.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ConversationResponse {
    pub id: ConversationId,
    pub campaign: CampaignId,
    pub customer: CustomerId,
    pub channel: Channel,
    pub begun_by: ConversationInitiator,
    pub flow: FlowRef,
    pub opened_at: Option<Timestamp>,
    pub closed_at: Option<Timestamp>,
    pub closed: Option<ClosedFact>,
    pub messages_count: usize,
    pub lines: Vec<ConversationLineResponse>,
}

/// Returns the state of a conversation and the facts of its opening. Fails with `Missing` if it does not
/// exist.
pub async fn known(
    installation: &Installation,
    id: ConversationId,
) -> Result<(Arc<ConversationState>, OpenedFact), Problem> {
    let state = installation.entities.conversations.state(&id).await?.state;
    let opened = state.opened().cloned();
    let opened = opened.ok_or_else(|| Problem::missing("this conversation"))?;
    Ok((state, opened))
}

/// Returns all events of a conversation, decrypted if the key exists.
pub async fn transcript(
    installation: &Installation,
    id: ConversationId,
) -> Result<Vec<ConversationRecord>, Problem> {
    let stream = Conversation::stream(&id);
    let stored = installation.store().read_whole_stream(&stream).await?;
    let fault = |error: &dyn std::error::Error| Problem::fault(error.to_string());
    let mut key = None;
    let mut texted = Vec::with_capacity(stored.len());
    for one in &stored {
        let envelope = one.envelope().map_err(|error| fault(&error))?;
        let mut event = read_event::<Conversation>(&envelope).map_err(|error| fault(&error))?;
        if let ConversationEvent::Opened(opened) = &event {
            let of = TranscriptParent::Conversation(id);
            key = key_to_read(installation.vault(), &opened.customer, of).await?;
        }
        open_personal(&envelope, &mut event, installation.vault(), key.as_ref())?;
        texted.push(ConversationRecord {
            at: envelope.at,
            event,
        });
    }
    Ok(texted)
}

/// Returns the texts of both sides from a conversation's events, in order, each message with how it was
/// understood.
pub fn texts_of(texted: &[ConversationRecord]) -> Vec<ConversationLineResponse> {
    let mut lines: Vec<ConversationLineResponse> = Vec::new();
    for ConversationRecord { at, event } in texted {
        match event {
            ConversationEvent::Heard(heard) => lines.push(ConversationLineResponse {
                at: *at,
                side: TextAuthor::Customer,
                node: heard.node.clone(),
                message: Some(heard.message.clone()),
                prompt: None,
                variant: None,
                text: heard.text.value().cloned(),
                shows: Vec::new(),
                why: None,
            }),
            ConversationEvent::Understood(fact) => {
                if let Some(why) = why_of_last(&mut lines) {
                    why.understood(fact);
                }
            }
            ConversationEvent::SensitiveWordMatched(_) => {
                if let Some(why) = why_of_last(&mut lines) {
                    why.sensitive_word = true;
                }
            }
            ConversationEvent::Decided(decision) => {
                if let Some(why) = why_of_last(&mut lines) {
                    why.decided.push(decision.clone());
                }
            }
            ConversationEvent::Said(said) => lines.push(ConversationLineResponse {
                at: *at,
                side: TextAuthor::Us,
                node: said.node.clone(),
                message: said.message.clone(),
                prompt: Some(said.prompt.clone()),
                variant: said.variant.clone(),
                text: said.text.value().cloned(),
                shows: said.shows.clone(),
                why: None,
            }),
            ConversationEvent::Opened(_)
            | ConversationEvent::Closed(_)
            | ConversationEvent::TranscriptDisposed { .. } => {}
        }
    }
    lines
}

/// Masks personal data in the customer's texts. Consecutive messages at one node are masked as one text, so
/// that a number spread over two messages is found. Words of the flow (`own_words`) are never taken for
/// names.
pub fn mask_theirs(lines: &mut [ConversationLineResponse], own_words: &str) {
    let is_theirs =
        |line: &&mut ConversationLineResponse| line.side == TextAuthor::Customer && line.text.is_some();
    let mut theirs: Vec<&mut ConversationLineResponse> = lines.iter_mut().filter(is_theirs).collect();
    let turns: Vec<(&str, &str)> = theirs
        .iter()
        .map(|line| (line.node.as_str(), line.text.as_deref().unwrap_or_default()))
        .collect();
    let masked = masked_by_node(&turns, own_words);
    for (line, text) in theirs.iter_mut().zip(masked) {
        line.text = Some(text);
    }
}

/// Returns the explanation of the customer's last message, creating it if it has none; `None` before the
/// first message.
fn why_of_last(lines: &mut [ConversationLineResponse]) -> Option<&mut MessageUnderstandingResponse> {
    let last = lines
        .iter_mut()
        .rev()
        .find(|line| line.side == TextAuthor::Customer)?;
    Some(last.why.get_or_insert_default())
}

impl MessageUnderstandingResponse {
    fn understood(&mut self, fact: &UnderstandingFact) {
        self.intent.clone_from(&fact.intent);
        self.slots = fact.slots.keys().cloned().collect();
        self.opt_out = fact.opt_out;
    }
}

/// Returns the conversation for the API with these lines.
pub fn describe(
    id: ConversationId,
    state: &ConversationState,
    opened: OpenedFact,
    texted: &[ConversationRecord],
    lines: Vec<ConversationLineResponse>,
) -> ConversationResponse {
    ConversationResponse {
        id,
        campaign: opened.campaign,
        customer: opened.customer,
        channel: opened.channel,
        begun_by: opened.begun_by,
        flow: opened.flow,
        opened_at: texted.first().map(|first| first.at),
        closed_at: state.closed().map(|(at, _)| *at),
        closed: state.closed().map(|(_, closed)| closed.clone()),
        messages_count: state.messages_count(),
        lines,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(side: TextAuthor, node: &str, text: Option<&str>) -> ConversationLineResponse {
        ConversationLineResponse {
            at: Timestamp::EPOCH,
            side,
            node: node.to_owned(),
            message: None,
            prompt: None,
            variant: None,
            text: text.map(str::to_owned),
            shows: Vec::new(),
            why: None,
        }
    }

    #[test]
    fn what_a_person_wrote_before_masking_is_masked_when_it_is_shown_and_our_texts_stay() {
        let mut lines = [
            line(TextAuthor::Us, "ask", Some("您是温馨卡的用户吗？")),
            line(
                TextAuthor::Customer,
                "ask",
                Some("我是温馨卡用户，电话13800138000"),
            ),
            line(TextAuthor::Customer, "ask", None),
            line(TextAuthor::Customer, "name", Some("我叫张三")),
        ];
        mask_theirs(&mut lines, "您是温馨卡的用户吗？");
        let texts = lines.each_ref().map(|line| line.text.as_deref());
        assert_eq!(texts[0], Some("您是温馨卡的用户吗？"));
        let written = texts[1].unwrap();
        assert!(
            written.starts_with("我是温馨卡用户") && !written.contains("13800138000"),
            "{written}"
        );
        assert_eq!((texts[2], texts[3]), (None, Some("我叫**")));
    }
}
