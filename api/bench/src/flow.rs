//! `ledgerline-bench flow`: steps of the pure flow engine per second, beside bare look-ups of the same nodes.

use crate::figures::{Report, Target};
use crate::stopwatch::{Stopwatch, Times, float};
use application::rehearsing::{Listener, SHIPPED, UtteranceContext, find_shipped_flow, rehearse};
use domain::flow::{FlowAction, FlowDefinition, FlowInput, FlowRun, UnderstandingResult};
use domain::problem::Problem;
use domain::time::Timestamp;
use std::collections::BTreeMap;
use std::hint::black_box;
use std::sync::Arc;

/// Step a shipped flow through conversations, in text and without a call: steps and rehearsed calls per
/// second
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// A flow that ships with the program
    #[arg(long, default_value = "card_instalment_spoken")]
    flow: String,
    /// Conversations to step through
    #[arg(long, default_value_t = 20_000, value_parser = clap::value_parser!(u32).range(100..=1_000_000))]
    conversations: u32,
    /// Callers to rehearse; what they say is understood
    #[arg(long, default_value_t = 4_000, value_parser = clap::value_parser!(u32).range(100..=1_000_000))]
    callers: u32,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// The most steps of one conversation: notices, a greeting, some answers and the replies to them.
const STEPS_MAX: usize = 8;

/// The utterances of the conversations, in turn.
const SAID: [&str; 6] = ["可以", "三期", "利率多少", "不是，是六期", "没听清", "不用了"];

pub(crate) fn run(args: &Args) -> Result<(), Problem> {
    let Some(text) = find_shipped_flow(&args.flow) else {
        let names: Vec<&str> = SHIPPED.iter().map(|(name, _)| *name).collect();
        let names = names.join(", ");
        return Err(Problem::invalid(
            "setting-invalid",
            format!("--flow: one of {names}"),
        ));
    };
    let flow = FlowDefinition::from_yaml(text).map_err(|fault| Problem::fault(fault.to_string()))?;
    let flow = Arc::new(flow);
    let listener = Listener::shared(&flow.lang).map_err(|fault| Problem::fault(fault.to_string()))?;
    let asked = UtteranceContext {
        slots: flow.learned_slots(),
        ..UtteranceContext::default()
    };
    let understood = SAID.map(|said| listener.understand_apart(said, &asked, Timestamp::EPOCH));
    let mut report = Report::default();
    report.fact("flow", args.flow.as_str());
    report.fact("nodes", flow.nodes.len());
    let (stepped, steps, looked_up) = conversations(&flow, &understood, args.conversations as usize);
    report.fact("steps", steps);
    report.row("up to 8 steps", "the pure step", &stepped, 1);
    report.row("up to 8 steps", "look-ups of its nodes", &looked_up, 1);
    let rate = per_second(steps, &stepped);
    report.value("steps a second", rate, Some(Target::AtLeast(200_000.0)));
    report.ratio(
        "look-ups ÷ the pure step, p50",
        looked_up.p50_us(),
        stepped.p50_us(),
        None,
    );
    let callers = u64::from(args.callers);
    let watch = Stopwatch::start();
    black_box(rehearse(&flow, &listener, callers, 1));
    let mut rehearsed = Times::default();
    rehearsed.add(watch.nanos());
    let count = usize::try_from(args.callers).unwrap_or(usize::MAX);
    let calls = rehearsed.per_second(count);
    report.value("rehearsed calls a second", calls, Some(Target::AtLeast(2_000.0)));
    report.show(args.json)
}

fn per_second(steps: usize, times: &Times) -> f64 {
    let conversations = times.count().max(1);
    times.per_second(1) * float(steps as u64) / float(conversations as u64)
}

/// Returns the times of whole conversations, how many steps they had in all, and the times of finding the
/// same nodes as often by name in the same map.
fn conversations(
    flow: &Arc<FlowDefinition>,
    said: &[UnderstandingResult],
    count: usize,
) -> (Times, usize, Times) {
    let (mut stepped, mut looked_up, mut steps) = (Times::default(), Times::default(), 0);
    let values = BTreeMap::new();
    for number in 0..count {
        let mut nodes = Vec::with_capacity(STEPS_MAX);
        let watch = Stopwatch::start();
        let (mut run, _) = FlowRun::begin(flow, &values);
        for step in 0..STEPS_MAX {
            let spoken = said.get((number + step) % said.len().max(1));
            let actions = match spoken.filter(|_| run.asking().is_some()) {
                Some(spoken) => run.step(FlowInput::Spoken(spoken)),
                None => run.step(FlowInput::Played),
            };
            nodes.push(run.node().to_owned());
            steps += 1;
            if actions
                .iter()
                .any(|action| matches!(action, FlowAction::End { .. }))
            {
                break;
            }
        }
        stepped.add(watch.nanos());
        let watch = Stopwatch::start();
        black_box(nodes.iter().filter(|node| flow.nodes.contains_key(*node)).count());
        looked_up.add(watch.nanos());
    }
    (stepped, steps, looked_up)
}
