//! Offers of a flow and the choice of one per customer. Conditions in segment syntax test the facts known
//! about the customer; the first offer that holds is chosen, or the one with the highest score. The plain
//! offer has no condition: it is used if no condition holds, if nothing is known, or if the customer
//! restricted the use of personal data.
//!
//! Pure: the facts are arguments. `say` and `ask` nodes have further wordings in `by_offer`; their own text
//! is the plain offer's. A `decide` node can test the offer.

use super::fault::DefinitionFault;
use super::graph::FlowDefinition;
use super::nodes::Node;
use super::text::is_variable_name;
use crate::attribute::Attribute;
use crate::offering::{
    KnownTag, OfferAnswer, OfferCandidate, OfferChosenFact, OfferFacts, OfferReason, Profile,
};
use crate::personal::Personal;
use crate::segment::{Column, Segment};
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Most offers of one flow; more are a fault. Each is evaluated while the phone rings.
pub const OFFERS_MAX: usize = 12;

/// Most entries in `scores` of one offer; more are a fault.
pub const OFFER_SCORES_MAX: usize = 12;

/// Largest absolute value of a score or of an addition to it.
pub const OFFER_SCORE_MAX: i64 = 1_000_000;

/// The offers of a flow and the rule that chooses one of them for a customer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Offers {
    /// Name of the plain offer, which has no condition.
    pub plain: String,
    #[serde(default)]
    pub choose: OfferRule,
    /// The offers, in the order of evaluation.
    pub candidates: Vec<Offer>,
    /// Attributes, besides the built-in ones, that conditions may use. Any other name is a fault, so that a
    /// typing error is found.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attributes: Vec<String>,
}

/// The rule that chooses one of the offers that hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "OfferRule")]
pub enum OfferRule {
    #[default]
    FirstThatHolds,
    HighestScore,
}

/// One offer: its name, its condition and its score.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Offer {
    pub offer: String,
    /// The condition on the customer: a WHERE expression in segment syntax. The plain offer has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<String>,
    #[serde(default, skip_serializing_if = "is_zero")]
    pub score: i64,
    /// Conditional additions to the score.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub scores: Vec<OfferScore>,
}

/// An addition to an offer's score if a condition on the customer holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OfferScore {
    pub when: String,
    pub add: i64,
}

const fn is_zero(score: &i64) -> bool {
    *score == 0
}

impl Offer {
    fn conditions(&self) -> impl Iterator<Item = &str> {
        let scores = self.scores.iter().map(|score| score.when.as_str());
        self.when.as_deref().into_iter().chain(scores)
    }

    /// Returns an offer's result for one customer: whether its condition holds, and its score. A condition
    /// that cannot be parsed counts as unknown; an addition then does not count.
    fn judge(&self, rule: OfferRule, profile: &Profile, now: Timestamp) -> OfferCandidate {
        let answer_of = |text: &str| {
            Segment::of_condition(text)
                .ok()
                .and_then(|one| one.answer(profile, now))
        };
        let answer = self.when.as_deref().map_or(Some(true), answer_of);
        let scored = self.scores.iter().enumerate();
        let scored: Vec<(usize, i64)> = scored
            .filter(|(_, score)| answer_of(&score.when) == Some(true))
            .map(|(at, score)| (at, score.add))
            .collect();
        let total = scored
            .iter()
            .fold(self.score, |sum, (_, add)| sum.saturating_add(*add));
        let asked = asked_of(self.conditions());
        let missing = asked.iter().filter(|column| !is_known(column, profile));
        OfferCandidate {
            offer: self.offer.clone(),
            answer: match answer {
                Some(true) => OfferAnswer::Holds,
                Some(false) => OfferAnswer::Fails,
                None => OfferAnswer::Unknown,
            },
            missing: names(missing),
            by: names(asked.iter()),
            score: (rule == OfferRule::HighestScore).then_some(total),
            scored_by: match rule {
                OfferRule::HighestScore => scored
                    .iter()
                    .filter_map(|(at, _)| u32::try_from(*at).ok())
                    .collect(),
                OfferRule::FirstThatHolds => Vec::new(),
            },
        }
    }
}

