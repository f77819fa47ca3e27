//! Replays a flow along a recorded path. Silences, played texts and faults are not events: the replay finds
//! which of them explains each recorded step, and reports a step that none explains.

use crate::bundle::fed::Fed;
use crate::bundle::recorded::Told;
use crate::bundle::walk_decide::decided_by;
use crate::bundle::walk_spoken::{by_input, by_words};
use domain::disposition::Outcome;
use domain::flow::{Case, FlowAction, FlowDefinition, FlowInput, FlowRun, Node};
use domain::key_rule::KeyRule;
use domain::spoken_turn::TurnInput;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Most consecutive silences tried to explain a step; a flow repeats a question once or twice.
const SILENCES_MAX: usize = 10;

/// Every key of a telephone.
const KEYS: &str = "0123456789*#";

/// The result of a replay along a recorded path.
#[derive(Debug)]
pub(crate) struct Walked {
    /// Recorded steps that the flow explains, and all recorded steps.
    pub explained: usize,
    pub steps: usize,
    /// What the flow would have done instead at the first unexplained step.
    pub otherwise: Option<String>,
    /// Outcome of the flow, if it ended.
    pub outcome: Option<Outcome>,
    /// Inputs and actions, from step to step.
    pub moves: Vec<Move>,
    /// State of the flow after the last explained step.
    pub run: FlowRun,
    /// Key of each keypress, as given or found.
    digits: Vec<char>,
    /// Slots of each utterance, as given or found.
    slots: Vec<BTreeMap<String, String>>,
}

/// The inputs for one or more recorded steps, and the actions of the flow.
#[derive(Debug)]
pub(crate) struct Move {
    /// Index of the first of these recorded steps.
    pub told: usize,
    pub fed: Vec<Fed>,
    pub actions: Vec<FlowAction>,
}

/// Values that lead along the recorded path.
#[derive(Debug, Default)]
pub(crate) struct Inferred {
    pub digits: Vec<char>,
    pub slots: Vec<BTreeMap<String, String>>,
    pub variables: BTreeMap<String, String>,
}

/// Finds keys, slots and variables that lead along the recorded path, without knowing the real values.
pub(crate) fn infer(
    rule: KeyRule,
    flow: &Arc<FlowDefinition>,
    offer: Option<&str>,
    story: &[Told],
) -> Inferred {
    let variables = variables_of(flow, story);
    let (run, _) = FlowRun::begin_by(rule, flow, &variables);
    let run = run.of_offer(offer);
    let Walked { digits, slots, .. } = walk(run, flow, story);
    Inferred {
        digits,
        slots,
        variables,
    }
}

