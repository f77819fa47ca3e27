//! Trial of a flow as a typed conversation: the callee's turns go in, the robot's replies come out. It is
//! run from the beginning each time, so nothing is stored between two requests.

use super::listener::Listener;
use super::report::made_up;
use domain::disposition::Outcome;
use domain::flow::{FlowAction, FlowDefinition, FlowInput, FlowRun};
use domain::spoken_turn::Certainty;
use domain::time::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Most turns of one typed conversation.
pub const TYPED_TURNS_MAX: usize = 100;

/// Most characters of one turn: the longest text of a flow.
pub const TYPED_CHARS_MAX: usize = 500;

/// Most values of variables in a typed conversation.
pub const TYPED_VALUES_MAX: usize = 100;

/// Most consecutive texts without a question.
const TEXTS_MAX: usize = 50;

/// What the callee does in one turn.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum TypedTurn {
    /// The caller says this text.
    #[schemars(example = &"可以")]
    Say(#[schemars(length(min = 1, max = TYPED_CHARS_MAX))] String),
    /// The caller presses this key.
    #[schemars(example = &"1")]
    Key(char),
    /// The caller says nothing until the silence timeout.
    Silence(NoWords),
    /// The caller says something that cannot be recognized.
    Unheard(NoWords),
}

/// The empty content of a turn without words.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "TypedNoWords")]
pub struct NoWords {}

/// The course of a typed conversation.
#[derive(Debug, Serialize, JsonSchema)]
pub struct TypedConversation {
    /// The robot's first texts, and then the result of each turn.
    pub steps: Vec<TypedStep>,
    /// Outcome of the call, once it is over.
    pub outcome: Option<Outcome>,
    /// Keys that the current node accepts.
    #[schemars(example = ["1"])]
    pub keys: Vec<String>,
    /// Turns after the end of the call, which are ignored.
    pub turns_left: usize,
}

/// The result of one turn.
#[derive(Debug, Default, Serialize, JsonSchema)]
pub struct TypedStep {
    /// The recognized intent. Null for the first step, for keys and silence, and if nothing was recognized.
    #[schemars(example = &"affirm")]
    pub intent: Option<String>,
    pub certainty: Option<Certainty>,
    /// The rule that decided last.
    #[schemars(example = &"nodes.menu.keys.1")]
    pub rule: Option<String>,
    /// Nodes in the order in which they were entered.
    #[schemars(example = ["menu"])]
    pub entered: Vec<String>,
    pub said: Vec<TypedPrompt>,
    /// The node after the turn.
    #[schemars(example = &"menu")]
    pub node: String,
    /// Variables and slots after the turn.
    #[schemars(example = BTreeMap::from([("terms", "3")]))]
    pub values: BTreeMap<String, String>,
    /// Actions that a call would take: a transfer, an opt-out, a message.
    #[schemars(example = ["opt_out"])]
    pub does: Vec<&'static str>,
}

/// A text that the robot said, with its place in the flow.
#[derive(Debug, Serialize, JsonSchema)]
pub struct TypedPrompt {
    #[schemars(example = &"您好。")]
    pub text: String,
    /// Place in the flow. Null for a notice.
    #[schemars(example = &"nodes.hello.text")]
    pub member: Option<String>,
}

struct TypedRun<'a> {
    run: FlowRun,
    listener: &'a Listener,
    at: Timestamp,
    step: TypedStep,
}

/// Runs a flow with these turns from its beginning and returns the course. Required variables without a
/// value get made-up ones. Turns after the end are counted and ignored.
pub fn run_typed_conversation(
    flow: &Arc<FlowDefinition>,
    listener: &Listener,
    values: &BTreeMap<String, String>,
    turns: &[TypedTurn],
    at: Timestamp,
) -> TypedConversation {
    let mut known = made_up(flow);
    known.extend(values.clone());
    let (run, first) = FlowRun::begin(flow, &known);
    let mut typing = TypedRun {
        run,
        listener,
        at,
        step: TypedStep::default(),
    };
    typing.take(first);
    typing.play();
    let mut steps = vec![typing.take_step()];
    let mut taken = 0;
    for turn in turns {
        if typing.run.outcome().is_some() {
            break;
        }
        typing.turn(turn);
        steps.push(typing.take_step());
        taken += 1;
    }
    TypedConversation {
        steps,
        outcome: typing.run.outcome(),
        keys: typing.run.keys().into_iter().map(|key| key.to_string()).collect(),
        turns_left: turns.len() - taken,
    }
}