impl Offers {
    /// Chooses the offer for a customer and returns it with the reason and the result of every candidate.
    /// The plain offer if the customer restricted the use of data or nothing is known. Equal facts give
    /// equal choices.
    pub fn chosen(&self, known: &OfferFacts, as_of: Timestamp) -> OfferChosenFact {
        let plainly = |reason| OfferChosenFact {
            offer: self.plain.clone(),
            reason,
            candidates: Vec::new(),
            as_of,
            known: BTreeMap::new(),
            tags: Vec::new(),
        };
        let profile = match known {
            OfferFacts::Restricted => return plainly(OfferReason::Restricted),
            OfferFacts::NotRead => return plainly(OfferReason::NotRead),
            OfferFacts::Known(profile) => profile.as_ref(),
        };
        let candidates = self.candidates.iter();
        let candidates: Vec<OfferCandidate> = candidates
            .map(|offer| offer.judge(self.choose, profile, as_of))
            .collect();
        let (offer, reason) = self.best(&candidates, profile);
        OfferChosenFact {
            offer,
            reason,
            candidates,
            as_of,
            known: self.known_values(profile),
            tags: self.counting_tags(profile, as_of),
        }
    }

    fn best(&self, candidates: &[OfferCandidate], profile: &Profile) -> (String, OfferReason) {
        let is_own = |one: &&OfferCandidate| one.answer == OfferAnswer::Holds && one.offer != self.plain;
        let mut own = candidates.iter().filter(is_own).peekable();
        if own.peek().is_none() {
            let asked = asked_of(self.conditions());
            let reason = match asked.iter().any(|column| is_known(column, profile)) {
                true => OfferReason::NoneHolds,
                false => OfferReason::NothingKnown,
            };
            return (self.plain.clone(), reason);
        }
        let chosen = match self.choose {
            OfferRule::FirstThatHolds => own.next(),
            OfferRule::HighestScore => {
                let holding = candidates.iter().filter(|one| one.answer == OfferAnswer::Holds);
                // Of equal scores the first is chosen: `max_by_key` returns the last.
                holding.rev().max_by_key(|one| one.score)
            }
        };
        let reason = match self.choose {
            OfferRule::FirstThatHolds => OfferReason::FirstThatHolds,
            OfferRule::HighestScore => OfferReason::HighestScore,
        };
        (
            chosen.map_or_else(|| self.plain.clone(), |one| one.offer.clone()),
            reason,
        )
    }

    fn conditions(&self) -> impl Iterator<Item = &str> {
        self.candidates.iter().flat_map(Offer::conditions)
    }

    fn known_values(&self, profile: &Profile) -> BTreeMap<String, Personal<String>> {
        let asked = asked_of(self.conditions());
        let values = asked.iter().filter_map(|column| match column {
            Column::Attribute(attribute) => {
                let value = profile.value(attribute)?;
                Some((attribute.name().to_owned(), Personal::open(value.written())))
            }
            Column::Tag(_) => None,
        });
        values.collect()
    }

    fn counting_tags(&self, profile: &Profile, now: Timestamp) -> Vec<KnownTag> {
        let mut counting = BTreeSet::new();
        for condition in self
            .conditions()
            .filter_map(|text| Segment::of_condition(text).ok())
        {
            counting.extend(condition.counting_tags(profile, now));
        }
        let tags = counting.into_iter();
        tags.map(|(level, tag)| KnownTag {
            level,
            tag: Personal::open(tag),
        })
        .collect()
    }

    /// Returns the conditions of the offers, which are all that the choice of an offer can reveal about a
    /// customer's values.
    pub(super) fn value_tests(&self) -> Vec<String> {
        self.conditions().map(str::to_owned).collect()
    }

    pub fn has(&self, offer: &str) -> bool {
        self.candidates.iter().any(|one| one.offer == offer)
    }

