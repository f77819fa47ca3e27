//! What a call came to, whoever asks: its recorded summary, with the labels of its closed lists.

use crate::installation::Installation;
use crate::transcript_words::masked_words;
use domain::call_course::{CourseMark, TurnCounts};
use domain::disposition::{Disposition, Outcome};
use domain::ids::{CallId, CampaignId, CustomerId};
use domain::personal::Personal;
use domain::problem::Problem;
use domain::summary::{
    FollowUp, FollowUpAction, FollowUpReason, Interest, InterestLevel, InterestRule, SummaryFact,
    WordingKnown,
};
use domain::time::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// How interested somebody seemed, and by which rule.
#[derive(Debug, Serialize, JsonSchema)]
pub struct InterestShown {
    level: InterestLevel,
    level_zh: &'static str,
    rule: InterestRule,
    rule_zh: &'static str,
    rule_en: &'static str,
}

impl InterestShown {
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

/// What may follow, and why.
#[derive(Debug, Serialize, JsonSchema)]
pub struct FollowUpShown {
    action: FollowUpAction,
    action_zh: &'static str,
    action_en: &'static str,
    reason: FollowUpReason,
    reason_zh: &'static str,
    reason_en: &'static str,
}

impl FollowUpShown {
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

/// What a model wrote of the call besides, where the campaign asked for it: words for people, and no figure.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(extend("examples" = [{ "state": "worded", "text": "客户同意分三期办理。", "follow_up": "发送确认信息。",
    "model": "qwen2.5-7b-instruct", "failure": null, "took_ms": 1840, "recorded_at": "2026-03-02T02:00:03Z" }]))]
pub struct WordingShown {
    state: WordingShownState,
    /// Written by a model; null where it wrote nothing that is kept, or nobody can open it any more.
    text: Option<String>,
    /// What may be done next, in its words; likewise.
    follow_up: Option<String>,
    /// As its server calls it; null while it is asked.
    model: Option<String>,
    /// Why there is nothing: `late`, `garbled`, `contradicts`, `figures` …
    failure: Option<String>,
    took_ms: Option<u64>,
    recorded_at: Option<Timestamp>,
}

/// How far it is.
#[derive(Debug, Clone, Copy, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum WordingShownState {
    Asked,
    Worded,
    Failed,
}

/// A summary as shown.
#[derive(Debug, Serialize, JsonSchema)]
pub struct SummaryShown {
    call: CallId,
    campaign: CampaignId,
    customer: CustomerId,
    /// The version of the flow that the call ran.
    #[schemars(example = &"card_instalment_spoken@1")]
    flow: String,
    ended_at: Timestamp,
    recorded_at: Timestamp,
    talk_ms: u64,
    disposition: Disposition,
    disposition_zh: &'static str,
    outcome: Option<Outcome>,
    outcome_zh: Option<&'static str>,
    /// What decided the call.
    #[schemars(example = &"affirm")]
    intent: Option<String>,
    /// Where that stands: a member of the flow, `opt_out` or `outcome`.
    #[schemars(example = &"nodes.签约.intents.affirm")]
    intent_rule: Option<String>,
    /// Null of a call in which nothing was said.
    interest: Option<InterestShown>,
    /// By the flow's names; null where nobody can open it any more.
    #[schemars(example = BTreeMap::from([("terms", Some("3"))]))]
    slots: BTreeMap<String, Option<String>>,
    /// Null while nobody measures it.
    #[schemars(example = &"calm")]
    emotion: Option<String>,
    tags: BTreeSet<CourseMark>,
    /// What the flow tagged the person with; null where nobody can open it any more.
    #[schemars(example = ["承诺还款"])]
    flow_tags: Vec<Option<String>>,
    /// Null where nobody can open it any more.
    #[schemars(example = &"接通，通话41秒，结果：成功。")]
    text: Option<String>,
    #[schemars(example = &"zh-CN")]
    lang: String,
    follow_up: FollowUpShown,
    /// Beside it, by a model; null where none was asked.
    wording: Option<WordingShown>,
    turns: TurnCounts,
    /// Digests of the models that were asked during the call.
    #[schemars(example = ["9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"])]
    models: BTreeSet<String>,
    /// Of its rules and templates.
    summary_version: u32,
    /// The call's last event that it is made from.
    made_at_position: String,
    made_at_version: u64,
    /// Slots and text are shown as they were kept.
    clear: bool,
}

impl SummaryShown {
    /// How many values of the person it shows; those that nobody can open any more are none.
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

/// What was recorded of a call. `clear` shows slots and text as they were kept; else they are masked again.
pub async fn summary(
    installation: &Installation,
    call: CallId,
    clear: bool,
) -> Result<SummaryShown, Problem> {
    let state = installation.entities.summaries.state(&call.into()).await?.state;
    let Some((fact, recorded_at)) = state.recorded() else {
        return Err(Problem::missing("a summary of this call"));
    };
    let wording = state.wording().map(|known| wording(known, clear));
    Ok(SummaryShown {
        wording,
        ..shown(call, fact, recorded_at, clear)
    })
}

pub(crate) fn words_of(value: &Personal<String>, clear: bool) -> Option<String> {
    let value = value.value()?;
    Some(if clear { value.clone() } else { masked_words(value) })
}

fn wording(known: &WordingKnown, clear: bool) -> WordingShown {
    let asked = WordingShown {
        state: WordingShownState::Asked,
        text: None,
        follow_up: None,
        model: None,
        failure: None,
        took_ms: None,
        recorded_at: None,
    };
    match known {
        WordingKnown::Asked => asked,
        WordingKnown::Worded(fact, at) => WordingShown {
            state: WordingShownState::Worded,
            text: words_of(&fact.text, clear),
            follow_up: words_of(&fact.follow_up, clear),
            model: Some(fact.model.clone()),
            took_ms: Some(fact.took_ms),
            recorded_at: Some(*at),
            ..asked
        },
        WordingKnown::Failed(fact, at) => WordingShown {
            state: WordingShownState::Failed,
            model: Some(fact.model.clone()),
            failure: Some(fact.failure.clone()),
            took_ms: Some(fact.took_ms),
            recorded_at: Some(*at),
            ..asked
        },
    }
}

fn shown(call: CallId, fact: &SummaryFact, recorded_at: Timestamp, clear: bool) -> SummaryShown {
    let words = |value: &Personal<String>| words_of(value, clear);
    let slots = fact.slots.iter();
    SummaryShown {
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
        interest: fact.interest.map(InterestShown::of),
        slots: slots.map(|(name, value)| (name.clone(), words(value))).collect(),
        emotion: fact.emotion.clone(),
        tags: fact.tags.clone(),
        flow_tags: fact.flow_tags.iter().map(words).collect(),
        text: words(&fact.text),
        lang: fact.lang.clone(),
        follow_up: FollowUpShown::of(fact.follow_up),
        wording: None,
        turns: fact.turns,
        models: fact.models.clone(),
        summary_version: fact.summary_version,
        made_at_position: fact.made_at_position.to_string(),
        made_at_version: fact.made_at_version.0,
        clear,
    }
}
