//! Replays a flow along a recorded path. Silences, played texts and faults are not events: the replay finds
//! which of them explains each recorded step, and reports a step that none explains.

use crate::bundle::flow_inputs::OwnedFlowInput;
use crate::bundle::recorded_path::RecordedStep;
use crate::bundle::walk_decide::infer_decision_variables;
use crate::bundle::walk_spoken::{apply_recorded_input, apply_utterance};
use domain::disposition::Outcome;
use domain::flow::{BranchCase, FlowAction, FlowDefinition, FlowInput, FlowRun, Node};
use domain::key_rule::KeyRule;
use domain::spoken_turn::TurnInput;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Most consecutive silences that are tried to explain one step; a flow repeats a question once or twice.
const SILENCES_MAX: usize = 10;

/// Every key of a telephone.
const KEYS: &str = "0123456789*#";

/// The result of a replay along a recorded path.
#[derive(Debug)]
pub(crate) struct FlowWalk {
    /// Recorded steps that the flow explains, and all recorded steps.
    pub explained: usize,
    pub steps: usize,
    /// What the flow would have done instead at the first unexplained step.
    pub otherwise: Option<String>,
    /// Outcome of the flow, if it ended.
    pub outcome: Option<Outcome>,
    /// Inputs and actions, from step to step.
    pub moves: Vec<WalkSegment>,
    /// State of the flow after the last explained step.
    pub run: FlowRun,
    /// Key of each keypress, as given or found.
    digits: Vec<char>,
    /// Slots of each utterance, as given or found.
    slots: Vec<BTreeMap<String, String>>,
}

/// The inputs for one or more recorded steps, and the actions of the flow.
#[derive(Debug)]
pub(crate) struct WalkSegment {
    /// Index of the first of these recorded steps.
    pub first_step: usize,
    pub fed: Vec<OwnedFlowInput>,
    pub actions: Vec<FlowAction>,
}

/// Values that are not in the bundle and for which the flow takes the recorded path.
#[derive(Debug, Default)]
pub(crate) struct InferredValues {
    pub digits: Vec<char>,
    pub slots: Vec<BTreeMap<String, String>>,
    pub variables: BTreeMap<String, String>,
}

/// Finds keys, slot values and variables for which the flow takes the recorded path, without the real
/// values.
pub(crate) fn infer(
    rule: KeyRule,
    flow: &Arc<FlowDefinition>,
    offer: Option<&str>,
    story: &[RecordedStep],
) -> InferredValues {
    let variables = variables_of(flow, story);
    let (run, _) = FlowRun::begin_with_key_rule(rule, flow, &variables);
    let run = run.of_offer(offer);
    let FlowWalk { digits, slots, .. } = walk(run, flow, story);
    InferredValues {
        digits,
        slots,
        variables,
    }
}

/// Returns for each variable of a branch or decision on the path a value that leads where the call went.
fn variables_of(flow: &FlowDefinition, story: &[RecordedStep]) -> BTreeMap<String, String> {
    let mut values = BTreeMap::new();
    for pair in story.windows(2) {
        if let [RecordedStep::Node(at), RecordedStep::Decided { rule, .. }] = pair
            && let Some(Node::Decide(decide)) = flow.nodes.get(at)
        {
            infer_decision_variables(
                flow,
                decide,
                rule.strip_prefix(&format!("nodes.{at}.")),
                &mut values,
            );
        }
        let [RecordedStep::Node(at), RecordedStep::Node(to)] = pair else {
            continue;
        };
        let Some(Node::Branch(branch)) = flow.nodes.get(at) else {
            continue;
        };
        match branch.when.iter().find(|case| case.next == *to) {
            Some(case) => {
                if let Some(value) = value_for(case) {
                    values.entry(case.variable.clone()).or_insert(value);
                }
            }
            // A value that satisfies no condition on it.
            None => {
                for case in &branch.when {
                    let unset = case.present.is_none();
                    values
                        .entry(case.variable.clone())
                        .or_insert_with(|| if unset { "-9999".to_owned() } else { String::new() });
                }
            }
        }
    }
    values
}

fn value_for(case: &BranchCase) -> Option<String> {
    if let Some(present) = case.present {
        return present.then(|| "1".to_owned());
    }
    let among = || case.one_of.as_ref().and_then(|list| list.first().cloned());
    let least = || case.at_least.map(|least| least.to_string());
    case.equals.clone().or_else(among).or_else(least)
}