    fn check(&self, faults: &mut Vec<DefinitionFault>) {
        faults.extend(DefinitionFault::too_many(
            "offers.candidates",
            self.candidates.len(),
            OFFERS_MAX,
        ));
        let plain = self.candidates.iter().find(|one| one.offer == self.plain);
        if plain.is_none_or(|plain| plain.when.is_some()) {
            faults.push(DefinitionFault::NoPlainOffer {
                plain: self.plain.clone(),
            });
        }
        let mut seen = BTreeSet::new();
        for (at, offer) in self.candidates.iter().enumerate() {
            let member = format!("offers.candidates[{at}]");
            let wrong = |why: &str| DefinitionFault::BadOffer {
                member: member.clone(),
                why: why.to_owned(),
            };
            if !is_variable_name(&offer.offer) || !seen.insert(offer.offer.as_str()) {
                faults.push(wrong("an offer has a name of letters, digits and _ of its own"));
            }
            if offer.offer != self.plain && offer.when.is_none() {
                faults.push(wrong(
                    "an offer needs the condition when; only the plain offer has none",
                ));
            }
            let scores = offer.scores.iter().map(|score| score.add).chain([offer.score]);
            let is_large = scores
                .into_iter()
                .any(|score| score.unsigned_abs() > OFFER_SCORE_MAX.unsigned_abs());
            if is_large || offer.scores.len() > OFFER_SCORES_MAX {
                faults.push(wrong("at most 12 scores, each of at most 1000000"));
            }
            for text in offer.conditions() {
                if let Err(why) = self.readable(text) {
                    faults.push(wrong(&why));
                }
            }
        }
    }

    /// Checks that a condition can be parsed and uses only built-in or declared attributes; fails with the
    /// reason.
    fn readable(&self, text: &str) -> Result<(), String> {
        let condition = Segment::of_condition(text).map_err(|fault| fault.to_string())?;
        let declared = |name: &str| {
            let named = self
                .attributes
                .iter()
                .filter_map(|one| Attribute::named(one).ok());
            named.into_iter().any(|one| one.name() == name)
        };
        match condition
            .list_custom_attributes()
            .into_iter()
            .find(|name| !declared(name))
        {
            Some(name) => Err(format!(
                "attribute {name} is neither known nor one of offers.attributes"
            )),
            None => Ok(()),
        }
    }
}

impl FlowDefinition {
    pub(super) fn check_offers(&self, faults: &mut Vec<DefinitionFault>) {
        if let Some(offers) = &self.offers {
            offers.check(faults);
        }
        for (name, node) in &self.nodes {
            for (member, offer) in node.kind().offers() {
                let is_plain = self.offers.as_ref().is_some_and(|offers| offers.plain == offer);
                let is_known = self.offers.as_ref().is_some_and(|offers| offers.has(offer));
                // The wording of the plain offer is the node's own text.
                if !is_known || (is_plain && member.starts_with("by_offer")) {
                    faults.push(DefinitionFault::UnknownOffer {
                        member: format!("nodes.{name}.{member}"),
                        offer: offer.to_owned(),
                    });
                }
            }
        }
    }

    /// Returns the offers, except the plain one, for which no node has a wording or condition.
    pub(super) fn unsaid_offers(&self) -> Vec<&str> {
        let Some(offers) = &self.offers else {
            return Vec::new();
        };
        let nodes = self.nodes.values().map(Node::kind);
        let said: BTreeSet<&str> = nodes
            .flat_map(|node| node.offers())
            .map(|(_, offer)| offer)
            .collect();
        let names = offers.candidates.iter().map(|one| one.offer.as_str());
        names
            .filter(|name| *name != offers.plain && !said.contains(name))
            .collect()
    }
}

/// Returns the columns (attributes and tag levels) that conditions test, each once, in order of appearance.
fn asked_of<'a>(conditions: impl Iterator<Item = &'a str>) -> Vec<Column> {
    let mut asked: Vec<Column> = Vec::new();
    for condition in conditions.filter_map(|text| Segment::of_condition(text).ok()) {
        for column in condition.columns() {
            if !asked.contains(column) {
                asked.push(column.clone());
            }
        }
    }
    asked
}

fn names<'a>(columns: impl Iterator<Item = &'a Column>) -> Vec<String> {
    columns.map(ToString::to_string).collect()
}

/// Returns true if the customer has a value for the column: for tags, at least one tag of the level.
fn is_known(column: &Column, profile: &Profile) -> bool {
    match column {
        Column::Attribute(attribute) => profile.value(attribute).is_some(),
        Column::Tag(level) => {
            let mut tags = profile.tags().iter();
            tags.any(|(of, _)| level.is_none_or(|level| level == *of))
        }
    }
}
