//! Which of several offers one person is made in a conversation, as a fact: what was thought of, by which
//! names of values each was judged, which was chosen and why. A replay reads it and asks nobody.
//!
//! Which offers there are is the flow's (`flow/offers.rs`). Names of attributes, answers and scores stand
//! open, as the nodes of a branch do; values and tags are sealed. What is stored is as much as the
//! conditions ask of, and no more: chosen again from it, the same is chosen.

mod known;
mod tier;

/// What is known, as segments ask it.
pub use crate::customer::Profile;
pub use known::KnownOfPerson;
pub use tier::{ModelChosenFact, ModelReason, model_of};

use crate::attribute::TagLevel;
use crate::personal::Personal;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// An offer was chosen for whoever is talked to, before anything was said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct OfferChosenFact {
    /// Its name in the flow.
    #[schemars(example = &"premium")]
    pub offer: String,
    pub reason: OfferReason,
    /// What was judged, in the flow's order; nothing where nobody was to be told apart.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub candidates: Vec<OfferCandidate>,
    /// When it was asked what is known: what NOW() means in a condition.
    pub as_of: Timestamp,
    /// Values that conditions ask of, by attribute, as they are written.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub known: BTreeMap<String, Personal<String>>,
    /// Tags without which a condition would answer otherwise.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<KnownTag>,
}

/// A tag of the person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct KnownTag {
    pub level: TagLevel,
    pub tag: Personal<String>,
}

/// Why this offer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OfferReason {
    /// The first whose condition holds.
    FirstThatHolds,
    /// Of those that hold, the one with the highest score; of equals the first.
    HighestScore,
    /// No condition holds: the plain one.
    NoneHolds,
    /// Nothing of what the conditions ask is known of the person: the plain one.
    NothingKnown,
    /// The person refuses to be told apart, or their data is not to be used: the plain one.
    Restricted,
    /// What is known could not be read in time: the plain one.
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

    /// In Chinese and English.
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

/// What a condition answers of a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OfferAnswer {
    Holds,
    Fails,
    /// It asks of what is not known.
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

/// One offer that was judged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OfferCandidate {
    #[schemars(example = &"premium")]
    pub offer: String,
    pub answer: OfferAnswer,
    /// What its conditions ask of, by name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(example = ["balance", "tag"])]
    pub by: Vec<String>,
    /// Of these, what is not known of the person.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(example = ["balance"])]
    pub missing: Vec<String>,
    /// Where the highest score is chosen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub score: Option<i64>,
    /// Which of its further scores were added, by their place from 0.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub scored_by: Vec<u32>,
}

impl OfferChosenFact {
    /// Its values and tags, with their places in the record.
    pub fn personal(&mut self) -> Vec<(String, &mut Personal<String>)> {
        let known = self.known.iter_mut();
        let known = known.map(|(name, value)| (format!("/known/{name}"), value));
        let tags = self.tags.iter_mut().enumerate();
        let tags = tags.map(|(at, known)| (format!("/tags/{at}/tag"), &mut known.tag));
        known.chain(tags).collect()
    }

    /// What was known, as it was recorded; nothing where a value cannot be read any more.
    pub fn known_then(&self) -> Option<KnownOfPerson> {
        match self.reason {
            OfferReason::Restricted => Some(KnownOfPerson::Restricted),
            OfferReason::NotRead => Some(KnownOfPerson::NotRead),
            OfferReason::FirstThatHolds
            | OfferReason::HighestScore
            | OfferReason::NoneHolds
            | OfferReason::NothingKnown => known::told_again(&self.known, &self.tags),
        }
    }

    /// Without a value of the person: what was judged and chosen stays.
    pub fn masked(&self) -> Self {
        let mut masked = self.clone();
        for (_, value) in masked.personal() {
            *value = Personal::Erased { hash: None };
        }
        masked
    }

    /// In one line: what was chosen, why, and how each was judged.
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
