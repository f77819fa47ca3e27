//! Report over many rehearsed calls of one flow: how they ended, which parts of the flow they reached, and
//! the longest silence. Equal seeds produce equal reports.

use super::caller::{Caller, Persona};
use super::conversation::{RehearsedCallInput, RehearsedCallResult, talk};
use super::listener::Listener;
use super::phrases::Phrases;
use super::random::SplitMix64;
use super::recorder::Recorder;
use super::sound::{CallerAudio, RecognitionCounts, RehearsalLine};
use domain::call::command::CallCommand;
use domain::disposition::Outcome;
use domain::flow::{FlowDefinition, VariableKind};
use domain::ids::FlowId;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Most simulated callers of one rehearsal: a minute of one core.
pub const CALLERS_MAX: u64 = 1_000_000;

/// The time of every rehearsed call: a Monday, ten o'clock in Beijing.
const BEGINS_AT: &str = "2026-03-02T10:00:00+08:00";

/// The result of a rehearsal.
#[derive(Debug, Default)]
pub struct Rehearsal {
    pub callers: u64,
    /// Calls that reached an end of the flow other than a fault.
    pub completed: u64,
    /// Calls that reached no end.
    pub stuck: u64,
    pub silence_ms_max: u64,
    pub talk_ms_sum: u64,
    pub turns: u64,
    /// Turns that were not understood.
    pub abstained: u64,
    pub outcomes: BTreeMap<&'static str, u64>,
    pub personas: BTreeMap<&'static str, u64>,
    /// Callers by the offer they got, if the flow has several.
    pub offers: BTreeMap<String, u64>,
    nodes: BTreeSet<String>,
    edges: BTreeSet<(String, String)>,
    rules: BTreeSet<String>,
}

/// The report of a rehearsal.
#[derive(Debug, Serialize, JsonSchema)]
pub struct RehearsalResponse {
    pub flow: FlowId,
    #[schemars(example = 7)]
    pub seed: u64,
    pub callers: u64,
    /// Calls that reached an end of the flow other than a fault.
    pub completed: u64,
    pub stuck: u64,
    pub node_coverage_ratio: f64,
    pub edge_coverage_ratio: f64,
    /// Longest silence of both sides, in milliseconds.
    pub silence_ms_max: u64,
    pub talk_ms_mean: u64,
    pub turns: u64,
    /// Turns that were not understood.
    pub abstained: u64,
    #[schemars(example = BTreeMap::from([("success", 40)]))]
    pub outcomes: BTreeMap<&'static str, u64>,
    #[schemars(example = BTreeMap::from([("agrees", 40)]))]
    pub personas: BTreeMap<&'static str, u64>,
    /// Callers by the offer they got, in rotation, if the flow has several.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(example = BTreeMap::from([("premium", 34)]))]
    pub offers: BTreeMap<String, u64>,
    #[schemars(example = ["goodbye"])]
    pub nodes_missed: Vec<String>,
    #[schemars(example = ["menu → goodbye"])]
    pub edges_missed: Vec<String>,
    pub global_intents: usize,
    pub global_intents_met: usize,
}

/// Runs a flow once for each of `callers` simulated callers, with made-up values, and returns the counts.
/// The same seed gives the same result.
pub fn rehearse(flow: &Arc<FlowDefinition>, listener: &Listener, callers: u64, seed: u64) -> Rehearsal {
    rehearse_while(flow, listener, callers, seed, &|| true).unwrap_or_default()
}

/// Runs a rehearsal as `rehearse` does. Calls `goes_on` before each caller; returns `None` if it returns
/// false.
pub fn rehearse_while(
    flow: &Arc<FlowDefinition>,
    listener: &Listener,
    callers: u64,
    seed: u64,
    goes_on: &dyn Fn() -> bool,
) -> Option<Rehearsal> {
    let phrases = Phrases::of(&flow.lang);
    let values = made_up(flow);
    let mut found = Rehearsal::default();
    for number in 0..callers.min(CALLERS_MAX) {
        if !goes_on() {
            return None;
        }
        let line = RehearsalLine::Text;
        let (persona, talked) = one_call(flow, &values, listener, &phrases, [number, seed], line);
        found.take(persona, talked);
        found.count_offer(offer_of(flow, number));
    }
    Some(found)
}

/// Returns all that callers may say to a flow in a rehearsal with audio: the closed vocabulary of its
/// recognizer.
pub fn sayable(flow: &FlowDefinition) -> Vec<String> {
    let phrases = Phrases::few(&flow.lang);
    phrases.all(flow)
}

