//! Summaries of text conversations (小结): the stored summary in the form of the API, with labels for coded
//! values.

use crate::installation::Installation;
use crate::summaries::{FollowUpResponse, InterestResponse, words_of};
use domain::call_course::{CourseMark, TurnCounts};
use domain::disposition::Outcome;
use domain::ids::{CampaignId, ConversationId, CustomerId};
use domain::personal::Personal;
use domain::problem::Problem;
use domain::summary::TextSummaryFact;
use domain::text_channel::{Channel, CloseReason};
use domain::time::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// The stored summary of one text conversation.
#[derive(Debug, Serialize, JsonSchema)]
pub struct TextSummaryResponse {
    conversation: ConversationId,
    campaign: CampaignId,
    customer: CustomerId,
    /// The flow version that the conversation ran.
    #[schemars(example = &"card_instalment_spoken@1")]
    flow: String,
    channel: Channel,
    channel_zh: &'static str,
    closed_at: Timestamp,
    recorded_at: Timestamp,
    reason: CloseReason,
    reason_zh: &'static str,
    outcome: Option<Outcome>,
    outcome_zh: Option<&'static str>,
    /// The intent that decided the conversation.
    #[schemars(example = &"affirm")]
    intent: Option<String>,
    /// The rule behind the intent: a member of the flow, `opt_out` or `outcome`.
    #[schemars(example = &"nodes.签约.intents.affirm")]
    intent_rule: Option<String>,
    /// The customer's interest. Null if the customer wrote nothing.
    interest: Option<InterestResponse>,
    /// Slot values by the flow's slot names. A value is null if its key was destroyed.
    #[schemars(example = BTreeMap::from([("terms", Some("3"))]))]
    slots: BTreeMap<String, Option<String>>,
    tags: BTreeSet<CourseMark>,
    /// Tags that the flow derived. A tag is null if its key was destroyed. The tags are not added to the
    /// customer.
    #[schemars(example = ["承诺还款"])]
    flow_tags: Vec<Option<String>>,
    /// The summary's sentence. Null if its key was destroyed.
    #[schemars(example = &"文字会话（网页），流程结束，结果：成功。")]
    text: Option<String>,
    #[schemars(example = &"zh-CN")]
    lang: String,
    follow_up: FollowUpResponse,
    turns: TurnCounts,
    /// SHA-256 digests of the models that were used.
    #[schemars(example = ["9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"])]
    models: BTreeSet<String>,
    /// Version of the rules and templates that wrote the summary.
    summary_version: u32,
    /// Log position of `conversation.closed`, after which nothing was added.
    made_at_position: String,
    made_at_version: u64,
    /// True if slots and text are shown as stored, false if they are masked again.
    clear: bool,
}

impl TextSummaryResponse {
    /// Returns the number of personal values in this reply, for the read log. Values with a destroyed key
    /// do not count.
    pub fn values_count(&self) -> usize {
        let texts = std::iter::once(&self.text);
        self.slots
            .values()
            .chain(&self.flow_tags)
            .chain(texts)
            .flatten()
            .count()
    }
}

/// Returns the stored summary of a text conversation. Without `clear`, slots and text are masked again.
pub async fn text_summary(
    installation: &Installation,
    conversation: ConversationId,
    clear: bool,
) -> Result<TextSummaryResponse, Problem> {
    let summaries = &installation.entities.summaries;
    let state = summaries.state(&conversation.into()).await?.state;
    match state.text() {
        Some((fact, recorded_at)) => Ok(shown(conversation, fact, recorded_at, clear)),
        None => Err(Problem::missing("a summary of this conversation")),
    }
}

fn shown(
    conversation: ConversationId,
    fact: &TextSummaryFact,
    recorded_at: Timestamp,
    clear: bool,
) -> TextSummaryResponse {
    let words = |value: &Personal<String>| words_of(value, clear);
    let slots = fact.slots.iter();
    TextSummaryResponse {
        conversation,
        campaign: fact.campaign.clone(),
        customer: fact.customer.clone(),
        flow: format!("{}@{}", fact.flow.flow, fact.flow.version),
        channel: fact.channel,
        channel_zh: fact.channel.label_zh(),
        closed_at: fact.closed_at,
        recorded_at,
        reason: fact.reason,
        reason_zh: fact.reason.label_zh(),
        outcome: fact.outcome,
        outcome_zh: fact.outcome.map(Outcome::label_zh),
        intent: fact.intent.clone(),
        intent_rule: fact.intent_rule.clone(),
        interest: fact.interest.map(InterestResponse::of),
        slots: slots.map(|(name, value)| (name.clone(), words(value))).collect(),
        tags: fact.tags.clone(),
        flow_tags: fact.flow_tags.iter().map(words).collect(),
        text: words(&fact.text),
        lang: fact.lang.clone(),
        follow_up: FollowUpResponse::of(fact.follow_up),
        turns: fact.turns,
        models: fact.models.clone(),
        summary_version: fact.summary_version,
        made_at_position: fact.made_at_position.to_string(),
        made_at_version: fact.made_at_version.0,
        clear,
    }
}
