//! What a conversation in text came to, whoever asks: its recorded summary, with the labels of its closed
//! lists.

use crate::installation::Installation;
use crate::summaries::{FollowUpShown, InterestShown, words_of};
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

/// The summary of a conversation in text as shown.
#[derive(Debug, Serialize, JsonSchema)]
pub struct TextSummaryShown {
    conversation: ConversationId,
    campaign: CampaignId,
    customer: CustomerId,
    /// The version of the flow that it ran.
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
    /// What decided it.
    #[schemars(example = &"affirm")]
    intent: Option<String>,
    /// Where that stands: a member of the flow, `opt_out` or `outcome`.
    #[schemars(example = &"nodes.签约.intents.affirm")]
    intent_rule: Option<String>,
    /// Null where they wrote nothing.
    interest: Option<InterestShown>,
    /// By the flow's names; null where nobody can open it any more.
    #[schemars(example = BTreeMap::from([("terms", Some("3"))]))]
    slots: BTreeMap<String, Option<String>>,
    tags: BTreeSet<CourseMark>,
    /// What the flow says of the person; null where nobody can open it any more. It is put on nobody.
    #[schemars(example = ["承诺还款"])]
    flow_tags: Vec<Option<String>>,
    /// Null where nobody can open it any more.
    #[schemars(example = &"文字会话（网页），流程结束，结果：成功。")]
    text: Option<String>,
    #[schemars(example = &"zh-CN")]
    lang: String,
    follow_up: FollowUpShown,
    turns: TurnCounts,
    /// Digests of the models that were asked.
    #[schemars(example = ["9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"])]
    models: BTreeSet<String>,
    /// Of its rules and templates.
    summary_version: u32,
    /// `conversation.closed`, from which on nothing was added.
    made_at_position: String,
    made_at_version: u64,
    /// Slots and text are shown as they were kept.
    clear: bool,
}

impl TextSummaryShown {
    /// How many values of the person it shows; those that nobody can open any more are none.
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

/// What was recorded of a conversation. `clear` shows slots and text as they were kept; else they are masked
/// again.
pub async fn text_summary(
    installation: &Installation,
    conversation: ConversationId,
    clear: bool,
) -> Result<TextSummaryShown, Problem> {
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
) -> TextSummaryShown {
    let words = |value: &Personal<String>| words_of(value, clear);
    let slots = fact.slots.iter();
    TextSummaryShown {
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
        interest: fact.interest.map(InterestShown::of),
        slots: slots.map(|(name, value)| (name.clone(), words(value))).collect(),
        tags: fact.tags.clone(),
        flow_tags: fact.flow_tags.iter().map(words).collect(),
        text: words(&fact.text),
        lang: fact.lang.clone(),
        follow_up: FollowUpShown::of(fact.follow_up),
        turns: fact.turns,
        models: fact.models.clone(),
        summary_version: fact.summary_version,
        made_at_position: fact.made_at_position.to_string(),
        made_at_version: fact.made_at_version.0,
        clear,
    }
}
