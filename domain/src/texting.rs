//! Runs a flow as a conversation in text: with the same step as calls, but prompts count as read at once, and
//! there is no silence timeout. Pure; the state of a run is recomputed from the inputs in the conversation's
//! own events.

use crate::conversation::{
    Channel, ConversationEvent, ConversationState, FlowResult, OpenedFact, TextInput, TextSaidFact,
};
use crate::flow::{
    ActNodeAction, FlowAction, FlowDefinition, FlowInput, FlowPrompt, FlowRun, NoticeKind, STEPS_MAX,
    TextAttachment,
};
use crate::personal::Personal;
use std::collections::BTreeMap;
use std::sync::Arc;
use values::ids::ConversationId;

/// The most texts in a row before an answer of the customer is expected: a run's step limit, and the
/// notices.
const PLAYED_MAX: u32 = STEPS_MAX + 2;

/// Starts a text conversation: returns the notices and all texts until an answer is expected.
pub fn begin(id: ConversationId, opened: &OpenedFact, graph: &Arc<FlowDefinition>) -> FlowResult {
    let (_, actions) = begun(id, opened, graph);
    let shows = |node: &str| graph.shows_on(node, opened.channel);
    follows(&graph.start, None, actions, shows)
}

/// Returns the flow run of a conversation, recomputed from its stored inputs; `None` if they are not
/// readable any more.
pub fn run_of(id: ConversationId, state: &ConversationState, graph: &Arc<FlowDefinition>) -> Option<FlowRun> {
    let opened = state.opened().filter(|_| !state.is_unreadable())?;
    let (mut run, _) = begun(id, opened, graph);
    for input in state.inputs() {
        let first = step(&mut run, input);
        settled(&mut run, first);
    }
    Some(run)
}

/// Returns the names of the messages that act nodes of the conversation have sent, each once, in order.
/// Needs the state before closing, which drops the inputs.
pub fn sends_of(id: ConversationId, state: &ConversationState, graph: &Arc<FlowDefinition>) -> Vec<String> {
    let mut sends = Vec::new();
    for action in actions_of(id, state, graph) {
        if let FlowAction::Intend {
            intention: ActNodeAction::Send(name),
        } = action
            && !sends.contains(&name)
        {
            sends.push(name);
        }
    }
    sends
}

/// Returns the nodes that the conversation entered, in order. Needs the state before closing, like
/// `sends_of`.
pub fn entered_of(id: ConversationId, state: &ConversationState, graph: &Arc<FlowDefinition>) -> Vec<String> {
    let mut entered = Vec::new();
    for action in actions_of(id, state, graph) {
        if let FlowAction::EnterNode { node } = action {
            entered.push(node);
        }
    }
    entered
}

/// Returns all actions of the conversation's flow so far; empty if its inputs are not readable any more.
fn actions_of(id: ConversationId, state: &ConversationState, graph: &Arc<FlowDefinition>) -> Vec<FlowAction> {
    let Some(opened) = state.opened().filter(|_| !state.is_unreadable()) else {
        return Vec::new();
    };
    let (mut run, mut actions) = begun(id, opened, graph);
    for input in state.inputs() {
        let first = step(&mut run, input);
        actions.extend(settled(&mut run, first));
    }
    actions
}

/// Applies a message of the customer to the run and returns what follows in the flow, as far as the channel
/// can show it.
pub fn take(
    run: &mut FlowRun,
    message: &str,
    input: &TextInput,
    graph: &FlowDefinition,
    channel: Channel,
) -> FlowResult {
    let node = run.node().to_owned();
    let first = step(run, input);
    let actions = settled(run, first);
    follows(&node, Some(message), actions, |node| {
        graph.shows_on(node, channel)
    })
}

fn begun(id: ConversationId, opened: &OpenedFact, graph: &Arc<FlowDefinition>) -> (FlowRun, Vec<FlowAction>) {
    let values = opened.variables.iter();
    let values = values.filter_map(|(name, value)| Some((name.clone(), value.value()?.clone())));
    let values: BTreeMap<String, String> = values.collect();
    let (run, first) = FlowRun::begin_with_key_rule(opened.key_rule, graph, &values);
    let mut run = run.of_call(format!("{id}/{}", opened.flow.version));
    let actions = settled(&mut run, first);
    (run, actions)
}

fn step(run: &mut FlowRun, input: &TextInput) -> Vec<FlowAction> {
    match input {
        TextInput::Key(key) => run.step(FlowInput::Keypress(*key)),
        TextInput::Words(understood) => run.step(FlowInput::Spoken(understood)),
        TextInput::SensitiveWord => run.step(FlowInput::SensitiveWord),
    }
}

/// Returns all actions until an answer is expected or the flow ends; texts count as read at once.
fn settled(run: &mut FlowRun, first: Vec<FlowAction>) -> Vec<FlowAction> {
    let mut all = Vec::new();
    let mut actions = first;
    for _ in 0..PLAYED_MAX {
        let nothing = actions.is_empty();
        all.append(&mut actions);
        if nothing || run.outcome().is_some() {
            break;
        }
        actions = run.step(FlowInput::Played);
    }
    all
}

fn follows(
    node: &str,
    message: Option<&str>,
    actions: Vec<FlowAction>,
    shows_of: impl Fn(&str) -> Vec<TextAttachment>,
) -> FlowResult {
    let mut follows = FlowResult::default();
    let mut node = node.to_owned();
    // Attachments of an entered node that has not said anything yet.
    let mut shows = Vec::new();
    for action in actions {
        match action {
            FlowAction::Notice { notice, text } => {
                let member = match notice {
                    NoticeKind::Recording => "notices.recording",
                    NoticeKind::Ai => "notices.ai",
                };
                let prompt = FlowPrompt {
                    member: member.to_owned(),
                    variant: None,
                };
                follows
                    .events
                    .push(said(&node, message, prompt, text, Vec::new()));
            }
            FlowAction::Say { text, prompt, .. } => {
                let shows = std::mem::take(&mut shows);
                follows.events.push(said(&node, message, prompt, text, shows));
            }
            FlowAction::Decide { decision } => {
                follows.events.push(ConversationEvent::Decided(*decision));
            }
            FlowAction::EnterNode { node: entered } => {
                shows = shows_of(&entered);
                node = entered;
            }
            FlowAction::RequestTransfer { .. } => follows.hands_over = true,
            FlowAction::OptOut => follows.opts_out = true,
            FlowAction::End { outcome } => follows.outcome = Some(outcome),
            // Texts are read at the reader's own pace; `sends_of` handles what an act node intends.
            FlowAction::StopSaying
            | FlowAction::SpeakSlower
            | FlowAction::Listen { .. }
            | FlowAction::Intend { .. } => {}
        }
    }
    follows
}

fn said(
    node: &str,
    message: Option<&str>,
    prompt: FlowPrompt,
    text: String,
    shows: Vec<TextAttachment>,
) -> ConversationEvent {
    ConversationEvent::Said(TextSaidFact {
        message: message.map(str::to_owned),
        node: node.to_owned(),
        prompt: prompt.member,
        variant: prompt.variant,
        text: Personal::open(text),
        shows,
    })
}
