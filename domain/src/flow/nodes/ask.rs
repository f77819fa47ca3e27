//! The `ask` node: a question that the callee answers by speech or keypress. Intents, slots and keys lead to
//! other nodes; silence and unclear answers follow a reprompt ladder.

use super::super::dialogue::{AFFIRM, DENY};
use super::super::fault::DefinitionFault;
use super::super::variants::Variants;
use super::ask_keypress::check_keys;
use super::node_kind::{
    NodeContext, NodeKind, NodeReference, VisitLimit, check_range, offers_of, undefined, wordings,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Longest permitted wait for an answer, in milliseconds: the callee should not hear silence for more than
/// three seconds.
pub const ANSWER_WAIT_MAX_MS: u64 = 3_000;

/// Shortest permitted wait for an answer, in milliseconds: people need a second to think.
pub const ANSWER_WAIT_MIN_MS: u64 = 1_000;

/// Most steps of one reprompt ladder; more are a fault.
pub const RUNGS_MAX: usize = 5;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "AskNode")]
pub struct AskNode {
    pub text: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variants: Option<Variants>,
    /// Texts that replace `text`, by offer. The plain offer uses `text`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub by_offer: BTreeMap<String, String>,
    /// The kind of answer that the node expects.
    pub expect: ExpectedInput,
    /// Next node by intent.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub intents: BTreeMap<String, String>,
    /// Next node for any other accepted intent that no global intent handles.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub otherwise: Option<String>,
    /// Next node by key.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub keys: BTreeMap<String, String>,
    /// Slots and variables that a key sets: by key, then by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub set: BTreeMap<String, BTreeMap<String, String>>,
    /// Slots that the question asks for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub slots: Vec<String>,
    /// Next node once all of `slots` have a value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_filled: Option<String>,
    /// Confirmation wording for uncertain intents in this node. Default: the dialogue's wording.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirm: Option<String>,
    /// Silence timeout after a text, in milliseconds.
    pub timeout_ms: u64,
    pub on_silence: Ladder,
    pub on_unclear: Ladder,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub barge_in: Option<BargeIn>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub visits: Option<VisitLimit>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_exception: Option<String>,
}

/// The kind of answer that a node expects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ExpectedInput {
    Speech,
    /// Only a key answers. Speech can still trigger global intents, correct a slot or get an answer.
    Keypress,
    Both,
}

/// The reprompt ladder of one visit: other wordings in order, then the node's text again, then another node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Ladder {
    /// Wordings, one per step, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub say: Vec<String>,
    /// How many times the node's text is repeated after the wordings.
    #[serde(default)]
    pub replay: u32,
    pub then: String,
}

/// One step of a reprompt ladder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::flow) enum LadderStep<'a> {
    /// Says a wording; with its index in `say`.
    Say(usize, &'a str),
    Replay,
    Leave(&'a str),
}

/// When the callee may interrupt the node's text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BargeIn {
    /// False: the text is played to its end.
    #[serde(default = "yes")]
    pub allowed: bool,
    /// Milliseconds from the start of the text in which it cannot be interrupted.
    #[serde(default)]
    pub protect_ms: u64,
    /// Milliseconds of voice that count as an interruption.
    #[serde(default = "voiced")]
    pub voiced_ms: u64,
    /// Recognized characters that count as an interruption, if the recognizer gives partial results.
    #[serde(default = "two")]
    pub chars_min: u32,
}

impl Default for BargeIn {
    fn default() -> Self {
        Self {
            allowed: true,
            protect_ms: 0,
            voiced_ms: voiced(),
            chars_min: two(),
        }
    }
}

const fn yes() -> bool {
    true
}
const fn voiced() -> u64 {
    300
}
const fn two() -> u32 {
    2
}

impl Ladder {
    /// Returns the ladder's next step after `taken` steps: the wordings in order, then repetitions of the
    /// text, then leaving to `then`.
    pub(in crate::flow) fn rung(&self, taken: u32) -> LadderStep<'_> {
        let place = usize::try_from(taken).unwrap_or(usize::MAX);
        if let Some(text) = self.say.get(place) {
            return LadderStep::Say(place, text);
        }
        let replays = place.saturating_sub(self.say.len());
        if u32::try_from(replays).is_ok_and(|replays| replays < self.replay) {
            return LadderStep::Replay;
        }
        LadderStep::Leave(&self.then)
    }
}

impl AskNode {
    /// Returns the node to which a key leads; `None` for a key without a node.
    pub(in crate::flow) fn node_of(&self, digit: char) -> Option<&str> {
        let node = self.keys.get(digit.encode_utf8(&mut [0; 4]));
        node.map(String::as_str)
    }

    /// Returns the slots and variables that a key sets, with their values.
    pub(in crate::flow) fn set_by(&self, digit: char) -> impl Iterator<Item = (&String, &String)> {
        let set = self.set.get(digit.encode_utf8(&mut [0; 4]));
        set.into_iter().flatten()
    }

