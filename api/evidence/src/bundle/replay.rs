//! Replays a bundle: decides the command behind every event again, follows the flow, and checks both grants.

use crate::bundle::recorded_path::{collect_recorded_steps, key_rule, offer_of};
use crate::bundle::redecide::find_differing_decision;
use crate::bundle::walk::walk;
use crate::bundle::{Bundle, BundleEvent};
use domain::call::event::{CallEvent, EndReason};
use domain::call::{Call, CallState};
use domain::compliance::{CustomerGrant, NumberGrant};
use domain::customer::event::CustomerEvent;
use domain::decider::{Decider, EventData, UnreadableEvent};
use domain::flow::{FlowDefinition, FlowRun};
use domain::number::event::NumberEvent;
use domain::personal::Personal;
use domain::problem::Problem;
use domain::time::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};
use std::sync::Arc;

/// One event, applied and decided again.
#[derive(Debug, Clone, Serialize)]
pub struct ReplayedEvent {
    pub n: u64,
    /// Milliseconds since the first event of the bundle.
    pub after_ms: u64,
    pub kind: String,
    /// Phase of the call after this event.
    pub phase: String,
    /// State of the call: INIT, CONVERSATION, MANUAL, END or ERROR.
    pub state: &'static str,
    /// What this build decides differently, if anything.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub otherwise: Option<String>,
}

/// The result of a replay.
#[derive(Debug)]
pub struct BundleReplay {
    pub steps: Vec<ReplayedEvent>,
    /// Differences that do not belong to one event: path through the flow, grants.
    pub elsewhere: Vec<String>,
    /// How the call ended, in words.
    pub ending: String,
    /// Recorded steps of the flow that this build explains, and all recorded steps.
    walked: (usize, usize),
}

impl BundleReplay {
    pub fn differing_count(&self) -> usize {
        let steps = self.steps.iter().filter(|step| step.otherwise.is_some());
        steps.count() + self.elsewhere.len()
    }

    pub fn agrees(&self) -> bool {
        self.differing_count() == 0
    }

    pub fn value(&self) -> Value {
        let (explained, recorded) = self.walked;
        json!({
            "agrees": self.agrees(),
            "steps": self.steps,
            "flow": { "recorded": recorded, "explained": explained },
            "elsewhere": self.elsewhere,
            "ending": self.ending,
        })
    }
}

/// Decides every command of the bundle again, follows the flow, and checks both grants. Returns the
/// differences; fails only if the bundle cannot be read.
pub fn replay(bundle: &Bundle) -> Result<BundleReplay, Problem> {
    let begins = bundle
        .events
        .first()
        .map_or_else(Timestamp::default, |first| first.at);
    let mut state = CallState::default();
    let mut steps = Vec::with_capacity(bundle.events.len());
    let mut events = Vec::new();
    for one in &bundle.events {
        let after_ms = one.at.ms_since(begins);
        if !one.stream.starts_with("call-") {
            steps.push(step(one, after_ms, &state, None));
            continue;
        }
        let event = call_event(one)?;
        let other = find_differing_decision(&state, &event, one.at);
        Call::evolve(&mut state, &event, one.at);
        steps.push(step(one, after_ms, &state, other));
        events.push(event);
    }
    let mut replayed = BundleReplay {
        steps,
        elsewhere: grants(bundle, &state),
        ending: ending(&state),
        walked: (0, 0),
    };
    retrace(bundle, &events, &mut replayed);
    Ok(replayed)
}

fn step(one: &BundleEvent, after_ms: u64, state: &CallState, otherwise: Option<String>) -> ReplayedEvent {
    ReplayedEvent {
        n: one.n,
        after_ms,
        kind: one.kind.clone(),
        phase: format!("{:?}", state.phase()),
        state: state.four_state().code(),
        otherwise,
    }
}

/// Parses an event of a bundle as a call event, with the replacements of its personal values.
pub(crate) fn call_event(one: &BundleEvent) -> Result<CallEvent, Problem> {
    let unreadable = |error: String| {
        Problem::refused(
            "bundle-unreadable",
            format!("event {} of the bundle: {error}", one.n),
        )
    };
    let data = serde_json::value::to_raw_value(&one.data).map_err(|error| unreadable(error.to_string()))?;
    let mut event = CallEvent::read(&one.kind, one.version, &data)
        .map_err(|error: UnreadableEvent| unreadable(error.to_string()))?;
    for (pointer, field) in event.personal() {
        if let Some(value) = one.personal.get(&pointer) {
            *field = Personal::Open {
                value: value.clone(),
                hashed: pointer == "/callee",
            };
        }
    }
    Ok(event)
}

/// Compares the grants of customer and number in the bundle with those that the permit names. Returns the
/// differences in words; empty if there are none.
fn grants(bundle: &Bundle, state: &CallState) -> Vec<String> {
    let Some(permitted) = state.permitted() else {
        return vec!["the call was never permitted".to_owned()];
    };
    let mut differences = Vec::new();
    for one in &bundle.events {
        let same = match one.kind.as_str() {
            CustomerEvent::DIAL_GRANTED => serde_json::from_value::<CustomerGrant>(one.data.clone())
                .is_ok_and(|grant| grant == permitted.customer_grant),
            NumberEvent::DIAL_GRANTED => serde_json::from_value::<NumberGrant>(one.data.clone())
                .is_ok_and(|grant| grant == permitted.number_grant),
            _ => true,
        };
        if !same {
            differences.push(format!(
                "event {} is not the grant in the permit of the call",
                one.n
            ));
        }
    }
    differences
}

fn ending(state: &CallState) -> String {
    let Some(found) = state.finding() else {
        return "the call has not ended 呼叫未结束".to_owned();
    };
    let outcome = found.outcome.map_or_else(String::new, |outcome| {
        format!(", {} {}", outcome.label_zh(), outcome.label_en())
    });
    let (zh, en) = (found.disposition.label_zh(), found.disposition.label_en());
    format!("ended as {zh} {en}{outcome}")
}

/// Replays the flow with the recorded inputs and adds the differences to `replayed`.
fn retrace(bundle: &Bundle, events: &[CallEvent], replayed: &mut BundleReplay) {
    let story = collect_recorded_steps(events.iter());
    if story.is_empty() {
        return;
    }
    let definition = bundle.flow.as_ref().map(FlowDefinition::from_value);
    let Some(Ok(definition)) = definition else {
        replayed
            .elsewhere
            .push("the flow of this call is not in the bundle, or this build cannot read it".to_owned());
        return;
    };
    let rule = key_rule(events.iter());
    let definition = Arc::new(definition);
    let (run, _) = FlowRun::begin_with_key_rule(rule, &definition, &bundle.variables);
    let run = run.of_offer(offer_of(events.iter()).map(|fact| fact.offer.as_str()));
    let walked = walk(run, &definition, &story);
    replayed.walked = (walked.explained, walked.steps);
    if let Some(otherwise) = walked.otherwise {
        let step = walked.explained + 1;
        replayed.elsewhere.push(format!(
            "flow, step {step}: this build {otherwise}; recorded: {:?}",
            story.get(walked.explained)
        ));
        return;
    }
    let by_flow = events.iter().find_map(|event| match event {
        CallEvent::Ended {
            outcome,
            reason: EndReason::FlowEnded,
            ..
        } => Some(*outcome),
        _ => None,
    });
    if let Some(recorded) = by_flow
        && walked.outcome != recorded
    {
        replayed.elsewhere.push(format!(
            "flow: this build ends as {:?}; recorded: {recorded:?}",
            walked.outcome
        ));
    }
}