/// Rehearses a flow with audio: callers use few phrases, and the flow gets the recognized text. Ends early
/// at a fault of the audio. Also returns the recognition statistics.
pub fn rehearse_in_sound(
    flow: &Arc<FlowDefinition>,
    listener: &Listener,
    callers: u64,
    seed: u64,
    sound: &mut dyn CallerAudio,
) -> (Rehearsal, RecognitionCounts) {
    let phrases = Phrases::few(&flow.lang);
    let mut accounts = RecognitionCounts::default();
    let values = made_up(flow);
    let mut found = Rehearsal::default();
    for number in 0..callers.min(CALLERS_MAX) {
        let line = RehearsalLine::Sound {
            sound: &mut *sound,
            caller: number,
            accounts: &mut accounts,
        };
        let (persona, talked) = one_call(flow, &values, listener, &phrases, [number, seed], line);
        found.take(persona, talked);
        found.count_offer(offer_of(flow, number));
        if accounts.fault.is_some() {
            break;
        }
    }
    (found, accounts)
}

/// Runs the call of one simulated caller and returns its persona and result, which number and seed
/// determine.
fn one_call(
    flow: &Arc<FlowDefinition>,
    values: &BTreeMap<String, String>,
    listener: &Listener,
    phrases: &Phrases,
    number_and_seed: [u64; 2],
    line: RehearsalLine<'_>,
) -> (Persona, RehearsedCallResult) {
    let [number, seed] = number_and_seed;
    let mut draw = SplitMix64::of(seed, number);
    let persona = Persona::drawn(&mut draw);
    let mut caller = Caller::new(persona, phrases, flow, draw);
    let rehearsed = RehearsedCallInput {
        flow,
        values,
        call: format!("{seed}-{number}"),
        offer: offer_of(flow, number),
        listener,
        begins: BEGINS_AT.parse().unwrap_or_default(),
        recorder: None,
        line,
    };
    (persona, talk(rehearsed, &mut caller))
}

/// Returns the offer for the caller with this number: the flow's offers in rotation; `None` if it has none.
fn offer_of(flow: &FlowDefinition, number: u64) -> Option<&str> {
    let candidates = &flow.offers.as_ref()?.candidates;
    let place = number.checked_rem(u64::try_from(candidates.len()).ok()?)?;
    let offer = candidates.get(usize::try_from(place).ok()?)?;
    Some(&offer.offer)
}

/// One rehearsed call in the form in which its driver would have recorded it.
#[derive(Debug)]
pub struct RecordedCall {
    pub persona: Persona,
    /// Commands from the answer to the end of the flow.
    pub commands: Vec<CallCommand>,
    /// The flow's outcome. `None` if the caller hung up or the flow reached no end.
    pub outcome: Option<Outcome>,
}

/// Runs the call of one simulated caller and returns the commands that its driver would have sent. `call`
/// and the flow version select the wordings, as in a real call.
pub fn record(
    flow: &Arc<FlowDefinition>,
    values: &BTreeMap<String, String>,
    listener: &Listener,
    call: String,
    seed: u64,
    number: u64,
) -> RecordedCall {
    let phrases = Phrases::of(&flow.lang);
    let mut draw = SplitMix64::of(seed, number);
    let persona = Persona::drawn(&mut draw);
    let mut caller = Caller::new(persona, &phrases, flow, draw);
    let rehearsed = RehearsedCallInput {
        flow,
        values,
        call,
        offer: None,
        listener,
        begins: BEGINS_AT.parse().unwrap_or_default(),
        recorder: Some(Recorder::default()),
        line: RehearsalLine::Text,
    };
    let talked = talk(rehearsed, &mut caller);
    RecordedCall {
        persona,
        commands: talked
            .recorder
            .map_or_else(Vec::new, |recorder| recorder.commands),
        outcome: talked.outcome.filter(|_| !talked.hung_up),
    }
}

/// Returns a made-up value of the right kind for each variable that the flow requires and that has no
/// default.
pub fn made_up(flow: &FlowDefinition) -> BTreeMap<String, String> {
    let value = |kind: VariableKind| match kind {
        VariableKind::Text => "示例",
        VariableKind::Digits => "1234",
        VariableKind::Integer => "3",
        VariableKind::Money => "3250.50",
    };
    let variables = flow.variables.iter();
    let needed = variables.filter(|(_, variable)| variable.required && variable.default.is_none());
    needed
        .map(|(name, variable)| (name.clone(), value(variable.kind).to_owned()))
        .collect()
}

impl Rehearsal {
    fn count_offer(&mut self, offer: Option<&str>) {
        if let Some(offer) = offer {
            *self.offers.entry(offer.to_owned()).or_default() += 1;
        }
    }