    /// Returns the intents that lead to a node from here. The classifier expects these.
    pub fn expected(&self) -> impl Iterator<Item = &str> {
        self.intents.keys().map(String::as_str)
    }

    /// Returns the one of affirm and deny that leads nowhere, if the other one leads to a node. `None` for
    /// a node with keys.
    pub(in crate::flow) fn missing_branch(&self) -> Option<&'static str> {
        // With keys, the binding answer is a key, whatever the callee says.
        if !self.keys.is_empty() {
            return None;
        }
        let goes_on = |intent: &str| self.intents.contains_key(intent) || self.otherwise.is_some();
        match (goes_on(AFFIRM), goes_on(DENY)) {
            (true, false) => Some(DENY),
            (false, true) => Some(AFFIRM),
            (true, true) | (false, false) => None,
        }
    }
}

impl NodeKind for AskNode {
    fn text(&self) -> Option<&str> {
        Some(&self.text)
    }

    fn further_texts(&self) -> Vec<(String, &str)> {
        let arms = self.variants.iter().flat_map(|variants| &variants.arms);
        let mut found: Vec<_> = arms
            .map(|(name, arm)| (format!("variants.arms.{name}.text"), arm.text.as_str()))
            .collect();
        for (member, ladder) in [("on_silence", &self.on_silence), ("on_unclear", &self.on_unclear)] {
            let texts = ladder.say.iter().enumerate();
            found.extend(texts.map(|(place, text)| (format!("{member}.say[{place}]"), text.as_str())));
        }
        found.extend(wordings(&self.by_offer));
        found
    }

    fn wording_of(&self, offer: &str) -> Option<&str> {
        self.by_offer.get(offer).map(String::as_str)
    }

    fn offers(&self) -> Vec<(String, &str)> {
        offers_of(&self.by_offer)
    }

    fn targets(&self) -> Vec<NodeReference<'_>> {
        let intents = self.intents.iter();
        let keys = self.keys.iter();
        let mut found: Vec<_> = intents
            .map(|(intent, node)| NodeReference::by_callee(format!("intents.{intent}"), node))
            .chain(keys.map(|(key, node)| NodeReference::by_callee(format!("keys.{key}"), node)))
            .collect();
        found.extend(
            self.otherwise
                .as_deref()
                .map(|node| NodeReference::by_callee("otherwise", node)),
        );
        found.extend(
            self.on_filled
                .as_deref()
                .map(|node| NodeReference::by_callee("on_filled", node)),
        );
        found.push(NodeReference::by_callee("on_silence.then", &self.on_silence.then));
        found.push(NodeReference::by_callee("on_unclear.then", &self.on_unclear.then));
        found.extend(self.visits.as_ref().map(VisitLimit::target));
        found
    }

    fn ask(&self) -> Option<&AskNode> {
        Some(self)
    }

    fn key_target(&self, digit: char) -> Option<&str> {
        self.node_of(digit)
    }

    fn variants(&self) -> Option<&Variants> {
        self.variants.as_ref()
    }

    fn visits(&self) -> Option<&VisitLimit> {
        self.visits.as_ref()
    }

    fn on_exception(&self) -> Option<&str> {
        self.on_exception.as_deref()
    }

    fn sets(&self, variable: &str) -> bool {
        let by_key = self.set.values().any(|set| set.contains_key(variable));
        by_key || self.slots.iter().any(|slot| slot == variable)
    }

    fn check(&self, place: &NodeContext<'_>, faults: &mut Vec<DefinitionFault>) {
        let wait = ANSWER_WAIT_MIN_MS..=ANSWER_WAIT_MAX_MS;
        check_range(place.member("timeout_ms"), self.timeout_ms, wait, faults);
        for (member, ladder) in [("on_silence", &self.on_silence), ("on_unclear", &self.on_unclear)] {
            let rungs = u64::try_from(ladder.say.len())
                .unwrap_or(u64::MAX)
                .saturating_add(ladder.replay.into());
            let most = u64::try_from(RUNGS_MAX).unwrap_or(u64::MAX);
            check_range(place.member(member), rungs, 0..=most, faults);
        }
        for slot in &self.slots {
            if !place.dialogue.slots.contains_key(slot) {
                faults.push(undefined(&place.member("slots"), slot));
            }
        }
        if self.slots.is_empty() != self.on_filled.is_none() {
            faults.push(DefinitionFault::SlotsWithoutNext {
                node: place.node.to_owned(),
            });
        }
        let by_word = !self.intents.is_empty() || !self.slots.is_empty() || self.otherwise.is_some();
        let lacks = match self.expect {
            ExpectedInput::Speech => !by_word || !self.keys.is_empty(),
            ExpectedInput::Keypress => self.keys.is_empty() || by_word,
            ExpectedInput::Both => !by_word || self.keys.is_empty(),
        };
        if lacks {
            faults.push(DefinitionFault::NotAsExpected {
                node: place.node.to_owned(),
            });
        }
        check_keys(place, &self.keys, &self.set, faults);
        if let Some(variants) = &self.variants {
            variants.check(&place.member("variants"), faults);
        }
    }
}
