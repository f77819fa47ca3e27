//! What simulated callers say: phrases by intent, and values by kind of slot.

use super::caller::Turn;
use super::random::SplitMix64;
use domain::flow::{FlowDefinition, Node, SlotKind};
use std::collections::{BTreeMap, BTreeSet};

const AFTER: &str = include_str!("../../../../fixtures/nlu/zh_outbound_after.jsonl");
const LABELLED: &str = include_str!("../../../../fixtures/nlu/zh_outbound_labelled.jsonl");
const AFTER_EN: &str = include_str!("../../../../fixtures/nlu/en_outbound_after.jsonl");

/// The callers' phrases, by intent.
#[derive(Debug, Clone)]
pub(super) struct Phrases {
    by_intent: BTreeMap<String, Vec<String>>,
    chinese: bool,
}

impl Phrases {
    /// Returns the phrases of a language. In Chinese half of them are training lines of the model and half
    /// were written afterwards; in English all were written afterwards.
    pub(super) fn of(language: &str) -> Self {
        let chinese = language.starts_with("zh");
        let mut by_intent: BTreeMap<String, Vec<String>> = BTreeMap::new();
        let (after, learned) = if chinese {
            (AFTER, LABELLED)
        } else {
            (AFTER_EN, "")
        };
        for line in after.lines().chain(learned.lines()) {
            let Ok(line) = serde_json::from_str::<serde_json::Value>(line) else {
                continue;
            };
            let member = |name: &str| Some(line.get(name)?.as_str()?.to_owned());
            if let Some((intent, text)) = member("intent").zip(member("text")) {
                by_intent.entry(intent).or_default().push(text);
            }
        }
        for (intent, zh, en) in FEW {
            let texts = if chinese { zh } else { en };
            let list = by_intent.entry((*intent).to_owned()).or_default();
            list.extend(texts.iter().map(|text| (*text).to_owned()));
        }
        Self { by_intent, chinese }
    }

    pub(super) const fn is_chinese(&self) -> bool {
        self.chinese
    }

    /// Returns only the last `SAYABLE_OF_INTENT` phrases of each intent: as many as a closed vocabulary can
    /// hold.
    pub(super) fn few(language: &str) -> Self {
        let mut phrases = Self::of(language);
        for texts in phrases.by_intent.values_mut() {
            let beyond = texts.len().saturating_sub(SAYABLE_OF_INTENT);
            texts.drain(..beyond);
        }
        phrases
    }

    /// Returns everything that simulated callers may say to a flow, each phrase once.
    pub(super) fn all(&self, flow: &FlowDefinition) -> Vec<String> {
        let dialogue = flow.dialogue();
        let asked = flow.nodes.values().flat_map(|node| match node {
            Node::Ask(ask) => ask.expected().map(str::to_owned).collect(),
            _ => Vec::new(),
        });
        let named: BTreeSet<String> = asked
            .chain(dialogue.intents.keys().cloned())
            .chain(SAID_ANYWHERE.iter().map(|intent| (*intent).to_owned()))
            .collect();
        let texts = named.iter().filter_map(|intent| self.by_intent.get(intent));
        let mut all: BTreeSet<String> = texts.flatten().cloned().collect();
        for slot in dialogue.slots.values() {
            let numbers = (1..=9).map(|number: u64| number.to_string());
            let numbers = numbers.chain(slot.options.iter().cloned());
            all.extend(numbers.flat_map(|number| self.with_corrections(slot.kind, &number)));
        }
        all.into_iter().collect()
    }

    /// Returns the ways to say a value, and in Chinese also to correct an earlier value to it.
    fn with_corrections(&self, kind: SlotKind, number: &str) -> Vec<String> {
        let mut values = named_values(kind, number, self.chinese);
        if self.chinese {
            let corrected: Vec<String> = values.iter().map(|value| format!("不是，是{value}")).collect();
            values.extend(corrected);
        }
        values
    }

    /// Returns a random phrase for an intent; unintelligible speech if there is none.
    pub(super) fn say(&self, intent: &str, draw: &mut SplitMix64) -> Turn {
        let texts = self.by_intent.get(intent).map(Vec::as_slice).unwrap_or_default();
        draw.one(texts)
            .map_or(Turn::Mumble, |text| Turn::Say(text.clone()))
    }
}

/// Phrases that the shipped lines do not contain, in Chinese and English.
const FEW: &[(&str, &[&str], &[&str])] = &[
    ("affirm", &["可以", "好的"], &["yes", "sure", "okay"]),
    ("deny", &["不用了", "不需要"], &["no", "no thanks"]),
    (
        "refuse_call",
        &["别再打了", "不要再给我打电话"],
        &["stop calling me"],
    ),
    ("wrong_number", &["你打错了"], &["wrong number"]),
    ("transfer_human", &["转人工"], &["talk to a human"]),
    (
        "swears",
        &["你他妈烦不烦，我要投诉", "滚，别烦我"],
        &["this is a scam, I will complain"],
    ),
    ("deceased", &["他已经去世了"], &["he passed away"]),
    (
        "where_from_my_number",
        &["你怎么有我电话"],
        &["how did you get my number"],
    ),
    ("slower", &["你说慢一点"], &["slow down please"]),
    ("not_interested", &["没兴趣"], &["not interested"]),
    ("busy", &["我在开会"], &["I am busy"]),
    (
        "noise",
        &["呃那个苹果楼下的快递吧", "嗯", "喂喂", "哈哈哈哈今天天气"],
        &["uh", "the parcel is downstairs"],
    ),
];

/// Phrases per intent if the recognizer has a closed vocabulary.
const SAYABLE_OF_INTENT: usize = 2;

/// Intents that callers may express at any question.
const SAID_ANYWHERE: [&str; 18] = [
    "affirm",
    "deny",
    "refuse_call",
    "wrong_number",
    "swears",
    "deceased",
    "busy",
    "noise",
    "who_are_you",
    "is_robot",
    "repeat",
    "ask_fee",
    "too_expensive",
    "ask_process",
    "ask_amount",
    "early_repay",
    "slower",
    "transfer_human",
];

/// Returns the ways in which a slot's value is said; several only for a time.
pub(super) fn named_values(kind: SlotKind, number: &str, chinese: bool) -> Vec<String> {
    let one = |text: String| vec![text];
    match kind {
        SlotKind::Months if chinese => one(format!("{number}期")),
        SlotKind::Integer if chinese => one(format!("{number}分")),
        SlotKind::Time if chinese => TIMES.map(str::to_owned).to_vec(),
        SlotKind::MoneyFen if chinese => one(format!("{number}千元")),
        SlotKind::Time => one("tomorrow at 3 pm".to_owned()),
        SlotKind::Phone | SlotKind::Digits => one("13800138000".to_owned()),
        SlotKind::Text => one("都可以".to_owned()),
        SlotKind::Months | SlotKind::Integer | SlotKind::MoneyFen => one(number.to_owned()),
    }
}

/// Times as callers say them.
const TIMES: [&str; 3] = ["明天下午三点", "后天上午", "下周一"];
