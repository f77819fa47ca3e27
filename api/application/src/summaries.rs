//! Call summaries (话后小结): the stored summary of a call in the form of the API, with labels for coded
//! values.

use crate::installation::Installation;
use crate::transcript_masking::masked_words;
use domain::call_course::{CourseMark, TurnCounts};
use domain::disposition::{Disposition, Outcome};
use domain::ids::{CallId, CampaignId, CustomerId};
use domain::personal::Personal;
use domain::problem::Problem;
use domain::summary::{
    FollowUp, FollowUpAction, FollowUpReason, Interest, InterestLevel, InterestRule, SummaryFact,
    WordingState,
};
use domain::time::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// The callee's interest level, and the rule that set it.
#[derive(Debug, Serialize, JsonSchema)]
pub struct InterestResponse {
    level: InterestLevel,
    level_zh: &'static str,
    rule: InterestRule,
    rule_zh: &'static str,
    rule_en: &'static str,
}

impl InterestResponse {
    pub(crate) const fn of(interest: Interest) -> Self {
        Self {
            level: interest.level,
            level_zh: interest.level.label_zh(),
            rule: interest.rule,
            rule_zh: interest.rule.label_zh(),
            rule_en: interest.rule.label_en(),
        }
    }
}

/// The suggested next step after a call, and its reason.
#[derive(Debug, Serialize, JsonSchema)]
pub struct FollowUpResponse {
    action: FollowUpAction,
    action_zh: &'static str,
    action_en: &'static str,
    reason: FollowUpReason,
    reason_zh: &'static str,
    reason_en: &'static str,
}

impl FollowUpResponse {
    pub(crate) const fn of(follow_up: FollowUp) -> Self {
        Self {
            action: follow_up.action,
            action_zh: follow_up.action.label_zh(),
            action_en: follow_up.action.label_en(),
            reason: follow_up.reason,
            reason_zh: follow_up.reason.label_zh(),
            reason_en: follow_up.reason.label_en(),
        }
    }
}

/// Additional text about the call by a language model, if the campaign asked for it. It is written for
/// people and no figure is computed from it.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(extend("examples" = [{ "state": "worded", "text": "客户同意分三期办理。", "follow_up": "发送确认信息。",
    "model": "qwen2.5-7b-instruct", "failure": null, "took_ms": 1840, "recorded_at": "2026-03-02T02:00:03Z" }]))]
pub struct WordingResponse {
    state: WordingResponseState,
    /// The model's text. Null if no text was accepted, or if its key was destroyed.
    text: Option<String>,
    /// The next step that the model suggests. Null if no text was accepted, or if its key was destroyed.
    follow_up: Option<String>,
    /// Name of the model, as its server reports it. Null while the request is open.
    model: Option<String>,
    /// Why there is no text: `late`, `garbled`, `contradicts`, `figures` …
    failure: Option<String>,
    took_ms: Option<u64>,
    recorded_at: Option<Timestamp>,
}

/// State of the model's text: requested, written or failed.
#[derive(Debug, Clone, Copy, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum WordingResponseState {
    Asked,
    Worded,
    Failed,
}

/// The stored summary of one call.
#[derive(Debug, Serialize, JsonSchema)]
pub struct SummaryResponse {
    call: CallId,
    campaign: CampaignId,
    customer: CustomerId,
    /// The flow version that the call ran.
    #[schemars(example = &"card_instalment_spoken@1")]
    flow: String,
    ended_at: Timestamp,
    recorded_at: Timestamp,
    talk_ms: u64,
    disposition: Disposition,
    disposition_zh: &'static str,
    outcome: Option<Outcome>,
    outcome_zh: Option<&'static str>,
    /// The intent that decided the call.
    #[schemars(example = &"affirm")]
    intent: Option<String>,
    /// The rule behind the intent: a member of the flow, `opt_out` or `outcome`.
    #[schemars(example = &"nodes.签约.intents.affirm")]
    intent_rule: Option<String>,
    /// The callee's interest. Null if the callee said nothing.
    interest: Option<InterestResponse>,
    /// Slot values by the flow's slot names. A value is null if its key was destroyed.
    #[schemars(example = BTreeMap::from([("terms", Some("3"))]))]
    slots: BTreeMap<String, Option<String>>,
    /// The callee's emotion. Null if the campaign does not measure it.
    #[schemars(example = &"calm")]
    emotion: Option<String>,
    tags: BTreeSet<CourseMark>,
    /// Tags that the flow gave to the customer. A tag is null if its key was destroyed.
    #[schemars(example = ["承诺还款"])]
    flow_tags: Vec<Option<String>>,
    /// The summary's sentence. Null if its key was destroyed.
    #[schemars(example = &"接通，通话41秒，结果：成功。")]
    text: Option<String>,
    #[schemars(example = &"zh-CN")]
    lang: String,
    follow_up: FollowUpResponse,
    /// Additional text by a language model. Null if none was requested.
    wording: Option<WordingResponse>,
    turns: TurnCounts,
    /// SHA-256 digests of the models that were used during the call.
    #[schemars(example = ["9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"])]
    models: BTreeSet<String>,
    /// Version of the rules and templates that wrote the summary.
    summary_version: u32,
    /// Log position of the last event of the call that the summary is based on.
    made_at_position: String,
    made_at_version: u64,
    /// True if slots and text are shown as stored, false if they are masked again.
    clear: bool,
}

