//! Execution of one call of a flow, as pure steps: an input of the callee gives actions of the robot. No
//! clock and no audio; the meaning of an utterance arrives with it.
//!
//! The driver queues prompts, sends `Played` when all have been played, `Silence` when a `Listen` times out
//! after that, and `Keypress` at any time. The notices come first. The call's `KeyRule` decides which keys
//! count outside a menu. After `End`, a fault returns the same `End` again (the last text could not be
//! spoken, the outcome remains), and an opt-out key (谢绝来电) returns its own.

mod ask_node;
mod input;
mod keys;
mod knowledge_answers;
mod run_memory;
mod silent_nodes;
mod utterances;

pub use crate::spoken_turn::UnderstandingResult;
pub use input::{ActNodeAction, FlowAction, FlowInput, FlowPrompt, Interruption, NoticeKind};

use super::graph::FlowDefinition;
use super::nodes::{Ending, Node, NodeKind, Question, Reprompt};
use super::text::{FilledText, fill};
use super::variants::Variants;
use run_memory::RunMemory;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use values::disposition::Outcome;
use values::key_rule::KeyRule;

/// Most node entries and repetitions of one call; at the limit the call ends as failed. It is ten minutes of
/// prompts of three seconds, and less than `call::NODES_MAX`, so that every entry can be recorded.
pub const STEPS_MAX: u32 = 200;

/// Most early keypresses kept for menus that accept keys ahead; further ones are ignored.
const KEYS_AHEAD_MAX: usize = 12;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum RunPhase {
    Notices,
    /// The text of a node without a question is playing.
    Saying,
    /// A question is asked; `played` is set once its text has been played.
    Asking {
        played: bool,
    },
    Ended {
        outcome: Outcome,
    },
}

/// The state of one call in its flow. `step` takes an input and returns the actions for the driver.
#[derive(Debug, Clone)]
pub struct FlowRun {
    graph: Arc<FlowDefinition>,
    rule: KeyRule,
    values: BTreeMap<String, String>,
    node: String,
    doing: RunPhase,
    /// Keys pressed since the last question, for a menu that accepts keys ahead.
    ahead: VecDeque<char>,
    /// The callee opted out: the outcome stays `opted_out` from here on.
    opted_out: bool,
    /// Repetitions in this visit of an ask node.
    replays: u32,
    visits: BTreeMap<String, u32>,
    steps: u32,
    /// A fault occurred; the next one ends the call.
    failed: bool,
    talked: RunMemory,
}

impl FlowRun {
    /// Starts a call with the current key rule. Returns the first actions. `variables` override defaults.
    pub fn begin(
        graph: &Arc<FlowDefinition>,
        variables: &BTreeMap<String, String>,
    ) -> (Self, Vec<FlowAction>) {
        Self::begin_with_key_rule(KeyRule::CURRENT, graph, variables)
    }

    /// Like `begin`, for a replay: with the key rule that the stored `call.answered` names.
    pub fn begin_with_key_rule(
        rule: KeyRule,
        graph: &Arc<FlowDefinition>,
        variables: &BTreeMap<String, String>,
    ) -> (Self, Vec<FlowAction>) {
        let run = Self {
            rule,
            values: values_of(graph, variables),
            node: graph.start.clone(),
            graph: Arc::clone(graph),
            doing: RunPhase::Notices,
            ahead: VecDeque::new(),
            opted_out: false,
            replays: 0,
            visits: BTreeMap::new(),
            steps: 0,
            failed: false,
            talked: RunMemory::offered(graph),
        };
        let notice = |notice, text: &str| FlowAction::Notice {
            notice,
            text: text.to_owned(),
        };
        let notices = &graph.notices;
        let mut actions = vec![notice(NoticeKind::Recording, &notices.recording)];
        actions.extend(notices.ai.as_deref().map(|text| notice(NoticeKind::Ai, text)));
        (run, actions)
    }

    /// Sets the text of call and flow version, before the first step: its hash selects among wordings.
    pub fn of_call(mut self, call: String) -> Self {
        self.talked.call = Some(call);
        self
    }

    /// Returns the flow's language, a BCP 47 tag (`zh-CN`).
    pub fn language(&self) -> &str {
        &self.graph.lang
    }

    /// Returns the current values of the call's variables and slots.
    pub const fn values(&self) -> &BTreeMap<String, String> {
        &self.values
    }

    /// Returns the outcome of the call; `None` until the flow has ended it.
    pub const fn outcome(&self) -> Option<Outcome> {
        match self.doing {
            RunPhase::Ended { outcome } => Some(outcome),
            RunPhase::Notices | RunPhase::Saying | RunPhase::Asking { .. } => None,
        }
    }

    const fn is_over(&self) -> bool {
        matches!(self.doing, RunPhase::Ended { .. })
    }

    /// Returns the node in which the call is; during the notices, the first node.
    pub fn node(&self) -> &str {
        &self.node
    }