impl TypedRun<'_> {
    fn turn(&mut self, turn: &TypedTurn) {
        match turn {
            TypedTurn::Say(text) => {
                let understood = self.listener.understand(text, &self.run, self.at);
                self.step.intent = understood
                    .reading
                    .candidates
                    .first()
                    .map(|one| one.intent.clone());
                self.step.certainty = Some(understood.reading.certainty);
                self.input(FlowInput::Spoken(&understood));
            }
            TypedTurn::Key(digit) => self.input(FlowInput::Keypress(*digit)),
            TypedTurn::Silence(_) => self.input(FlowInput::Silence),
            TypedTurn::Unheard(_) => self.input(FlowInput::Unheard),
        }
        self.play();
    }

    fn input(&mut self, input: FlowInput<'_>) {
        let actions = self.run.step(input);
        self.take(actions);
    }

    /// Plays texts until the flow asks a question, accepts a key or ends; the question is played to its end
    /// too.
    fn play(&mut self) {
        for _ in 0..TEXTS_MAX {
            self.input(FlowInput::Played);
            if !self.run.keys().is_empty() || self.run.asking().is_some() || self.run.outcome().is_some() {
                return self.input(FlowInput::Played);
            }
        }
    }

    fn take(&mut self, actions: Vec<FlowAction>) {
        for action in actions {
            match action {
                FlowAction::Notice { text, .. } => self.step.said.push(TypedPrompt { text, member: None }),
                FlowAction::Say { text, prompt, .. } => self.step.said.push(TypedPrompt {
                    text,
                    member: Some(prompt.member),
                }),
                FlowAction::EnterNode { node } => self.step.entered.push(node),
                FlowAction::Decide { decision } => self.step.rule = Some(decision.rule),
                FlowAction::RequestTransfer { .. } => self.step.does.push("transfer"),
                FlowAction::OptOut => self.step.does.push("opt_out"),
                FlowAction::Intend { .. } => self.step.does.push("intend"),
                FlowAction::StopSaying
                | FlowAction::SpeakSlower
                | FlowAction::Listen { .. }
                | FlowAction::End { .. } => {}
            }
        }
    }

    fn take_step(&mut self) -> TypedStep {
        TypedStep {
            node: self.run.node().to_owned(),
            values: self.run.values().clone(),
            ..std::mem::take(&mut self.step)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rehearsing::find_shipped_flow;

    fn talk(flow: &str, turns: &[TypedTurn]) -> TypedConversation {
        let flow = FlowDefinition::from_yaml(find_shipped_flow(flow).unwrap()).unwrap();
        let listener = Listener::bundled("en").unwrap();
        let values = BTreeMap::from([("customer_name".to_owned(), "李雷".to_owned())]);
        run_typed_conversation(&Arc::new(flow), &listener, &values, turns, Timestamp::EPOCH)
    }

    #[test]
    fn a_conversation_goes_as_far_as_its_turns() {
        let begun = talk("reminder", &[]);
        assert_eq!(begun.steps.len(), 1);
        assert_eq!(begun.steps[0].node, "menu");
        assert!(begun.steps[0].said.iter().any(|one| one.text.contains("李雷")));
        assert_eq!(begun.keys, ["1", "2", "9"]);
        let over = talk("reminder", &[TypedTurn::Key('9'), TypedTurn::Silence(NoWords {})]);
        assert_eq!(over.outcome, Some(Outcome::OptedOut));
        assert_eq!((over.steps.len(), over.turns_left), (2, 1));
        assert_eq!(over.steps[1].does, ["opt_out"]);
        assert_eq!(over.steps[1].entered, ["refused"]);
    }

    #[test]
    fn silence_climbs_the_ladder() {
        let once = talk("reminder", &[TypedTurn::Silence(NoWords {})]);
        assert_eq!((once.outcome, once.steps[1].node.as_str()), (None, "menu"));
        let twice = talk(
            "reminder",
            &[TypedTurn::Silence(NoWords {}), TypedTurn::Silence(NoWords {})],
        );
        assert_eq!(twice.outcome, Some(Outcome::NoResponse));
    }
}