impl SummaryResponse {
    /// Returns the number of personal values in this reply, for the read log. Values with a destroyed key
    /// do not count.
    pub fn values_count(&self) -> usize {
        let wording = self
            .wording
            .iter()
            .flat_map(|wording| [&wording.text, &wording.follow_up]);
        let texts = std::iter::once(&self.text).chain(wording);
        let known = self.slots.values().chain(&self.flow_tags).chain(texts);
        known.flatten().count()
    }
}

/// Returns the stored summary of a call. Without `clear`, slots and text are masked again. Fails with
/// `Missing` if the call has no summary.
pub async fn summary(
    installation: &Installation,
    call: CallId,
    clear: bool,
) -> Result<SummaryResponse, Problem> {
    let state = installation.entities.summaries.state(&call.into()).await?.state;
    let Some((fact, recorded_at)) = state.recorded() else {
        return Err(Problem::missing("a summary of this call"));
    };
    let wording = state.wording().map(|known| wording(known, clear));
    Ok(SummaryResponse {
        wording,
        ..shown(call, fact, recorded_at, clear)
    })
}

pub(crate) fn words_of(value: &Personal<String>, clear: bool) -> Option<String> {
    let value = value.value()?;
    Some(if clear { value.clone() } else { masked_words(value) })
}

fn wording(known: &WordingState, clear: bool) -> WordingResponse {
    let asked = WordingResponse {
        state: WordingResponseState::Asked,
        text: None,
        follow_up: None,
        model: None,
        failure: None,
        took_ms: None,
        recorded_at: None,
    };
    match known {
        WordingState::Asked => asked,
        WordingState::Worded(fact, at) => WordingResponse {
            state: WordingResponseState::Worded,
            text: words_of(&fact.text, clear),
            follow_up: words_of(&fact.follow_up, clear),
            model: Some(fact.model.clone()),
            took_ms: Some(fact.took_ms),
            recorded_at: Some(*at),
            ..asked
        },
        WordingState::Failed(fact, at) => WordingResponse {
            state: WordingResponseState::Failed,
            model: Some(fact.model.clone()),
            failure: Some(fact.failure.clone()),
            took_ms: Some(fact.took_ms),
            recorded_at: Some(*at),
            ..asked
        },
    }
}

fn shown(call: CallId, fact: &SummaryFact, recorded_at: Timestamp, clear: bool) -> SummaryResponse {
    let words = |value: &Personal<String>| words_of(value, clear);
    let slots = fact.slots.iter();
    SummaryResponse {
        call,
        campaign: fact.campaign.clone(),
        customer: fact.customer.clone(),
        flow: format!("{}@{}", fact.flow.flow, fact.flow.version),
        ended_at: fact.ended_at,
        recorded_at,
        talk_ms: fact.talk_ms,
        disposition: fact.disposition,
        disposition_zh: fact.disposition.label_zh(),
        outcome: fact.outcome,
        outcome_zh: fact.outcome.map(Outcome::label_zh),
        intent: fact.intent.clone(),
        intent_rule: fact.intent_rule.clone(),
        interest: fact.interest.map(InterestResponse::of),
        slots: slots.map(|(name, value)| (name.clone(), words(value))).collect(),
        emotion: fact.emotion.clone(),
        tags: fact.tags.clone(),
        flow_tags: fact.flow_tags.iter().map(words).collect(),
        text: words(&fact.text),
        lang: fact.lang.clone(),
        follow_up: FollowUpResponse::of(fact.follow_up),
        wording: None,
        turns: fact.turns,
        models: fact.models.clone(),
        summary_version: fact.summary_version,
        made_at_position: fact.made_at_position.to_string(),
        made_at_version: fact.made_at_version.0,
        clear,
    }
}
