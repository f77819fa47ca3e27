//! One pure step of a flow: what the callee did, and what the robot does next. No clock, no sound.
//!
//! The driver queues what it is told to say, feeds `Played` when all of it has been played, `Silence` when
//! a `Listen` ran out after that, and `Keypress` at any time. The notices come first. Which keys count
//! while no menu is asked is the call's `KeyRule`. After `End` a fault is answered by the same `End` again
//! (the last text could not be spoken, and the outcome stands), and 谢绝来电 by its own.

use super::graph::FlowDefinition;
use super::nodes::{Ending, Node, NodeKind, Question, Reprompt};
use super::text::{Filled, fill};
use crate::disposition::Outcome;
use crate::key_rule::KeyRule;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

/// Most node entries and replays of one call; beyond it the call ends as failed. Ten minutes of prompts of
/// three seconds; less than `call::NODES_MAX`, so that every entry can be recorded.
pub const STEPS_MAX: u32 = 200;

/// Most keys kept for menus that take them ahead; who presses more presses at random.
const KEYS_AHEAD_MAX: usize = 12;

/// What happened on the line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FlowInput {
    /// Everything queued so far has been played.
    Played,
    Keypress(char),
    /// The `Listen`'s time ran out.
    Silence,
    /// Something of ours failed: speech, store or line.
    Fault,
}

/// Which notice is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum NoticeKind {
    Recording,
    Ai,
}

