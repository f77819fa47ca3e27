//! One rehearsed call as text, in virtual time: the caller's turns go in, the flow's actions come out, and
//! the result records what was heard and when.

use super::caller::{Caller, Turn};
use super::listener::Listener;
use super::recorder::Recorder;
use super::sound::RehearsalLine;
use domain::disposition::Outcome;
use domain::flow::{FlowAction, FlowDefinition, FlowInput, FlowRun, Interruption};
use domain::time::Timestamp;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Most inputs of one rehearsed call. With more, the call counts as stuck.
const INPUTS_MAX: u32 = 600;

/// The result of one rehearsed call.
#[derive(Debug, Default)]
pub(super) struct RehearsedCallResult {
    pub(super) outcome: Option<Outcome>,
    /// True if the caller hung up before the flow ended.
    pub(super) hung_up: bool,
    pub(super) turns: u64,
    pub(super) abstained: u64,
    /// Longest silence of both sides, in milliseconds.
    pub(super) silence_ms_max: u64,
    /// Duration of the call, in milliseconds.
    pub(super) talk_ms: u64,
    pub(super) nodes: BTreeSet<String>,
    /// Pairs of nodes that were entered directly one after the other.
    pub(super) edges: BTreeSet<(String, String)>,
    /// The rules that made decisions.
    pub(super) rules: BTreeSet<String>,
    /// The commands that a driver would have sent, if they are recorded.
    pub(super) recorder: Option<Recorder>,
}

/// A simulated call in progress.
struct Call<'a, 'line> {
    run: FlowRun,
    listener: &'a Listener,
    line: RehearsalLine<'line>,
    begins: Timestamp,
    talked: RehearsedCallResult,
    at: String,
    flow: &'a FlowDefinition,
    /// Number of visits per node.
    entered: BTreeMap<String, u32>,
    /// Duration of the queued texts, in milliseconds.
    queued_ms: u64,
    /// Time that the flow waits for an answer after them, in milliseconds.
    listens_ms: Option<u64>,
    over: bool,
}

/// What one rehearsed call is run with.
pub(super) struct RehearsedCallInput<'a, 'line> {
    pub(super) flow: &'a Arc<FlowDefinition>,
    pub(super) values: &'a BTreeMap<String, String>,
    /// Text that selects one of several wordings.
    pub(super) call: String,
    /// The offer of the flow that the caller gets. Default: none.
    pub(super) offer: Option<&'a str>,
    pub(super) listener: &'a Listener,
    pub(super) begins: Timestamp,
    pub(super) recorder: Option<Recorder>,
    pub(super) line: RehearsalLine<'line>,
}

/// Runs one rehearsed call to its end, in virtual time.
pub(super) fn talk(rehearsed: RehearsedCallInput<'_, '_>, caller: &mut Caller<'_>) -> RehearsedCallResult {
    let (run, first) = FlowRun::begin(rehearsed.flow, rehearsed.values);
    let mut call = Call {
        run: run.of_call(rehearsed.call).of_offer(rehearsed.offer),
        listener: rehearsed.listener,
        line: rehearsed.line,
        begins: rehearsed.begins,
        talked: RehearsedCallResult {
            recorder: rehearsed.recorder,
            ..RehearsedCallResult::default()
        },
        at: String::new(),
        flow: rehearsed.flow,
        entered: BTreeMap::new(),
        queued_ms: 0,
        listens_ms: None,
        over: false,
    };
    call.act(first);
    let mut inputs = 0;
    while !call.over && inputs < INPUTS_MAX {
        inputs += 1;
        call.turn(caller);
    }
    call.talked.talk_ms = call.talked.talk_ms.saturating_add(call.queued_ms);
    call.talked
}

impl Call<'_, '_> {
    fn now(&self) -> Timestamp {
        self.begins.plus_ms(self.talked.talk_ms)
    }

    /// Processes the next thing that happens: an action of the caller, or the end of the queued texts.
    fn turn(&mut self, caller: &mut Caller<'_>) {
        if self.listens_ms.is_none() {
            if let Some(turn) = caller.speaks_into() {
                self.take(turn, 0);
                if self.over {
                    return;
                }
            }
            if self.listens_ms.is_none() {
                self.pass(self.queued_ms);
                return self.step(FlowInput::Played);
            }
        }
        let turn = caller.answers(&self.run);
        let thinks_ms = caller.thinks_ms();
        self.talked.turns = self.talked.turns.saturating_add(1);
        self.take(turn, thinks_ms);
    }