    /// Executes one input of the call and returns the actions for the driver, in order.
    pub fn step(&mut self, input: FlowInput<'_>) -> Vec<FlowAction> {
        let mut actions = Vec::new();
        self.note_reason(&input);
        match (self.doing, input) {
            (_, FlowInput::Spoken(said)) => self.take_spoken(said, &mut actions),
            (RunPhase::Asking { .. }, FlowInput::Unheard) => self.handle_unrecognized(&mut actions),
            (_, FlowInput::BargedIn(heard)) => self.take_barge_in(heard, &mut actions),
            (RunPhase::Ended { .. }, FlowInput::SensitiveWord | FlowInput::Unheard) => {}
            (_, FlowInput::SensitiveWord) => self.take_sensitive_word(&mut actions),
            (RunPhase::Notices | RunPhase::Saying, FlowInput::Unheard) => {}
            (_, FlowInput::Deaf) => self.take_deafness(&mut actions),
            (RunPhase::Ended { outcome }, FlowInput::Fault) => {
                actions.extend([FlowAction::StopSaying, FlowAction::End { outcome }]);
            }
            (RunPhase::Ended { .. }, FlowInput::Played | FlowInput::Silence) => {}
            (_, FlowInput::Fault) => self.fail(&mut actions),
            (RunPhase::Notices, FlowInput::Played) => {
                let start = self.node.clone();
                self.enter(start, &mut actions);
            }
            (RunPhase::Saying, FlowInput::Played) => self.go_on(&mut actions),
            (RunPhase::Asking { .. }, FlowInput::Played) => self.doing = RunPhase::Asking { played: true },
            (RunPhase::Asking { played }, FlowInput::Keypress(digit)) => {
                if !played {
                    actions.push(FlowAction::StopSaying);
                }
                self.take_key(digit, &mut actions);
            }
            (RunPhase::Asking { .. }, FlowInput::Silence) => self.take_silence(&mut actions),
            (RunPhase::Notices | RunPhase::Saying | RunPhase::Ended { .. }, FlowInput::Keypress(digit)) => {
                self.take_early_key(digit, &mut actions);
            }
            (RunPhase::Notices | RunPhase::Saying, FlowInput::Silence) => {}
        }
        actions
    }

    /// Continues after a text was played: to the next node, or from a lone answer to the question.
    fn go_on(&mut self, actions: &mut Vec<FlowAction>) {
        let graph = Arc::clone(&self.graph);
        let Some(node) = graph.nodes.get(&self.node).map(Node::kind) else {
            return;
        };
        let next = node.next(&self.talked.facts(&self.values)).map(str::to_owned);
        match next.or_else(|| self.talked.asked.clone().filter(|_| node.answer().is_some())) {
            Some(next) => self.enter(next, actions),
            None if node.answer().is_some() => self.fail(actions),
            None => {}
        }
    }

    fn take_silence(&mut self, actions: &mut Vec<FlowAction>) {
        let graph = Arc::clone(&self.graph);
        if let Some(asked) = question_of(&graph, &self.node) {
            self.reprompt(asked, asked.on_timeout, actions);
        } else if let Some(ask) = graph.nodes.get(&self.node).and_then(|node| node.kind().ask()) {
            self.climb_silence(ask, actions);
        }
    }

    fn reprompt(&mut self, asked: Question<'_>, by: &Reprompt, actions: &mut Vec<FlowAction>) {
        if self.replays >= by.replay {
            self.talked.leave_ladder();
            return self.enter(by.then.clone(), actions);
        }
        if self.count_step(actions) {
            self.replays = self.replays.saturating_add(1);
            self.ask(asked, actions);
        }
    }

    fn ask(&mut self, question: Question<'_>, actions: &mut Vec<FlowAction>) {
        self.say_text(question.text, None, actions);
        actions.push(FlowAction::Listen {
            silence_ms: question.timeout_ms,
        });
        self.doing = RunPhase::Asking { played: false };
    }

    fn say(&self, text: &str, prompt: FlowPrompt, actions: &mut Vec<FlowAction>) {
        let FilledText {
            text,
            personal,
            parts,
        } = fill(text, &self.spoken_values());
        actions.push(FlowAction::Say {
            text,
            personal,
            parts,
            prompt,
        });
    }

    /// Says a node's own text: in the wording for the customer's offer, else in the one of this call.
    fn say_text(&self, text: &str, variants: Option<&Variants>, actions: &mut Vec<FlowAction>) {
        if let Some((offer, wording)) = self.offered_wording() {
            return self.say(wording, self.prompt(&format!("by_offer.{offer}")), actions);
        }
        let call = self.talked.call.as_deref();
        let chosen = variants.zip(call);
        let chosen = chosen.and_then(|(variants, call)| variants.chosen(call, &self.node));
        let prompt = FlowPrompt {
            variant: chosen.map(|(name, _)| name.to_owned()),
            ..self.prompt("text")
        };
        self.say(chosen.map_or(text, |(_, arm)| &arm.text), prompt, actions);
    }

