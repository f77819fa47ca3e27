//! Advice on a flow that may be published: speech that is too long before a milestone, missing parts of the
//! structure, missing answers and branches. Advice never prevents a publication.

use super::dialogue::Answer;
use super::graph::FlowDefinition;
use super::nodes::{Node, NodeKind};
use super::text::variables_of;
use std::collections::BTreeSet;

/// Milliseconds to speak one Chinese character. Measured on the bundled clips of `fixtures/audio`: 18
/// characters in 4.18 s, 7 in 1.62 s.
pub const CHARACTER_MS: u64 = 230;

/// Latest time, in milliseconds of speech, at which the callee should have heard who is calling.
pub const IDENTIFIED_BY_MS: u64 = 3_000;
/// Latest time, in milliseconds of speech, at which the callee should have heard what the offer is good for.
pub const VALUE_BY_MS: u64 = 15_000;
/// Latest time, in milliseconds of speech, at which the first deciding question should have been asked.
pub const DECISION_BY_MS: u64 = 30_000;

/// Most nodes that advice follows from the start to look for the first question.
const WAY_MAX: usize = 20;

/// Names of variables with the customer's company or a pain point of its industry. Advice recommends one in
/// the opening.
const OPENING: [&str; 8] = [
    "company",
    "company_name",
    "pain_point",
    "industry_pain_point",
    "公司",
    "公司名称",
    "痛点",
    "行业痛点",
];

/// One suggestion for a better flow. The message names the node or member.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Advice {
    #[error("nodes.{node}.text: {spoken_ms} ms of speech before the caller is identified, at most 3000")]
    LateIdentity { node: String, spoken_ms: u64 },
    #[error(
        "nodes.{node}.text: {spoken_ms} ms of speech before the first text after the opening, at most 15000"
    )]
    LateValue { node: String, spoken_ms: u64 },
    #[error("nodes.{node}: {spoken_ms} ms of speech before the first question, at most 30000")]
    LateDecision { node: String, spoken_ms: u64 },
    #[error("nodes.{node}.text: {spoken_ms} ms of speech without a pause, at most 15000")]
    LongText { node: String, spoken_ms: u64 },
    #[error(
        "nodes.{node}.text: the opening names neither the customer's company nor its pain point by a variable"
    )]
    PlainOpening { node: String },
    #[error("the flow has no {part} (opening, introduction, question, close)")]
    MissingPart { part: &'static str },
    #[error("nodes.{node}.intents: no branch for {intent}")]
    MissingBranch { node: String, intent: &'static str },
    #[error("dialogue.intents: the callee cannot ask for an agent")]
    NoPerson,
    #[error(
        "dialogue.answers.{answer}: an objection is answered without FABE (feature, advantage, benefit, evidence)"
    )]
    NoFabe { answer: String },
    #[error("dialogue.answers.{answer}.fabe.{field} is empty")]
    EmptyFabe { answer: String, field: &'static str },
    #[error("notices.ai: the callee is not told that a robot is calling")]
    UndisclosedRobot,
    #[error("nodes.{node}.send: the flow has no message {message:?}, so nothing is sent")]
    UnsentMessage { node: String, message: String },
    #[error("offers.candidates: no text or branch uses {offer:?}")]
    UnsaidOffer { offer: String },
}

/// Intents that are objections; advice recommends a FABE argument for their answers.
const OBJECTIONS: [&str; 4] = ["too_expensive", "no_money_need", "is_fraud", "not_interested"];

/// Milestones of the path from the start to the first question, in milliseconds of speech from the start of
/// the call.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct OpeningTimings {
    /// Time until the callee has heard who is calling.
    pub identified_ms: u64,
    /// Time until the end of the second text, which says what the offer is good for.
    pub value_ms: u64,
    /// Time until the end of the first question. `None` if the path contains no question.
    pub decision_ms: Option<u64>,
}