/// Returns for each branch and decision on the path a value that leads where the call went.
fn variables_of(flow: &FlowDefinition, story: &[Told]) -> BTreeMap<String, String> {
    let mut values = BTreeMap::new();
    for pair in story.windows(2) {
        if let [Told::Node(at), Told::Decided { rule, .. }] = pair
            && let Some(Node::Decide(decide)) = flow.nodes.get(at)
        {
            decided_by(
                flow,
                decide,
                rule.strip_prefix(&format!("nodes.{at}.")),
                &mut values,
            );
        }
        let [Told::Node(at), Told::Node(to)] = pair else {
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

fn value_for(case: &Case) -> Option<String> {
    if let Some(present) = case.present {
        return present.then(|| "1".to_owned());
    }
    let among = || case.one_of.as_ref().and_then(|list| list.first().cloned());
    let least = || case.at_least.map(|least| least.to_string());
    case.equals.clone().or_else(among).or_else(least)
}

/// Replays the flow along the recorded steps, from the start of a call.
pub(crate) fn walk(begins: FlowRun, flow: &FlowDefinition, story: &[Told]) -> Walked {
    let mut walked = Walked {
        explained: 0,
        steps: story.len(),
        otherwise: None,
        outcome: None,
        moves: Vec::new(),
        run: begins,
        digits: Vec::new(),
        slots: Vec::new(),
    };
    while let Some((told, rest)) = story.get(walked.explained..).and_then(<[Told]>::split_first) {
        let run = &walked.run;
        let found = match told {
            Told::Key(digit) => by_key(run, *digit, rest).map(|(step, digit)| {
                walked.digits.push(digit);
                step
            }),
            Told::Spoken(spoken) => by_words(run, flow, spoken, rest).map(|(step, slots)| {
                walked.slots.push(slots);
                step
            }),
            Told::Silence => by_input(run, FlowInput::Silence, rest),
            Told::BargedIn(heard) => by_input(run, FlowInput::BargedIn(*heard), rest),
            Told::SensitiveWord => by_input(run, FlowInput::SensitiveWord, rest),
            Told::Deaf => by_input(run, FlowInput::Deaf, rest),
            Told::Node(_) | Told::Transfer(_) | Told::Decided { .. } => {
                let from = story.get(walked.explained..).unwrap_or_default();
                by_itself(run, from)
            }
        };
        match found {
            Ok(step) => {
                walked.moves.push(Move {
                    told: walked.explained,
                    fed: step.fed,
                    actions: step.actions,
                });
                walked.run = step.run;
                walked.outcome = step.outcome.or(walked.outcome);
                let own = usize::from(told.is_input());
                walked.explained += (own + step.entered.len()).min(story.len() - walked.explained);
            }
            Err(otherwise) => {
                walked.otherwise = Some(otherwise);
                break;
            }
        }
    }
    // Keys after an unexplained step still need a value.
    let keys = story.iter().filter(|told| matches!(told, Told::Key(_))).count();
    walked.digits.resize(keys, '0');
    if walked.explained == walked.steps {
        walked.outcome = walked.outcome.or_else(|| said_out(walked.run.clone()));
    }
    walked
}

/// Returns the outcome if the flow ends after the last prompt was played.
fn said_out(mut run: FlowRun) -> Option<Outcome> {
    let actions = run.step(FlowInput::Played);
    Step::of(Vec::new(), actions, run).outcome
}

/// The state of the flow after some inputs, with the steps entered on the way.
pub(super) struct Step {
    run: FlowRun,
    fed: Vec<Fed>,
    actions: Vec<FlowAction>,
    pub(super) entered: Vec<Told>,
    outcome: Option<Outcome>,
}

impl Step {
    fn of(fed: Vec<Fed>, actions: Vec<FlowAction>, run: FlowRun) -> Self {
        let (mut entered, mut outcome) = (Vec::new(), None);
        for action in &actions {
            match action {
                FlowAction::EnterNode { node } => entered.push(Told::Node(node.clone())),
                FlowAction::RequestTransfer { node, .. } => entered.push(Told::Transfer(node.clone())),
                FlowAction::End { outcome: found } => outcome = Some(*found),
                FlowAction::Decide { decision } => entered.push(Told::Decided {
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

    /// Gives the inputs to a copy of the flow and returns the result.
    pub(super) fn after(run: &FlowRun, inputs: &[FlowInput<'_>]) -> Self {
        let mut run = run.clone();
        let actions: Vec<FlowAction> = inputs.iter().flat_map(|input| run.step(*input)).collect();
        Self::of(inputs.iter().copied().map(Fed::of).collect(), actions, run)
    }

    /// Returns true if the entered steps are the recorded ones. A call that ended meanwhile recorded only the
    /// first of them.
    pub(super) fn explains(&self, story: &[Told]) -> bool {
        let count = self.entered.len().min(story.len());
        self.entered.get(..count) == story.get(..count)
    }
}

/// Returns the possible waits before an input, played texts and silences, the shortest first.
fn waits() -> impl Iterator<Item = Vec<FlowInput<'static>>> {
    (0..=SILENCES_MAX).map(|silences| {
        let mut inputs = vec![FlowInput::Played];
        for _ in 0..silences {
            inputs.extend([FlowInput::Silence, FlowInput::Played]);
        }
        inputs
    })
}

/// Finds an input without a key that leads to the recorded step: played text, silence or fault.
fn by_itself(run: &FlowRun, story: &[Told]) -> Result<Step, String> {
    let mut instead = None;
    if let Some(Told::Decided { unheard: true, .. }) = story.first() {
        return by_input(run, FlowInput::Unheard, story);
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
        let step = Step::after(run, &inputs);
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

/// Finds a keypress that leads to the recorded step: the given key, or the first one that leads there.
fn by_key(run: &FlowRun, digit: Option<char>, rest: &[Told]) -> Result<(Step, char), String> {
    let candidates: Vec<char> = digit.map_or_else(|| KEYS.chars().collect(), |digit| vec![digit]);
    let mut idle: Option<(usize, Step, char)> = None;
    let mut instead = None;
    for digit in candidates {
        let before = [Vec::new()].into_iter().chain(waits());
        for mut inputs in before {
            let waited = Step::after(run, &inputs);
            if !waited.entered.is_empty() {
                break;
            }
            inputs.push(FlowInput::Keypress(digit));
            let step = Step::after(run, &inputs);
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

/// Returns how many of the following steps without an input can be explained from this state.
fn explained_ahead(run: &FlowRun, rest: &[Told]) -> usize {
    let until_key = rest.iter().position(Told::is_input).unwrap_or(rest.len());
    let mut left = rest.get(..until_key).unwrap_or_default();
    let mut run = run.clone();
    while !left.is_empty() {
        let Ok(step) = by_itself(&run, left) else { break };
        left = left.get(step.entered.len()..).unwrap_or_default();
        run = step.run;
    }
    until_key - left.len()
}

pub(super) fn words(entered: &[Told]) -> String {
    let word = |told: &Told| match told {
        Told::Node(node) => format!("enters {node}"),
        Told::Transfer(node) => format!("asks for a transfer at {node}"),
        Told::Decided { rule, .. } => format!("decides by {rule}"),
        Told::Key(_) => "accepts a key".to_owned(),
        Told::Spoken(_) | Told::Silence | Told::BargedIn(_) | Told::SensitiveWord | Told::Deaf => {
            "listens".to_owned()
        }
    };
    entered.iter().map(word).collect::<Vec<_>>().join(", then ")
}
