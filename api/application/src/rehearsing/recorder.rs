//! Records a rehearsed call as its driver would have: the commands to the call, in the driver's order. For
//! proofs and demonstrations that need recorded calls without a line.

use domain::call::command::CallCommand;
use domain::call::{BargedInFact, HeardFact, SaidFact, SilenceFact, TurnFact, UnderstandingFact};
use domain::flow::{FlowAction, FlowInput, FlowRun, UnderstandingResult};
use domain::personal::Personal;

/// Name of the recognizer in recorded calls: there was none.
const ENGINE: &str = "rehearsal";

/// The leg of every rehearsed call.
const LEG: u8 = 1;

/// The commands of a rehearsed call, recorded as its driver would have sent them.
#[derive(Debug, Default)]
pub(super) struct Recorder {
    pub(super) commands: Vec<CallCommand>,
}

impl Recorder {
    /// Records an utterance and how it was understood. `spoken_ms`: its begin and end, in milliseconds
    /// since the answer.
    pub(super) fn heard(
        &mut self,
        node: &str,
        text: &str,
        spoken_ms: [u64; 2],
        understood: &UnderstandingResult,
        model: Option<&str>,
    ) {
        let [begins_ms, ends_ms] = spoken_ms;
        self.note(TurnFact::Heard(HeardFact {
            leg: LEG,
            node: node.to_owned(),
            text: Personal::open(text.to_owned()),
            confidence_permille: None,
            engine: ENGINE.to_owned(),
            begins_ms,
            ends_ms,
        }));
        let model = model.map(str::to_owned);
        let fact = UnderstandingFact::of(node.to_owned(), understood, model);
        self.note(TurnFact::Understood(fact));
    }

    /// Records an input of the flow (keypress, silence) before the flow processes it. Inputs that a driver
    /// does not record are ignored.
    pub(super) fn happened(&mut self, run: &FlowRun, input: FlowInput<'_>, waited_ms: Option<u64>) {
        let node = run.node().to_owned();
        match input {
            FlowInput::Keypress(digit) => {
                let leg = LEG;
                self.commands.push(CallCommand::NoteKeypress { leg, node, digit });
            }
            FlowInput::BargedIn(heard) => self.note(TurnFact::BargedIn(BargedInFact {
                leg: LEG,
                node,
                said_ms: heard.said_ms,
                voiced_ms: heard.voiced_ms,
                chars: heard.chars,
            })),
            FlowInput::Silence if run.asking().is_some() => {
                let silence_ms = waited_ms.unwrap_or_default();
                self.note(TurnFact::SilenceTimedOut(SilenceFact { node, silence_ms }));
            }
            FlowInput::Played
            | FlowInput::Spoken(_)
            | FlowInput::Unheard
            | FlowInput::Deaf
            | FlowInput::SensitiveWord
            | FlowInput::Silence
            | FlowInput::Fault => {}
        }
    }

    /// Adds the commands and turn facts of these flow actions to the recording. `node`: the node of the
    /// texts that precede the first `EnterNode`.
    pub(super) fn did(&mut self, actions: &[FlowAction], node: &str) {
        let mut node = node.to_owned();
        for action in actions {
            match action {
                FlowAction::Decide { decision } => self.note(TurnFact::Decided((**decision).clone())),
                FlowAction::EnterNode { node: entered } => {
                    node.clone_from(entered);
                    self.commands.push(CallCommand::EnterNode {
                        node: entered.clone(),
                    });
                }
                FlowAction::Say { text, prompt, .. } => {
                    let chars = u32::try_from(text.chars().count()).unwrap_or(u32::MAX);
                    self.note(TurnFact::Said(SaidFact {
                        leg: LEG,
                        node: node.clone(),
                        prompt: prompt.member.clone(),
                        variant: prompt.variant.clone(),
                        spoken_chars: chars,
                        prompt_chars: chars,
                        engine: None,
                    }));
                }
                FlowAction::RequestTransfer { node, reason } => {
                    self.commands.push(CallCommand::RequestTransfer {
                        node: node.clone(),
                        reason: Some(*reason),
                    });
                }
                FlowAction::Notice { .. }
                | FlowAction::StopSaying
                | FlowAction::SpeakSlower
                | FlowAction::Listen { .. }
                | FlowAction::Intend { .. }
                | FlowAction::OptOut
                | FlowAction::End { .. } => {}
            }
        }
    }

    fn note(&mut self, fact: TurnFact) {
        self.commands.push(CallCommand::NoteTurn(fact));
    }
}