impl FlowDefinition {
    /// Returns when a call without reactions reaches the milestones of its opening, in milliseconds of
    /// speech without the notices.
    pub fn rhythm(&self) -> OpeningTimings {
        let mut rhythm = OpeningTimings::default();
        let (mut spoken_ms, mut texts) = (0_u64, 0_u32);
        for (_, node) in self.way_to_question() {
            let text = node.text().unwrap_or_default();
            let node_ms = self.spoken_ms(text);
            spoken_ms = spoken_ms.saturating_add(node_ms);
            if node_ms > 0 {
                texts = texts.saturating_add(1);
            }
            if node_ms > 0 && texts == 1 {
                rhythm.identified_ms = self.until_identity_ms(text);
            }
            if node_ms > 0 && texts <= 2 {
                rhythm.value_ms = spoken_ms;
            }
            if node.ask().is_some() || node.question().is_some() {
                rhythm.decision_ms = Some(spoken_ms);
            }
        }
        rhythm
    }

    /// Returns all advice for this flow, in a fixed order.
    pub fn advice(&self) -> Vec<Advice> {
        let mut found = Vec::new();
        self.advise_rhythm(&mut found);
        self.advise_structure(&mut found);
        self.advise_answers(&mut found);
        self.advise_messages(&mut found);
        let unsaid = self.unsaid_offers().into_iter();
        found.extend(unsaid.map(|offer| Advice::UnsaidOffer {
            offer: offer.to_owned(),
        }));
        found
    }

    /// Returns the nodes from the start to the first question, as a call passes them if the callee does not
    /// react. At most `WAY_MAX` nodes.
    fn way_to_question(&self) -> Vec<(&str, &dyn NodeKind)> {
        let mut way: Vec<(&str, &dyn NodeKind)> = Vec::new();
        let mut next = Some(self.start.as_str());
        while let Some(name) = next.filter(|_| way.len() < WAY_MAX)
            && let Some(node) = self.nodes.get(name).map(Node::kind)
        {
            way.push((name, node));
            let asks = node.ask().is_some() || node.question().is_some();
            let on = node.targets().into_iter().find(|target| target.automatic);
            next = on.filter(|_| !asks).map(|target| target.node);
        }
        way
    }

    fn advise_rhythm(&self, found: &mut Vec<Advice>) {
        let mut spoken_ms = 0;
        let mut texts = 0;
        for (name, node) in self.way_to_question() {
            let node_ms = node.text().map_or(0, |text| self.spoken_ms(text));
            let named = || name.to_owned();
            spoken_ms += node_ms;
            if node_ms == 0 {
                continue;
            }
            texts += 1;
            if texts == 1 && self.until_identity_ms(node.text().unwrap_or_default()) > IDENTIFIED_BY_MS {
                let node = named();
                found.push(Advice::LateIdentity { node, spoken_ms });
            }
            if texts == 2 && spoken_ms > VALUE_BY_MS {
                let node = named();
                found.push(Advice::LateValue { node, spoken_ms });
            }
            if (node.ask().is_some() || node.question().is_some()) && spoken_ms > DECISION_BY_MS {
                let node = named();
                found.push(Advice::LateDecision { node, spoken_ms });
            }
        }
        for (name, node) in &self.nodes {
            let spoken_ms = node.text().map_or(0, |text| self.spoken_ms(text));
            if spoken_ms > VALUE_BY_MS {
                let node = name.clone();
                found.push(Advice::LongText { node, spoken_ms });
            }
        }
    }

    /// Estimates how long a text takes to speak, in milliseconds. A variable counts as four characters.
    fn spoken_ms(&self, text: &str) -> u64 {
        let plain = text.split("{{").enumerate().map(|(place, part)| {
            let part = if place == 0 {
                part
            } else {
                part.split_once("}}").map_or("", |(_, rest)| rest)
            };
            let counted = part.chars().filter(|one| one.is_alphanumeric()).count();
            u64::try_from(counted).unwrap_or(u64::MAX)
        });
        let variables = u64::try_from(variables_of(text).len()).unwrap_or(u64::MAX);
        let spoken: u64 = plain.sum::<u64>().saturating_add(variables.saturating_mul(4));
        // A letter of an alphabet takes a quarter of the time of a Chinese character.
        let each = if self.lang.starts_with("zh") {
            CHARACTER_MS
        } else {
            CHARACTER_MS / 4
        };
        spoken.saturating_mul(each)
    }