/// Replays the flow along the recorded steps from the start of a call, up to the first step that no input
/// explains.
pub(crate) fn walk(begins: FlowRun, flow: &FlowDefinition, story: &[RecordedStep]) -> FlowWalk {
    let mut walked = FlowWalk {
        explained: 0,
        steps: story.len(),
        otherwise: None,
        outcome: None,
        moves: Vec::new(),
        run: begins,
        digits: Vec::new(),
        slots: Vec::new(),
    };
    while let Some((recorded_step, rest)) = story
        .get(walked.explained..)
        .and_then(<[RecordedStep]>::split_first)
    {
        let run = &walked.run;
        let found = match recorded_step {
            RecordedStep::Key(digit) => by_key(run, *digit, rest).map(|(step, digit)| {
                walked.digits.push(digit);
                step
            }),
            RecordedStep::Spoken(spoken) => apply_utterance(run, flow, spoken, rest).map(|(step, slots)| {
                walked.slots.push(slots);
                step
            }),
            RecordedStep::Silence => apply_recorded_input(run, FlowInput::Silence, rest),
            RecordedStep::BargedIn(heard) => apply_recorded_input(run, FlowInput::BargedIn(*heard), rest),
            RecordedStep::SensitiveWord => apply_recorded_input(run, FlowInput::SensitiveWord, rest),
            RecordedStep::Deaf => apply_recorded_input(run, FlowInput::Deaf, rest),
            RecordedStep::Node(_) | RecordedStep::Transfer(_) | RecordedStep::Decided { .. } => {
                let from = story.get(walked.explained..).unwrap_or_default();
                by_itself(run, from)
            }
        };
        match found {
            Ok(step) => {
                walked.moves.push(WalkSegment {
                    first_step: walked.explained,
                    fed: step.fed,
                    actions: step.actions,
                });
                walked.run = step.run;
                walked.outcome = step.outcome.or(walked.outcome);
                let own = usize::from(recorded_step.is_input());
                walked.explained += (own + step.entered.len()).min(story.len() - walked.explained);
            }
            Err(otherwise) => {
                walked.otherwise = Some(otherwise);
                break;
            }
        }
    }
    // Keys after an unexplained step still need a value.
    let keys = story
        .iter()
        .filter(|recorded_step| matches!(recorded_step, RecordedStep::Key(_)))
        .count();
    walked.digits.resize(keys, '0');
    if walked.explained == walked.steps {
        walked.outcome = walked.outcome.or_else(|| said_out(walked.run.clone()));
    }
    walked
}

/// Returns the outcome if the flow ends once the last prompt was played; otherwise `None`.
fn said_out(mut run: FlowRun) -> Option<Outcome> {
    let actions = run.step(FlowInput::Played);
    WalkState::of(Vec::new(), actions, run).outcome
}

/// The state of the flow after some inputs, with the steps entered on the way.
pub(super) struct WalkState {
    run: FlowRun,
    fed: Vec<OwnedFlowInput>,
    actions: Vec<FlowAction>,
    pub(super) entered: Vec<RecordedStep>,
    outcome: Option<Outcome>,
}

impl WalkState {
    fn of(fed: Vec<OwnedFlowInput>, actions: Vec<FlowAction>, run: FlowRun) -> Self {
        let (mut entered, mut outcome) = (Vec::new(), None);
        for action in &actions {
            match action {
                FlowAction::EnterNode { node } => entered.push(RecordedStep::Node(node.clone())),
                FlowAction::RequestTransfer { node, .. } => {
                    entered.push(RecordedStep::Transfer(node.clone()));
                }
                FlowAction::End { outcome: found } => outcome = Some(*found),
                FlowAction::Decide { decision } => entered.push(RecordedStep::Decided {
                    rule: decision.rule.clone(),
                    unheard: decision.explanation.input == TurnInput::Unheard,
                }),
                FlowAction::Notice { .. }
                | FlowAction::Say { .. }
                | FlowAction::SpeakSlower
                | FlowAction::Intend { .. }
                | FlowAction::StopSaying
                | FlowAction::Listen { .. }
                | FlowAction::OptOut => {}
            }
        }
        Self {
            run,
            fed,
            actions,
            entered,
            outcome,
        }
    }