    fn take(&mut self, turn: Turn, thinks_ms: u64) {
        match turn {
            Turn::Interrupt(text) => {
                // In the middle of the text.
                let said_ms = self.queued_ms / 2;
                self.talked.talk_ms = self.talked.talk_ms.saturating_add(said_ms);
                self.queued_ms = 0;
                let chars = u32::try_from(text.chars().count()).ok();
                self.step(FlowInput::BargedIn(Interruption {
                    said_ms,
                    voiced_ms: 400,
                    chars,
                }));
                self.hear(&text);
            }
            Turn::Say(text) => {
                self.wait_for(thinks_ms);
                self.hear(&text);
            }
            Turn::Press(digit) => {
                self.wait_for(thinks_ms);
                self.step(FlowInput::Keypress(digit));
            }
            Turn::Mumble => {
                self.wait_for(thinks_ms);
                self.pass(1_000);
                self.step(FlowInput::Unheard);
            }
            Turn::Fault => self.step(FlowInput::Fault),
            Turn::Nothing => {
                self.pass(self.queued_ms);
                let waited_ms = self.listens_ms.unwrap_or_default();
                self.step(FlowInput::Played);
                if !self.over {
                    self.fall_silent(waited_ms);
                    self.step(FlowInput::Silence);
                }
            }
            Turn::HangUp => {
                self.talked.hung_up = true;
                self.over = true;
            }
        }
    }

    /// Plays the queued texts to their end, then waits in silence while the caller thinks.
    fn wait_for(&mut self, thinks_ms: u64) {
        if self.listens_ms.is_some() {
            self.pass(self.queued_ms);
            self.step(FlowInput::Played);
        }
        self.fall_silent(thinks_ms);
    }

    fn fall_silent(&mut self, silence_ms: u64) {
        self.talked.silence_ms_max = self.talked.silence_ms_max.max(silence_ms);
        self.pass(silence_ms);
    }

    fn pass(&mut self, ms: u64) {
        self.talked.talk_ms = self.talked.talk_ms.saturating_add(ms);
        self.queued_ms = 0;
    }

    fn hear(&mut self, said: &str) {
        let sounded = self.line.carries(said);
        self.talked.talk_ms = self.talked.talk_ms.saturating_add(sounded.spoken_ms);
        let text = sounded.made_out.as_str();
        if text.is_empty() {
            return self.step(FlowInput::Unheard);
        }
        let understood = self.listener.understand(text, &self.run, self.now());
        let ends_ms = self.talked.talk_ms;
        if let Some(recorder) = &mut self.talked.recorder {
            let begins_ms = ends_ms.saturating_sub(sounded.spoken_ms);
            let model = self.listener.model.as_deref();
            recorder.heard(self.run.node(), text, [begins_ms, ends_ms], &understood, model);
        }
        let sure = understood.reading.certainty;
        let actions = self.run.step(FlowInput::Spoken(&understood));
        if sure == domain::spoken_turn::Certainty::Abstained {
            self.talked.abstained = self.talked.abstained.saturating_add(1);
        }
        let ignored = !actions
            .iter()
            .any(|action| matches!(action, FlowAction::Say { .. } | FlowAction::End { .. }));
        self.act(actions);
        // A back-channel sound is not an answer. The wait continues, and then counts as silence.
        if ignored && !self.over && self.listens_ms.is_some() {
            let waited_ms = self.listens_ms.unwrap_or_default();
            self.fall_silent(waited_ms);
            self.step(FlowInput::Silence);
        }
    }

    fn step(&mut self, input: FlowInput<'_>) {
        let waited_ms = self.listens_ms;
        if let Some(recorder) = &mut self.talked.recorder {
            recorder.happened(&self.run, input, waited_ms);
        }
        let actions = self.run.step(input);
        self.act(actions);
    }

    fn act(&mut self, actions: Vec<FlowAction>) {
        if let Some(recorder) = &mut self.talked.recorder {
            recorder.did(&actions, &self.at);
        }
        for action in actions {
            match action {
                FlowAction::Notice { text, .. } | FlowAction::Say { text, .. } => {
                    let said_ms = self.line.said_ms(&text);
                    self.queued_ms = self.queued_ms.saturating_add(said_ms);
                    self.listens_ms = None;
                }
                FlowAction::Listen { silence_ms } => self.listens_ms = Some(silence_ms),
                FlowAction::StopSaying => self.queued_ms = 0,
                FlowAction::EnterNode { node } => {
                    self.listens_ms = None;
                    // A node with no visits left is passed without being entered.
                    if let Some(passed) = self.flow.find_exhausted_node(&self.at, &node, &self.entered) {
                        self.talked.edges.insert((self.at.clone(), passed.to_owned()));
                        self.talked.edges.insert((passed.to_owned(), node.clone()));
                    }
                    *self.entered.entry(node.clone()).or_default() += 1;
                    self.talked.edges.insert((self.at.clone(), node.clone()));
                    self.talked.nodes.insert(node.clone());
                    self.at = node;
                }
                FlowAction::Decide { decision } => {
                    self.talked.rules.insert(decision.rule);
                }
                FlowAction::End { outcome } => {
                    self.talked.outcome = Some(outcome);
                    self.over = true;
                }
                FlowAction::SpeakSlower
                | FlowAction::Intend { .. }
                | FlowAction::RequestTransfer { .. }
                | FlowAction::OptOut => {}
            }
        }
    }
}
