//! The reply to the question why a customer was called or not.

use super::calling_order::CallingOrderPlace;
use super::facts::CampaignDialFacts;
use crate::as_of::PastMomentInfo;
use domain::compliance::{BilingualSentence, Decision, RuleSide, SAME_NUMBER, describe_allowed};
use domain::customer::{DialExplanation, SidedVerdict};
use domain::ids::{CallId, CampaignId, CustomerId};
use domain::time::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeMap;

/// Why a customer would be dialed at a time, or not.
#[derive(Debug, Serialize, JsonSchema)]
pub struct WhyNotResponse {
    pub permitted: bool,
    /// The rule that decides; null if all permit it.
    #[schemars(example = &"calling_window")]
    pub rule: Option<String>,
    pub version: Option<u32>,
    /// The facts that the rule used, by its own names.
    #[schemars(extend("examples" = [{ "hours": "09:00-20:00" }]))]
    pub facts: BTreeMap<String, String>,
    /// When all rules permit it: the time asked about, or the first later one; null if never.
    pub not_before: Option<Timestamp>,
    /// Conditions assumed to be over by then, although this is unknown.
    #[schemars(extend("examples" = [["campaign_running"]]))]
    pub assumed: Vec<&'static str>,
    pub zh: String,
    pub en: String,
    pub id: CustomerId,
    pub campaign: CampaignId,
    /// The time that the question is about.
    pub at: Timestamp,
    /// The verdict of every rule that was applied.
    pub verdicts: Vec<RuleVerdict>,
    /// The campaigns that were considered.
    pub campaigns: Vec<CampaignVerdict>,
    /// Grants, refusals and releases within a day of that time, as in the log.
    pub dials: Vec<NearbyDial>,
    /// The customer's place among the due of the campaign, and why; absent if the campaign has no order or
    /// the customer is not waiting.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order: Option<CallingOrderPlace>,
    /// For a question about the past: the log position and time up to which this reply was computed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub known: Option<PastMomentInfo>,
}

/// The verdict of one rule about a dial.
#[derive(Debug, Serialize, JsonSchema)]
pub struct RuleVerdict {
    /// The facts that the rule used: those of the customer or the number.
    #[schemars(extend("enum" = ["customer", "number"]))]
    pub judged_by: &'static str,
    #[schemars(example = &"calling_window")]
    pub rule: String,
    pub version: u32,
    #[schemars(example = &"2026-01-01")]
    pub effective_from: String,
    pub decision: Decision,
    #[schemars(extend("examples" = [{ "hours": "09:00-20:00" }]))]
    pub facts: BTreeMap<String, String>,
    pub zh: String,
    pub en: String,
}

/// The verdict for one campaign, in short.
#[derive(Debug, Serialize, JsonSchema)]
pub struct CampaignVerdict {
    pub campaign: CampaignId,
    pub permitted: bool,
    #[schemars(example = &"calling_window")]
    pub rule: Option<String>,
    pub not_before: Option<Timestamp>,
}

/// A decision about a dial, near the time.
#[derive(Debug, Serialize, JsonSchema)]
pub struct NearbyDial {
    /// The kind of event that recorded the decision.
    #[schemars(example = &"customer.dial_refused")]
    pub event: String,
    pub at: Timestamp,
    #[schemars(example = &"42")]
    pub position: String,
    pub call: CallId,
    /// The rule that refused, or why a grant was released.
    #[schemars(example = &"calling_window")]
    pub rule: Option<String>,
    pub not_before: Option<Timestamp>,
}

impl CampaignVerdict {
    pub(super) fn of(of: &CampaignDialFacts, said: &DialExplanation) -> Self {
        Self {
            campaign: of.facts.campaign.clone(),
            permitted: said.permitted(),
            rule: said.binding.as_ref().map(|verdict| verdict.rule.clone()),
            not_before: said.not_before,
        }
    }
}

/// A function that words a refusal: rule, facts and next possible time, in the customer's local time.
pub(super) type RefusalFormatter<'a> =
    &'a dyn Fn(&str, &BTreeMap<String, String>, Option<Timestamp>) -> BilingualSentence;

/// The parts from which a reply is built.
pub(super) struct ReplyParts {
    pub(super) customer: CustomerId,
    pub(super) order: Option<CallingOrderPlace>,
    pub(super) of: CampaignDialFacts,
    pub(super) said: DialExplanation,
    pub(super) all: Vec<CampaignVerdict>,
    pub(super) near: Vec<NearbyDial>,
    pub(super) at: Timestamp,
    pub(super) known: Option<PastMomentInfo>,
}

impl WhyNotResponse {
    pub(super) fn of(parts: ReplyParts, words: RefusalFormatter<'_>) -> Self {
        let ReplyParts {
            customer,
            order,
            of,
            said,
            all,
            near,
            at,
            known,
        } = parts;
        let BilingualSentence { zh, en } = match &said.binding {
            None => BilingualSentence {
                zh: "可以外呼：各条规则均允许".to_owned(),
                en: "may be called: every rule permits it".to_owned(),
            },
            Some(verdict) => words(&verdict.rule, &verdict.facts, said.not_before),
        };
        let binding = said.binding;
        Self {
            permitted: binding.is_none(),
            rule: binding.as_ref().map(|verdict| verdict.rule.clone()),
            version: binding.as_ref().map(|verdict| verdict.version),
            facts: binding.map(|verdict| verdict.facts).unwrap_or_default(),
            not_before: said.not_before,
            assumed: said.assumed,
            zh,
            en,
            id: customer,
            campaign: of.facts.campaign,
            at,
            verdicts: said
                .verdicts
                .into_iter()
                .map(|one| RuleVerdict::of(one, words))
                .collect(),
            campaigns: all,
            dials: near,
            order,
            known,
        }
    }
}

impl WhyNotResponse {
    /// Removes the other customer from the facts of `same_number`, for a reader who may not learn which
    /// customers share a number.
    #[must_use]
    pub fn without_other_customer(mut self) -> Self {
        if self.rule.as_deref() == Some(SAME_NUMBER) {
            self.facts = BTreeMap::new();
            (self.zh, self.en) = same_number_in_words();
        }
        for said in &mut self.verdicts {
            if said.rule == SAME_NUMBER && !said.facts.is_empty() {
                said.facts = BTreeMap::new();
                (said.zh, said.en) = same_number_in_words();
            }
        }
        self
    }
}

fn same_number_in_words() -> (String, String) {
    (
        "同号客户已在任务中".to_owned(),
        "another customer with this number is called".to_owned(),
    )
}

impl RuleVerdict {
    fn of(one: SidedVerdict, words: RefusalFormatter<'_>) -> Self {
        let SidedVerdict { side, verdict } = one;
        let BilingualSentence { zh, en } = match verdict.decision {
            Decision::Allow => describe_allowed(side, &verdict.rule, &verdict.facts),
            Decision::DeferUntil(until) => words(&verdict.rule, &verdict.facts, Some(until)),
            Decision::Forbid => words(&verdict.rule, &verdict.facts, None),
        };
        Self {
            judged_by: match side {
                RuleSide::Customer => "customer",
                RuleSide::Number => "number",
                RuleSide::Line => "line",
            },
            rule: verdict.rule,
            version: verdict.version,
            effective_from: verdict.effective_from,
            decision: verdict.decision,
            facts: verdict.facts,
            zh,
            en,
        }
    }
}
