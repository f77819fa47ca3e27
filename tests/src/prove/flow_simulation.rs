//! Proof of the flows that ship, in text with seeded callers: every node and edge is reached by some callers,
//! none is stuck, no silence is longer than allowed, and the same seed prints the same bytes.

use super::{Form, Proof};
use crate::history::member;
use crate::program::{read, run};
use domain::flow::{FlowDefinition, Node};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::Path;

/// The flow of the requirement.
const REQUIRED: &str = "card_instalment";

/// The number of callers in each run.
const CALLERS: u64 = 1_000;

/// The least number of callers of a thousand that must reach an end of the flow: three in a hundred meet a
/// failing recognizer or synthesizer on purpose.
const COMPLETED_MIN: u64 = 950;

/// The longest silence in a conversation.
const SILENCE_MS_MAX: u64 = 3_000;

pub(super) fn prove(form: Form) -> Proof {
    let (flows, seeds): (Vec<String>, &[u64]) = match form {
        Form::Short => (vec![REQUIRED.to_owned()], &[7]),
        Form::Long => (shipped(), &[7, 8, 9]),
    };
    let mut wrong = Vec::new();
    let mut found = Vec::new();
    for flow in &flows {
        let reports: Vec<String> = seeds
            .iter()
            .map(|seed| {
                let (one, other) = (simulate(flow, *seed), simulate(flow, *seed));
                if one != other {
                    wrong.push(format!("{flow}: seed {seed} prints other bytes the second time"));
                }
                one
            })
            .collect();
        if reports
            .iter()
            .zip(reports.iter().skip(1))
            .any(|(one, other)| one == other)
        {
            wrong.push(format!("{flow}: two seeds print the same"));
        }
        let reports: Vec<Value> = reports
            .iter()
            .map(|report| serde_json::from_str(report).unwrap_or_default())
            .collect();
        wrong.extend(reports.iter().flat_map(|report| faults(flow, report)));
        wrong.extend(not_reached(flow, &reports));
        found.extend(reports.iter().map(select_members));
    }
    if flows.is_empty() {
        wrong.push("there is no shipped flow".to_owned());
    }
    Proof {
        holds: wrong.is_empty(),
        line: json!({"proof": "simulate", "flows": flows.len(), "callers": CALLERS, "seeds": seeds.len(),
            "runs": found, "wrong": wrong}),
    }
}

/// Returns the names of the flows that ship.
fn shipped() -> Vec<String> {
    let output = run(&["flow", "list"]);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let names = text.lines().filter_map(|line| line.split_whitespace().next());
    names.map(str::to_owned).collect()
}

/// Returns the exact output of a run, or its error.
fn simulate(flow: &str, seed: u64) -> String {
    let (callers, seed) = (CALLERS.to_string(), seed.to_string());
    let output = run(&[
        "flow",
        "simulate",
        flow,
        "--callers",
        &callers,
        "--seed",
        &seed,
        "--json",
    ]);
    let said = if output.status.success() {
        output.stdout
    } else {
        output.stderr
    };
    String::from_utf8_lossy(&said).into_owned()
}

fn faults(flow: &str, report: &Value) -> Vec<String> {
    let number = |name: &str| member(report, &format!("/{name}")).as_u64();
    let silence_ms_max = silence_allowed(flow);
    let checks = [
        ("not every caller called", number("callers") == Some(CALLERS)),
        ("a caller is stuck", number("stuck") == Some(0)),
        (
            "too few came to an end",
            number("completed") >= Some(COMPLETED_MIN),
        ),
        (
            "a silence is too long",
            number("silence_ms_max").is_some_and(|silence| silence <= silence_ms_max),
        ),
    ];
    let broken = checks.iter().filter(|(_, holds)| !holds);
    broken
        .map(|(what, _)| format!("{flow}: {what}: {report}"))
        .collect()
}

/// Returns a violation if some nodes or edges are reached by no caller of any seed.
fn not_reached(flow: &str, reports: &[Value]) -> Option<String> {
    let missed_in = |report: &Value| -> BTreeSet<String> {
        let missed = ["/nodes_missed", "/edges_missed"].map(|name| member(report, name).as_array());
        let missed = missed.into_iter().flatten().flatten();
        missed.filter_map(Value::as_str).map(str::to_owned).collect()
    };
    let mut missed = reports.iter().map(missed_in);
    let first = missed.next()?;
    let missed = missed.fold(first, |all, one| &all & &one);
    (!missed.is_empty()).then(|| format!("{flow}: no caller reaches {missed:?}"))
}

/// Returns the longest silence allowed in a flow: a callee that is listened to gets a response in time; a
/// menu for keys only waits for its timeout.
fn silence_allowed(flow: &str) -> u64 {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../fixtures/flows/{flow}.yaml"));
    let flow = FlowDefinition::from_yaml(&read(&file));
    let nodes = flow.map(|flow| flow.nodes).unwrap_or_default();
    if nodes.values().any(|node| matches!(node, Node::Ask(_))) {
        return SILENCE_MS_MAX;
    }
    let waits = nodes.values().filter_map(|node| match node {
        Node::AskKeypress(menu) => Some(menu.timeout_ms),
        _ => None,
    });
    waits.max().unwrap_or(0).max(SILENCE_MS_MAX)
}

fn select_members(report: &Value) -> Value {
    let names = [
        "flow",
        "seed",
        "completed",
        "stuck",
        "node_coverage_ratio",
        "edge_coverage_ratio",
        "silence_ms_max",
    ];
    let members = names.map(|name| (name.to_owned(), member(report, &format!("/{name}")).clone()));
    members.into_iter().collect()
}
