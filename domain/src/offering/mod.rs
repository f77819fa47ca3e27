//! The choice of an offer for one customer as a recorded fact: the candidates, the names of the values they
//! were evaluated by, the chosen one and the reason. A replay reads it and evaluates nothing again.
//!
//! The flow defines the offers (`flow/offers.rs`). Names of attributes, results and scores are stored openly,
//! like the nodes of a branch; values and tags are sealed. Only the facts that the conditions use are stored;
//! evaluated again, they give the same choice.

mod offer_facts;
mod tier;

/// The customer's profile as segments evaluate it.
pub use crate::customer::Profile;
pub use offer_facts::OfferFacts;
pub use tier::{ModelChosenFact, ModelReason, model_of};

use crate::attribute::TagLevel;
use crate::event_members::personal_of;
use crate::personal::Personal;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// An offer was chosen for the customer, before anything was said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema, derive::EventMembers)]
#[open(offer)]
pub struct OfferChosenFact {
    /// Name of the offer in the flow.
    #[schemars(example = &"premium")]
    pub offer: String,
    pub reason: OfferReason,
    /// The evaluated offers, in the flow's order. Empty if personal data was not used.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub candidates: Vec<OfferCandidate>,
    /// The time of the evaluation, which NOW() in a condition returns.
    pub as_of: Timestamp,
    /// Written values of the attributes that the conditions use, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub known: BTreeMap<String, Personal<String>>,
    /// The tags that affect the result of a condition.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<KnownTag>,
}

/// A tag of the customer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema, derive::EventMembers)]
#[serde(deny_unknown_fields)]
pub struct KnownTag {
    pub level: TagLevel,
    pub tag: Personal<String>,
}

/// Why this offer was chosen.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema, derive::EventMembers,
)]
#[serde(rename_all = "snake_case")]
pub enum OfferReason {
    /// It is the first offer with a condition that holds.
    FirstThatHolds,
    /// It has the highest score of the offers that hold; of equal scores the first.
    HighestScore,
    /// No condition holds: the plain offer.
    NoneHolds,
    /// None of the facts that the conditions use is known: the plain offer.
    NothingKnown,
    /// The customer refuses the use of personal data, or it is restricted: the plain offer.
    Restricted,
    /// The facts could not be read in time: the plain offer.
    NotRead,
}

impl OfferReason {
    pub const fn code(self) -> &'static str {
        match self {
            Self::FirstThatHolds => "first_that_holds",
            Self::HighestScore => "highest_score",
            Self::NoneHolds => "none_holds",
            Self::NothingKnown => "nothing_known",
            Self::Restricted => "restricted",
            Self::NotRead => "not_read",
        }
    }

    /// Returns the labels in Chinese and English.
    pub const fn labels(self) -> (&'static str, &'static str) {
        match self {
            Self::FirstThatHolds => ("首个符合条件", "the first whose condition holds"),
            Self::HighestScore => ("符合条件者中得分最高", "the highest score of those that hold"),
            Self::NoneHolds => ("无条件符合，用通用方案", "no condition holds: the plain one"),
            Self::NothingKnown => ("无相关信息，用通用方案", "nothing is known: the plain one"),
            Self::Restricted => (
                "客户拒绝或限制个性化，用通用方案",
                "refused or restricted: the plain one",
            ),
            Self::NotRead => ("信息未能及时读取，用通用方案", "not read in time: the plain one"),
        }
    }
}

/// The result of an offer's condition for a customer.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema, derive::EventMembers,
)]
#[serde(rename_all = "snake_case")]
pub enum OfferAnswer {
    Holds,
    Fails,
    /// It depends on a fact that is not known.
    Unknown,
}

impl OfferAnswer {
    pub const fn code(self) -> &'static str {
        match self {
            Self::Holds => "holds",
            Self::Fails => "fails",
            Self::Unknown => "unknown",
        }
    }
}

/// One evaluated offer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema, derive::EventMembers)]
#[serde(deny_unknown_fields)]
#[open(offer, by, missing, score, scored_by)]
pub struct OfferCandidate {
    #[schemars(example = &"premium")]
    pub offer: String,
    pub answer: OfferAnswer,
    /// Names of the attributes and tags that its conditions use.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(example = ["balance", "tag"])]
    pub by: Vec<String>,
    /// Those names in `by` for which the customer has no value.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(example = ["balance"])]
    pub missing: Vec<String>,
    /// The score. Only if the offer with the highest score is chosen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub score: Option<i64>,
    /// Indexes, from 0, of its conditional scores that were added.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub scored_by: Vec<u32>,
}

impl OfferChosenFact {
    /// Returns the recorded facts about the customer, for evaluating the offers again; `None` if a value
    /// can no longer be decrypted.
    pub fn restore_known_facts(&self) -> Option<OfferFacts> {
        match self.reason {
            OfferReason::Restricted => Some(OfferFacts::Restricted),
            OfferReason::NotRead => Some(OfferFacts::NotRead),
            OfferReason::FirstThatHolds
            | OfferReason::HighestScore
            | OfferReason::NoneHolds
            | OfferReason::NothingKnown => offer_facts::restore_offer_facts(&self.known, &self.tags),
        }
    }

    /// Returns a copy without values of the customer. The results and the choice remain.
    pub fn masked(&self) -> Self {
        let mut masked = self.clone();
        for (_, value) in personal_of(&mut masked) {
            *value = Personal::Erased { hash: None };
        }
        masked
    }

    /// Returns one line for logs and reports: the chosen offer, the reason, and the result of each
    /// candidate.
    pub fn in_words(&self) -> String {
        let (zh, en) = self.reason.labels();
        let judged = self.candidates.iter().map(|one| {
            let score = one.score.map_or_else(String::new, |score| format!(" {score}"));
            let by = one.by.join(", ");
            format!("{} {}{score} [{by}]", one.offer, one.answer.code())
        });
        let judged: Vec<String> = judged.collect();
        format!(
            "{}: {zh} / {en} ({}); {}",
            self.offer,
            self.reason.code(),
            judged.join("; ")
        )
    }
}