    fn take(&mut self, persona: Persona, talked: RehearsedCallResult) {
        self.callers += 1;
        *self.personas.entry(persona.code()).or_default() += 1;
        let ended = match (talked.outcome, talked.hung_up) {
            (_, true) => Some(Outcome::HungUp),
            (outcome, false) => outcome,
        };
        match ended {
            Some(outcome) => *self.outcomes.entry(outcome.code()).or_default() += 1,
            None => self.stuck += 1,
        }
        let good = talked.outcome.is_some_and(|outcome| outcome != Outcome::Failed);
        self.completed += u64::from(good && !talked.hung_up);
        self.silence_ms_max = self.silence_ms_max.max(talked.silence_ms_max);
        self.talk_ms_sum += talked.talk_ms;
        self.turns += talked.turns;
        self.abstained += talked.abstained;
        self.nodes.extend(talked.nodes);
        self.edges.extend(talked.edges);
        self.rules.extend(talked.rules);
    }

    /// Returns the nodes of the flow that no caller reached.
    pub fn nodes_missed<'a>(&self, flow: &'a FlowDefinition) -> Vec<&'a str> {
        let all = flow.nodes.keys().map(String::as_str);
        all.filter(|node| !self.nodes.contains(*node)).collect()
    }

    /// Returns the edges of the flow that no caller took.
    pub fn edges_missed(&self, flow: &FlowDefinition) -> Vec<(String, String)> {
        let edges = flow.edges().into_iter();
        edges.filter(|edge| !self.edges.contains(edge)).collect()
    }

    /// Returns the number of global intents that decided at least once.
    pub fn intents_met(&self) -> usize {
        let global = |rule: &&String| rule.starts_with("dialogue.intents.");
        self.rules.iter().filter(global).count()
    }

    /// Returns the report as JSON, with members in a fixed order.
    pub fn value(&self, flow: &FlowDefinition, seed: u64) -> Value {
        serde_json::to_value(self.shown(flow, seed)).unwrap_or_default()
    }

    /// Returns the report of this rehearsal for the API.
    pub fn shown(&self, flow: &FlowDefinition, seed: u64) -> RehearsalResponse {
        let nodes_missed = self.nodes_missed(flow);
        let edges_missed = self.edges_missed(flow);
        let edges: Vec<String> = edges_missed
            .iter()
            .map(|(from, to)| format!("{from} → {to}"))
            .collect();
        RehearsalResponse {
            flow: flow.flow.clone(),
            seed,
            callers: self.callers,
            completed: self.completed,
            stuck: self.stuck,
            node_coverage_ratio: ratio(flow.nodes.len(), nodes_missed.len()),
            edge_coverage_ratio: ratio(flow.edges().len(), edges_missed.len()),
            silence_ms_max: self.silence_ms_max,
            talk_ms_mean: self.talk_ms_sum.checked_div(self.callers).unwrap_or_default(),
            turns: self.turns,
            abstained: self.abstained,
            outcomes: self.outcomes.clone(),
            personas: self.personas.clone(),
            offers: self.offers.clone(),
            nodes_missed: nodes_missed.into_iter().map(str::to_owned).collect(),
            edges_missed: edges,
            global_intents: flow.dialogue().intents.len(),
            global_intents_met: self.intents_met(),
        }
    }
}

/// Returns the share of `all` that was not missed, rounded to three decimals; 1 if `all` is 0.
fn ratio(all: usize, missed: usize) -> f64 {
    let met = u32::try_from(all.saturating_sub(missed)).unwrap_or_default();
    let all = u32::try_from(all).unwrap_or_default();
    if all == 0 {
        return 1.0;
    }
    (f64::from(met) * 1_000.0 / f64::from(all)).round() / 1_000.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rehearsing::SHIPPED;
    use std::sync::LazyLock;

    static LISTENER: LazyLock<Listener> = LazyLock::new(|| Listener::bundled("zh-CN").unwrap());

    #[test]
    fn every_shipped_flow_ends_with_every_caller_and_equal_seeds_make_equal_reports() {
        for (name, text) in SHIPPED {
            let flow = Arc::new(FlowDefinition::from_yaml(text).unwrap());
            let run = |seed| rehearse(&flow, &LISTENER, 200, seed).value(&flow, seed);
            let one = run(7);
            assert_eq!(one, run(7), "{name}");
            assert_ne!(one["outcomes"], run(8)["outcomes"], "{name}");
            assert_eq!(one["stuck"], 0, "{name}");
            let spoken = flow
                .nodes
                .values()
                .any(|node| matches!(node, domain::flow::Node::Ask(_)));
            if spoken {
                assert!(one["silence_ms_max"].as_u64() <= Some(3_000), "{name}: {one}");
            }
        }
    }
}