    /// Gives the inputs to a copy of the flow and returns the state afterwards.
    pub(super) fn after(run: &FlowRun, inputs: &[FlowInput<'_>]) -> Self {
        let mut run = run.clone();
        let actions: Vec<FlowAction> = inputs.iter().flat_map(|input| run.step(*input)).collect();
        Self::of(
            inputs.iter().copied().map(OwnedFlowInput::of).collect(),
            actions,
            run,
        )
    }

    /// Returns true if the steps entered are the next recorded ones. If the call ended meanwhile, only the
    /// first of them are recorded.
    pub(super) fn explains(&self, story: &[RecordedStep]) -> bool {
        let count = self.entered.len().min(story.len());
        self.entered.get(..count) == story.get(..count)
    }
}

/// Returns the possible waits before an input (played texts and silences), the shortest first.
fn waits() -> impl Iterator<Item = Vec<FlowInput<'static>>> {
    (0..=SILENCES_MAX).map(|silences| {
        let mut inputs = vec![FlowInput::Played];
        for _ in 0..silences {
            inputs.extend([FlowInput::Silence, FlowInput::Played]);
        }
        inputs
    })
}

/// Finds an input other than a keypress that leads to the next recorded step: a played text, silence or
/// fault. Fails with what the flow does instead.
fn by_itself(run: &FlowRun, story: &[RecordedStep]) -> Result<WalkState, String> {
    let mut instead = None;
    if let Some(RecordedStep::Decided { unheard: true, .. }) = story.first() {
        return apply_recorded_input(run, FlowInput::Unheard, story);
    }
    let faults = [vec![FlowInput::Fault], vec![FlowInput::Played, FlowInput::Fault]];
    let until_silence = waits().map(|mut inputs| {
        // The wait ends with the silence that moves the flow on, not with a text played after it.
        if inputs.len() > 1 {
            inputs.pop();
        }
        inputs
    });
    for inputs in until_silence.chain(faults) {
        let step = WalkState::after(run, &inputs);
        if step.entered.is_empty() {
            continue;
        }
        if step.explains(story) {
            return Ok(step);
        }
        instead.get_or_insert_with(|| words(&step.entered));
    }
    Err(instead.unwrap_or_else(|| "stays at the same node".to_owned()))
}

/// Finds a keypress that leads to the next recorded step: the key `digit`, or, if it is not known, the
/// first one that leads there. Fails with what the flow does instead.
fn by_key(run: &FlowRun, digit: Option<char>, rest: &[RecordedStep]) -> Result<(WalkState, char), String> {
    let candidates: Vec<char> = digit.map_or_else(|| KEYS.chars().collect(), |digit| vec![digit]);
    let mut idle: Option<(usize, WalkState, char)> = None;
    let mut instead = None;
    for digit in candidates {
        let before = [Vec::new()].into_iter().chain(waits());
        for mut inputs in before {
            let waited = WalkState::after(run, &inputs);
            if !waited.entered.is_empty() {
                break;
            }
            inputs.push(FlowInput::Keypress(digit));
            let step = WalkState::after(run, &inputs);
            if step.entered.is_empty() {
                // A key that a later menu accepts may explain more of the following steps than another.
                let ahead = explained_ahead(&step.run, rest);
                if idle.as_ref().is_none_or(|(best, ..)| ahead > *best) {
                    idle = Some((ahead, step, digit));
                }
            } else if step.explains(rest) {
                return Ok((step, digit));
            } else {
                instead.get_or_insert_with(|| words(&step.entered));
            }
        }
    }
    // A key that only repeats the question explains itself; the next step must explain where the call went.
    let idle = idle.map(|(_, step, digit)| (step, digit));
    idle.ok_or_else(|| instead.unwrap_or_else(|| "accepts no key".to_owned()))
}

/// Returns how many of the next recorded steps, up to the next input, can be explained from this state.
fn explained_ahead(run: &FlowRun, rest: &[RecordedStep]) -> usize {
    let until_key = rest.iter().position(RecordedStep::is_input).unwrap_or(rest.len());
    let mut left = rest.get(..until_key).unwrap_or_default();
    let mut run = run.clone();
    while !left.is_empty() {
        let Ok(step) = by_itself(&run, left) else { break };
        left = left.get(step.entered.len()..).unwrap_or_default();
        run = step.run;
    }
    until_key - left.len()
}

pub(super) fn words(entered: &[RecordedStep]) -> String {
    let word = |recorded_step: &RecordedStep| match recorded_step {
        RecordedStep::Node(node) => format!("enters {node}"),
        RecordedStep::Transfer(node) => format!("asks for a transfer at {node}"),
        RecordedStep::Decided { rule, .. } => format!("decides by {rule}"),
        RecordedStep::Key(_) => "accepts a key".to_owned(),
        RecordedStep::Spoken(_)
        | RecordedStep::Silence
        | RecordedStep::BargedIn(_)
        | RecordedStep::SensitiveWord
        | RecordedStep::Deaf => "listens".to_owned(),
    };
    entered.iter().map(word).collect::<Vec<_>>().join(", then ")
}
