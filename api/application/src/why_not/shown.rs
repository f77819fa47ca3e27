//! What is shown of an answer to why somebody was not called, or was.

use super::facts::OfCampaign;
use super::order::OrderSaid;
use crate::as_of::Known;
use domain::compliance::{Decision, InWords, SAME_NUMBER, Side, allowed_in_words};
use domain::customer::{SidedVerdict, WhyNot};
use domain::ids::{CallId, CampaignId, CustomerId};
use domain::time::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeMap;

/// Why somebody would be dialed at a time, or not.
#[derive(Debug, Serialize, JsonSchema)]
pub struct WhyNotShown {
    pub permitted: bool,
    /// The rule that binds; null where all permit.
    #[schemars(example = &"calling_window")]
    pub rule: Option<String>,
    pub version: Option<u32>,
    /// What that rule went by, in its own words.
    #[schemars(extend("examples" = [{ "hours": "09:00-20:00" }]))]
    pub facts: BTreeMap<String, String>,
    /// When all rules permit it: the time asked about, or the first later one; null where that is never.
    pub not_before: Option<Timestamp>,
    /// What was taken to be over by then, though nobody can tell.
    #[schemars(extend("examples" = [["campaign_running"]]))]
    pub assumed: Vec<&'static str>,
    pub zh: String,
    pub en: String,
    pub id: CustomerId,
    pub campaign: CampaignId,
    /// The time asked about.
    pub at: Timestamp,
    /// What every rule says.
    pub verdicts: Vec<RuleSaid>,
    /// The campaigns that were asked about.
    pub campaigns: Vec<CampaignSaid>,
    /// Grants, refusals and releases within a day of that time, as they stand in the log.
    pub dials: Vec<DialNear>,
    /// Where they stand among the due of the campaign, and why; absent where it asks for no order, or where
    /// nobody waits to be called.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order: Option<OrderSaid>,
    /// Of the past: up to where the log was read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub known: Option<Known>,
}

/// What one rule says.
#[derive(Debug, Serialize, JsonSchema)]
pub struct RuleSaid {
    /// By whose facts: customer or number.
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

/// What is said of one campaign, in short.
#[derive(Debug, Serialize, JsonSchema)]
pub struct CampaignSaid {
    pub campaign: CampaignId,
    pub permitted: bool,
    #[schemars(example = &"calling_window")]
    pub rule: Option<String>,
    pub not_before: Option<Timestamp>,
}

/// A decision about a dial, near the time.
#[derive(Debug, Serialize, JsonSchema)]
pub struct DialNear {
    /// The kind of event that says it.
    #[schemars(example = &"customer.dial_refused")]
    pub event: String,
    pub at: Timestamp,
    #[schemars(example = &"42")]
    pub position: String,
    pub call: CallId,
    /// The rule that refused, or why a grant was given back.
    #[schemars(example = &"calling_window")]
    pub rule: Option<String>,
    pub not_before: Option<Timestamp>,
}

impl CampaignSaid {
    pub(super) fn of(of: &OfCampaign, said: &WhyNot) -> Self {
        Self {
            campaign: of.facts.campaign.clone(),
            permitted: said.permitted(),
            rule: said.binding.as_ref().map(|verdict| verdict.rule.clone()),
            not_before: said.not_before,
        }
    }
}

/// A refusal in words: rule, facts and next due time, in the person's own times.
pub(super) type InTheirTimes<'a> = &'a dyn Fn(&str, &BTreeMap<String, String>, Option<Timestamp>) -> InWords;

/// What an answer is made of.
pub(super) struct Said {
    pub(super) customer: CustomerId,
    pub(super) order: Option<OrderSaid>,
    pub(super) of: OfCampaign,
    pub(super) said: WhyNot,
    pub(super) all: Vec<CampaignSaid>,
    pub(super) near: Vec<DialNear>,
    pub(super) at: Timestamp,
    pub(super) known: Option<Known>,
}

impl WhyNotShown {
    pub(super) fn of(told: Said, words: InTheirTimes<'_>) -> Self {
        let Said {
            customer,
            order,
            of,
            said,
            all,
            near,
            at,
            known,
        } = told;
        let InWords { zh, en } = match &said.binding {
            None => InWords {
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
                .map(|one| RuleSaid::of(one, words))
                .collect(),
            campaigns: all,
            dials: near,
            order,
            known,
        }
    }
}

impl WhyNotShown {
    /// Without the other customer that `same_number` names, for a reader who may not learn which customers
    /// share a number.
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

impl RuleSaid {
    fn of(one: SidedVerdict, words: InTheirTimes<'_>) -> Self {
        let SidedVerdict { side, verdict } = one;
        let InWords { zh, en } = match verdict.decision {
            Decision::Allow => allowed_in_words(side, &verdict.rule, &verdict.facts),
            Decision::DeferUntil(until) => words(&verdict.rule, &verdict.facts, Some(until)),
            Decision::Forbid => words(&verdict.rule, &verdict.facts, None),
        };
        Self {
            judged_by: match side {
                Side::Customer => "customer",
                Side::Number => "number",
                Side::Line => "line",
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
