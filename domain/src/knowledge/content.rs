//! The content of one version of a knowledge base: answers, objections and facts, with the thresholds of
//! retrieval.

use super::day::Day;
use crate::event_members::open_types::OpenMember;
use serde::{Deserialize, Serialize};
use values::fabe::Fabe;

/// Default of `accept_permille`: an answer with this score or more is given. Measured in
/// `docs/reference/knowledge.md`.
const ACCEPT_PERMILLE: u16 = 480;
/// Default of `confirm_permille`: an answer with this score or more, below `accept_permille`, is confirmed
/// with the callee first.
const CONFIRM_PERMILLE: u16 = 330;

/// The content of one version of a knowledge base.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct KnowledgeContent {
    /// Language of the texts, a BCP 47 tag.
    #[schemars(example = &"zh-CN")]
    pub lang: String,
    #[serde(default)]
    pub thresholds: Thresholds,
    /// Questions with their approved answers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub answers: Vec<KnownAnswer>,
    /// Objections of callees, with their answers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub objections: Vec<Objection>,
    /// Product facts: entity, attribute, value.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub facts: Vec<Fact>,
}

impl OpenMember for KnowledgeContent {}

/// Scores (in thousandths) from which an answer is given, and from which it is confirmed first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Thresholds {
    #[schemars(range(min = 1, max = 1000))]
    pub accept_permille: u16,
    #[schemars(range(min = 1, max = 1000))]
    pub confirm_permille: u16,
}

impl Default for Thresholds {
    fn default() -> Self {
        Self {
            accept_permille: ACCEPT_PERMILLE,
            confirm_permille: CONFIRM_PERMILLE,
        }
    }
}

/// A question and its approved answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct KnownAnswer {
    /// Id of the answer, the same in every version.
    #[schemars(example = &"手续费")]
    pub id: String,
    /// The question as it is shown, and read to the callee for confirmation.
    #[schemars(example = &"手续费是多少")]
    pub question: String,
    /// Other wordings of the question.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(example = ["手续费多少"])]
    pub variants: Vec<String>,
    /// The spoken text. `{{name}}` is a variable or slot, `{{fact:entity.attribute}}` a fact.
    #[schemars(example = &"满{{fact:分期.起点}}就可以申请分期。")]
    pub answer: String,
    /// First day on which the answer is used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effective_from: Option<Day>,
    /// Last day on which the answer is used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effective_until: Option<Day>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(example = ["fees"])]
    pub tags: Vec<String>,
}

/// An objection and its answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Objection {
    #[schemars(example = &"太贵")]
    pub id: String,
    /// Wordings of the objection, at least one.
    #[schemars(example = ["太贵了"])]
    pub variants: Vec<String>,
    /// The spoken text; without it, the four parts of `fabe` in order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"满一千元就可以申请，每期只要几块钱。")]
    pub answer: Option<String>,
    pub fabe: Fabe,
}

/// One product fact: the value of an attribute of an entity.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Fact {
    /// The entity. One of several has a value in brackets: `分期[3]`.
    #[schemars(example = &"分期[3]")]
    pub entity: String,
    #[schemars(example = &"每期费率")]
    pub attribute: String,
    #[schemars(example = &"0.60%")]
    pub value: String,
}

/// One entry of a knowledge base that a search can find: an answer or an objection, in the same form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnowledgeEntry<'a> {
    pub id: &'a str,
    /// Text for confirmation: the question, or the first wording of the objection.
    pub question: &'a str,
    pub variants: &'a [String],
    /// The spoken text, before facts and variables are filled in.
    pub text: String,
    pub effective_from: Option<Day>,
    pub effective_until: Option<Day>,
}

impl KnowledgeEntry<'_> {
    /// Returns true if the entry may be used on this day; both of its days are included.
    pub fn is_effective(&self, day: Day) -> bool {
        self.effective_from.is_none_or(|from| from <= day)
            && self.effective_until.is_none_or(|until| day <= until)
    }
}

impl KnowledgeContent {
    /// Returns all entries of the knowledge base: the answers, then the objections, in the order of the
    /// file.
    pub fn entries(&self) -> Vec<KnowledgeEntry<'_>> {
        let answers = self.answers.iter().map(|one| KnowledgeEntry {
            id: &one.id,
            question: &one.question,
            variants: &one.variants,
            text: one.answer.clone(),
            effective_from: one.effective_from,
            effective_until: one.effective_until,
        });
        let objections = self.objections.iter().map(|one| KnowledgeEntry {
            id: &one.id,
            question: one.variants.first().map_or(one.id.as_str(), String::as_str),
            variants: &one.variants,
            text: one.spoken(&self.lang),
            effective_from: None,
            effective_until: None,
        });
        answers.chain(objections).collect()
    }

    /// Returns a copy with another spoken text for the answer or objection with this id; `None` if there is
    /// none.
    pub fn reworded(&self, id: &str, text: &str) -> Option<Self> {
        let mut other = self.clone();
        if let Some(answer) = other.answers.iter_mut().find(|one| one.id == id) {
            text.clone_into(&mut answer.answer);
            return Some(other);
        }
        let objection = other.objections.iter_mut().find(|one| one.id == id)?;
        objection.answer = Some(text.to_owned());
        Some(other)
    }
}

impl Objection {
    fn spoken(&self, language: &str) -> String {
        if let Some(answer) = &self.answer {
            return answer.clone();
        }
        let between = if language.starts_with("zh") { "，" } else { ". " };
        let Fabe {
            feature,
            advantage,
            benefit,
            evidence,
        } = &self.fabe;
        let end = if language.starts_with("zh") { "。" } else { "." };
        format!("{feature}{between}{advantage}{between}{benefit}{between}{evidence}{end}")
    }
}