/// What the driver does, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FlowAction {
    Notice {
        notice: NoticeKind,
        text: String,
    },
    EnterNode {
        node: String,
    },
    /// `personal`: a variable was filled in.
    Say {
        text: String,
        personal: bool,
    },
    /// Drops what plays and what is queued: a key was pressed (barge-in), or something failed.
    StopSaying,
    /// Waits for a key, after what is queued has been played.
    Listen {
        silence_ms: u64,
    },
    RequestTransfer {
        node: String,
    },
    /// The callee's number, everywhere.
    OptOut,
    /// Says what is queued first, then hangs up.
    End {
        outcome: Outcome,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Doing {
    Notices,
    /// A say node plays.
    Saying,
    /// An ask node; `played` once its text has been played.
    Asking {
        played: bool,
    },
    Ended {
        outcome: Outcome,
    },
}

/// Where one call is in its flow.
#[derive(Debug, Clone)]
pub struct FlowRun {
    graph: Arc<FlowDefinition>,
    rule: KeyRule,
    values: BTreeMap<String, String>,
    node: String,
    doing: Doing,
    /// Pressed since the last question, for a menu that takes keys ahead.
    ahead: VecDeque<char>,
    /// 谢绝来电 was pressed: nothing that follows makes another outcome of it.
    opted_out: bool,
    /// Replays in this visit of an ask node.
    replays: u32,
    visits: BTreeMap<String, u32>,
    steps: u32,
    /// A fault was met; the next one ends the call.
    failed: bool,
}

impl FlowRun {
    /// Begins with the notices, by the rule of today's calls. `variables` are the enrolment's; defaults fill
    /// in what is missing.
    pub fn begin(
        graph: &Arc<FlowDefinition>,
        variables: &BTreeMap<String, String>,
    ) -> (Self, Vec<FlowAction>) {
        Self::begin_by(KeyRule::CURRENT, graph, variables)
    }

    /// Begins as a stored call did, by the rule that its `call.answered` names.
    pub fn begin_by(
        rule: KeyRule,
        graph: &Arc<FlowDefinition>,
        variables: &BTreeMap<String, String>,
    ) -> (Self, Vec<FlowAction>) {
        let run = Self {
            rule,
            values: values_of(graph, variables),
            node: graph.start.clone(),
            graph: Arc::clone(graph),
            doing: Doing::Notices,
            ahead: VecDeque::new(),
            opted_out: false,
            replays: 0,
            visits: BTreeMap::new(),
            steps: 0,
            failed: false,
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

    /// The node the call is in; during the notices, the one it will begin with.
    pub fn node(&self) -> &str {
        &self.node
    }

    /// One step.
    pub fn step(&mut self, input: FlowInput) -> Vec<FlowAction> {
        let mut actions = Vec::new();
        match (self.doing, input) {
            (Doing::Ended { outcome }, FlowInput::Fault) => {
                actions.extend([FlowAction::StopSaying, FlowAction::End { outcome }]);
            }
            (Doing::Ended { .. }, FlowInput::Played | FlowInput::Silence) => {}
            (_, FlowInput::Fault) => self.fail(&mut actions),
            (Doing::Notices, FlowInput::Played) => {
                let start = self.node.clone();
                self.enter(start, &mut actions);
            }
            (Doing::Saying, FlowInput::Played) => self.go_on(&mut actions),
            (Doing::Asking { .. }, FlowInput::Played) => self.doing = Doing::Asking { played: true },
            (Doing::Asking { played }, FlowInput::Keypress(digit)) => {
                if !played {
                    actions.push(FlowAction::StopSaying);
                }
                self.take_key(digit, &mut actions);
            }
            (Doing::Asking { .. }, FlowInput::Silence) => self.take_silence(&mut actions),
            (Doing::Notices | Doing::Saying | Doing::Ended { .. }, FlowInput::Keypress(digit)) => {
                self.take_early_key(digit, &mut actions);
            }
            (Doing::Notices | Doing::Saying, FlowInput::Silence) => {}
        }
        actions
    }

    /// From a node that has been played to the next.
    fn go_on(&mut self, actions: &mut Vec<FlowAction>) {
        let graph = Arc::clone(&self.graph);
        let node = graph.nodes.get(&self.node).map(Node::kind);
        if let Some(next) = node.and_then(|node| node.next(&self.values)) {
            self.enter(next.to_owned(), actions);
        }
    }

    fn take_key(&mut self, digit: char, actions: &mut Vec<FlowAction>) {
        let graph = Arc::clone(&self.graph);
        let Some(asked) = question_of(&graph, &self.node) else {
            return;
        };
        let Some(next) = asked.node_of(digit) else {
            if let Some(refused) = self.refusal_of(digit) {
                return self.opt_out(refused, actions);
            }
            return self.reprompt(asked, asked.on_other, actions);
        };
        let set = asked.set_by(digit);
        self.values
            .extend(set.map(|(name, value)| (name.clone(), value.clone())));
        if self.rule == KeyRule::OptOutAnywhere && self.graph.ends_as_opt_out(next) {
            return self.opt_out(next.to_owned(), actions);
        }
        self.enter(next.to_owned(), actions);
    }

    /// A key while no menu is asked: 谢绝来电 at once; any other waits for a menu that takes keys ahead.
    fn take_early_key(&mut self, digit: char, actions: &mut Vec<FlowAction>) {
        if let Some(refused) = self.refusal_of(digit) {
            actions.push(FlowAction::StopSaying);
            self.opt_out(refused, actions);
        } else if self.rule == KeyRule::OptOutAnywhere && self.ahead.len() < KEYS_AHEAD_MAX {
            self.ahead.push_back(digit);
        }
    }

    /// Where a key leads that refuses further calls wherever it is pressed; once per call.
    fn refusal_of(&self, digit: char) -> Option<String> {
        let counts = self.rule == KeyRule::OptOutAnywhere && !self.opted_out;
        let node = self.graph.opt_out_node(digit).filter(|_| counts)?;
        Some(node.to_owned())
    }

    /// The opt-out comes before all that is said of it: no limit and no fault on the way may lose it.
    fn opt_out(&mut self, refused: String, actions: &mut Vec<FlowAction>) {
        self.note_opt_out(actions);
        self.enter(refused, actions);
    }

    fn note_opt_out(&mut self, actions: &mut Vec<FlowAction>) {
        if !self.opted_out {
            self.opted_out = true;
            actions.push(FlowAction::OptOut);
        }
    }

    fn take_silence(&mut self, actions: &mut Vec<FlowAction>) {
        let graph = Arc::clone(&self.graph);
        if let Some(asked) = question_of(&graph, &self.node) {
            self.reprompt(asked, asked.on_timeout, actions);
        }
    }

    fn reprompt(&mut self, asked: Question<'_>, by: &Reprompt, actions: &mut Vec<FlowAction>) {
        if self.replays >= by.replay {
            return self.enter(by.then.clone(), actions);
        }
        if self.count_step(actions) {
            self.replays = self.replays.saturating_add(1);
            self.ask(asked, actions);
        }
    }

    fn ask(&mut self, question: Question<'_>, actions: &mut Vec<FlowAction>) {
        self.say(question.text, actions);
        actions.push(FlowAction::Listen {
            silence_ms: question.timeout_ms,
        });
        self.doing = Doing::Asking { played: false };
    }

    fn say(&self, text: &str, actions: &mut Vec<FlowAction>) {
        let Filled { text, personal } = fill(text, &self.spoken_values());
        actions.push(FlowAction::Say { text, personal });
    }

    fn spoken_values(&self) -> BTreeMap<String, String> {
        let spoken = |(name, value): (&String, &String)| {
            let kind = self.graph.variables.get(name).map(|variable| variable.kind);
            (name.clone(), kind.unwrap_or_default().spoken(value))
        };
        self.values.iter().map(spoken).collect()
    }

    /// Enters nodes until one says something or the call ends.
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
            actions.push(FlowAction::EnterNode { node: next.clone() });
            match node.next(&self.values) {
                Some(silent) if node.text().is_none() => silent.clone_into(&mut next),
                Some(_) | None => return self.act(node, actions),
            }
        }
    }

    /// Counts a visit; where the node's visits are used up, the node that takes its place.
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
            return match question.take_ahead(&mut self.ahead) {
                Some(digit) => self.take_key(digit, actions),
                None => self.ask(question, actions),
            };
        }
        if let Some(text) = node.text() {
            self.say(text, actions);
            self.doing = Doing::Saying;
        }
    }

    fn say_last(&mut self, text: Option<&str>, ending: Ending, actions: &mut Vec<FlowAction>) {
        if ending.transfer {
            actions.push(FlowAction::RequestTransfer {
                node: self.node.clone(),
            });
        }
        if ending.opt_out {
            self.note_opt_out(actions);
        }
        if let Some(text) = text {
            self.say(text, actions);
        }
        self.end(ending.outcome, actions);
    }

    fn end(&mut self, outcome: Outcome, actions: &mut Vec<FlowAction>) {
        let outcome = if self.opted_out {
            Outcome::OptedOut
        } else {
            outcome
        };
        actions.push(FlowAction::End { outcome });
        self.doing = Doing::Ended { outcome };
    }

    /// The exception branch, once; a second fault ends the call.
    fn fail(&mut self, actions: &mut Vec<FlowAction>) {
        actions.push(FlowAction::StopSaying);
        if self.failed {
            return self.end(Outcome::Failed, actions);
        }
        self.failed = true;
        let graph = Arc::clone(&self.graph);
        let node = graph.nodes.get(&self.node).map(Node::kind);
        let own = node.and_then(NodeKind::on_exception);
        self.enter(own.unwrap_or(&graph.on_exception).to_owned(), actions);
    }

    /// False when the limit is reached: the call ends as failed.
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
    values.extend(given.map(|(name, value)| (name.clone(), value.clone())));
    values
}