    /// Says the text or the answer of a node that waits for no input; nothing if it has neither.
    fn say_node(&mut self, node: &dyn NodeKind, actions: &mut Vec<FlowAction>) {
        let graph = Arc::clone(&self.graph);
        let answer = node.answer().and_then(|id| graph.dialogue().answers.get(id));
        match (node.text(), answer) {
            (Some(text), _) => self.say_text(text, node.variants(), actions),
            (None, Some(answer)) => {
                let prompt = self.prompt("answer");
                self.say(&answer.text, prompt, actions);
            }
            (None, None) => return,
        }
        self.doing = RunPhase::Saying;
    }

    fn spoken_values(&self) -> BTreeMap<String, String> {
        let spoken = |(name, value): (&String, &String)| {
            if let Some(slot) = self.slots().get(name) {
                return (name.clone(), slot.kind.spoken(value, &self.graph.lang));
            }
            let kind = self.graph.variables.get(name).map(|variable| variable.kind);
            (name.clone(), kind.unwrap_or_default().spoken(value))
        };
        self.values.iter().map(spoken).collect()
    }

    /// Enters `first` and the nodes after it until one speaks or asks, or the call ends.
    fn enter(&mut self, first: String, actions: &mut Vec<FlowAction>) {
        let graph = Arc::clone(&self.graph);
        let mut next = first;
        while self.count_step(actions) {
            let Some(node) = graph.nodes.get(&next) else {
                return self.fail(actions);
            };
            let node = node.kind();
            if let Some(instead) = self.visit(&next, node) {
                next = instead;
                continue;
            }
            self.node.clone_from(&next);
            self.replays = 0;
            self.talked.enter(&next);
            actions.push(FlowAction::EnterNode { node: next.clone() });
            if let Some(act) = node.act() {
                self.perform(act, actions);
            }
            match self.resolve_silent_node(node, actions) {
                Some(Some(silent)) => next = silent,
                Some(None) => return self.fail(actions),
                None => return self.act(node, actions),
            }
        }
    }

    /// Counts an entry of a node. If its visit limit is reached, returns the node to enter instead.
    fn visit(&mut self, name: &str, node: &dyn NodeKind) -> Option<String> {
        let bound = node.visits()?;
        let count = self.visits.entry(name.to_owned()).or_default();
        if *count >= bound.max {
            return Some(bound.then.clone());
        }
        *count = count.saturating_add(1);
        None
    }

    fn act(&mut self, node: &dyn NodeKind, actions: &mut Vec<FlowAction>) {
        if let Some(ending) = node.ending() {
            return self.say_last(node.text(), ending, actions);
        }
        if let Some(question) = node.question() {
            if self.rule.knows_spoken_nodes() {
                self.talked.asked = Some(self.node.clone());
            }
            return match question.take_ahead(&mut self.ahead) {
                Some(digit) => self.take_key(digit, actions),
                None => self.ask(question, actions),
            };
        }
        if let Some(ask) = node.ask() {
            return self.begin_ask(ask, actions);
        }
        self.say_node(node, actions);
    }

    fn say_last(&mut self, text: Option<&str>, ending: Ending, actions: &mut Vec<FlowAction>) {
        if ending.transfer {
            actions.push(self.transfer());
        }
        if ending.opt_out {
            self.note_opt_out(actions);
        }
        if let Some(text) = text {
            self.say_text(text, None, actions);
        }
        self.end(ending.outcome, actions);
    }

    fn end(&mut self, outcome: Outcome, actions: &mut Vec<FlowAction>) {
        let outcome = match self.opted_out {
            true => Outcome::OptedOut,
            false => outcome,
        };
        actions.push(FlowAction::End { outcome });
        self.doing = RunPhase::Ended { outcome };
    }

    /// Handles a fault: the call's first leads to the exception branch, the second ends it as failed.
    fn fail(&mut self, actions: &mut Vec<FlowAction>) {
        actions.push(FlowAction::StopSaying);
        if self.failed {
            return self.end(Outcome::Failed, actions);
        }
        self.note_failed();
        let graph = Arc::clone(&self.graph);
        let node = graph.nodes.get(&self.node).map(Node::kind);
        let own = node.and_then(NodeKind::on_exception);
        self.enter(own.unwrap_or(&graph.on_exception).to_owned(), actions);
    }

    /// Counts a step of the call. At `STEPS_MAX` ends the call as failed and returns false.
    fn count_step(&mut self, actions: &mut Vec<FlowAction>) -> bool {
        if self.steps >= STEPS_MAX {
            actions.push(FlowAction::StopSaying);
            self.end(Outcome::Failed, actions);
            return false;
        }
        self.steps = self.steps.saturating_add(1);
        true
    }
}

fn question_of<'a>(graph: &'a FlowDefinition, node: &str) -> Option<Question<'a>> {
    graph.nodes.get(node)?.kind().question()
}

fn values_of(graph: &FlowDefinition, variables: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let default = |(name, variable): (&String, &super::variable::Variable)| {
        Some((name.clone(), variable.default.clone()?))
    };
    let mut values: BTreeMap<_, _> = graph.variables.iter().filter_map(default).collect();
    let given = variables.iter().filter(|(_, value)| !value.trim().is_empty());
    let given = given.filter(|(name, _)| !graph.dialogue().slots.contains_key(*name));
    values.extend(given.map(|(name, value)| (name.clone(), value.clone())));
    values
}