    /// Returns the milliseconds of a text before the clause that says who is calling (我是, "this is" …); the
    /// whole text's length without this clause.
    fn until_identity_ms(&self, text: &str) -> u64 {
        let said = ["这里是", "我是", "我们是", "this is", "calling from"];
        let mut until = 0;
        for clause in text.split_inclusive(['，', '。', ',', '.', '？', '?', '！']) {
            let lower = clause.to_lowercase();
            if said.iter().any(|words| lower.contains(words)) {
                return until;
            }
            until += self.spoken_ms(clause);
        }
        until
    }

    fn advise_structure(&self, found: &mut Vec<Advice>) {
        if let Some(Node::Say(_) | Node::Ask(_)) = self.nodes.get(&self.start)
            && let Some(text) = self.nodes.get(&self.start).and_then(Node::text)
            && !variables_of(text).iter().any(|name| OPENING.contains(name))
        {
            let node = self.start.clone();
            found.push(Advice::PlainOpening { node });
        }
        let way = self.way_to_question();
        let texts = way.iter().filter(|(_, node)| node.text().is_some()).count();
        let kinds = || self.nodes.values().map(Node::kind);
        let asks = kinds().any(|node| node.ask().is_some() || node.question().is_some());
        let closes = kinds().any(|node| node.ending().is_some() && node.text().is_some());
        for (has, part) in [
            (texts > 0, "opening"),
            (texts > 1, "introduction"),
            (asks, "question"),
            (closes, "close"),
        ] {
            if !has {
                found.push(Advice::MissingPart { part });
            }
        }
        if self.notices.ai.is_none() {
            found.push(Advice::UndisclosedRobot);
        }
        for (name, node) in &self.nodes {
            let lacking = node.kind().ask().and_then(super::nodes::AskNode::missing_branch);
            if let Some(intent) = lacking
                && !self.dialogue().intents.contains_key(intent)
            {
                let node = name.clone();
                found.push(Advice::MissingBranch { node, intent });
            }
        }
        let spoken = kinds().any(|node| node.ask().is_some());
        let person = kinds().any(|node| node.ending().is_some_and(|ending| ending.transfer));
        if spoken && !person {
            found.push(Advice::NoPerson);
        }
    }

    /// Advises on act nodes that send a message although the flow has no messages. If the flow has
    /// messages, an unknown name is a fault, not advice.
    fn advise_messages(&self, found: &mut Vec<Advice>) {
        for (name, node) in &self.nodes {
            let sent = node.kind().act().and_then(|act| act.send.as_ref());
            if let Some(message) = sent.filter(|message| !self.messages.contains_key(*message)) {
                let (node, message) = (name.clone(), message.clone());
                found.push(Advice::UnsentMessage { node, message });
            }
        }
    }

    fn advise_answers(&self, found: &mut Vec<Advice>) {
        let dialogue = self.dialogue();
        let objections: BTreeSet<&str> = OBJECTIONS
            .iter()
            .filter_map(|intent| dialogue.intents.get(*intent)?.answer.as_deref())
            .collect();
        for (id, answer) in &dialogue.answers {
            let answer_id = || id.clone();
            match &answer.fabe {
                None if objections.contains(id.as_str()) => {
                    found.push(Advice::NoFabe { answer: answer_id() });
                }
                None => {}
                Some(_) => found.extend(empty_fields(answer).map(|field| Advice::EmptyFabe {
                    answer: answer_id(),
                    field,
                })),
            }
        }
    }
}

fn empty_fields(answer: &Answer) -> impl Iterator<Item = &'static str> {
    let fabe = answer.fabe.as_ref();
    let fields = fabe.map(|fabe| {
        [
            ("feature", fabe.feature.trim().is_empty()),
            ("advantage", fabe.advantage.trim().is_empty()),
            ("benefit", fabe.benefit.trim().is_empty()),
            ("evidence", fabe.evidence.trim().is_empty()),
        ]
    });
    let empty = fields.into_iter().flatten().filter(|(_, empty)| *empty);
    empty.map(|(field, _)| field)
}
