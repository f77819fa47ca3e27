//! Proof of the compliance rules by comparison with an oracle in another language: `why-not` answers prepared
//! cases on both sides of every boundary and random ones, and a Python program that shares no code judges the
//! same facts by its own clock and its own tables.

mod case;
mod further_facts;
mod prepared_cases;
mod random;
mod records;
mod sides;
mod telemarketing;

use crate::program::{command, is_installed};
use crate::prove::{Form, Proof, skipped};
use serde_json::{Value, json};
use std::io::Write;
use std::path::Path;
use std::process::Stdio;

/// The seed of the random cases: the same in every run.
const SEED: u64 = 0x0110;

pub(super) fn prove(form: Form) -> Proof {
    let random_count = match form {
        Form::Short => 1_000,
        Form::Long => 20_000,
    };
    if !is_installed("python3") {
        return skipped("rules", "python3 is missing");
    }
    let mut wrong = Vec::new();
    let sides = prepared_cases::cases();
    let lacking = sides::rules_without(&sides.pairs);
    wrong.extend(
        lacking
            .iter()
            .map(|rule| format!("{rule} has no case on each side")),
    );
    let prepared = sides.made;
    for (name, case, permitted) in &prepared {
        let said = case.ask();
        if said.permitted() != *permitted {
            let rule = said.binding.map(|verdict| verdict.rule);
            wrong.push(format!("{name}: permitted is {}, by {rule:?}", !*permitted));
        }
    }
    let mut all: Vec<Value> = prepared.iter().map(|(name, case, _)| case.line(name)).collect();
    all.extend(
        random::cases(SEED, random_count)
            .iter()
            .map(|case| case.line("random")),
    );
    let judged = judge(&all);
    let disagreements = judged.get("disagreements").and_then(Value::as_u64);
    if disagreements != Some(0) {
        wrong.push(format!("the oracle says {judged}"));
    }
    if judged.get("cases").and_then(Value::as_u64) != u64::try_from(all.len()).ok() {
        wrong.push("the oracle did not judge every case".to_owned());
    }
    let count = |name: &str| judged.get(name).cloned().unwrap_or(Value::Null);
    Proof {
        holds: wrong.is_empty(),
        line: json!({ "proof": "rules", "cases": all.len(), "prepared": prepared.len(),
            "pairs": sides.pairs.len(), "rules": domain::compliance::all_rules().len(),
            "rules_without_both_sides": lacking.len(),
            "disagreements": disagreements, "lawful_refused": count("lawful_refused"),
            "permitted": count("permitted"), "not_before_checked": count("not_before_checked"),
            "wrong": wrong.iter().take(10).collect::<Vec<_>>() }),
    }
}

/// Runs the oracle on all cases, one line of JSON each. Returns its output.
fn judge(lines: &[Value]) -> Value {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("clients/rules/oracle.py");
    let mut python = command("python3");
    python.arg(&script).stdin(Stdio::piped()).stdout(Stdio::piped());
    let Ok(mut child) = python.spawn() else {
        return Value::Null;
    };
    let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
    // The oracle prints nothing before it has read everything, and its input ends with this block.
    let written = match child.stdin.take() {
        Some(mut input) => input.write_all(text.as_bytes()).is_ok(),
        None => false,
    };
    let output = child.wait_with_output().map(|output| output.stdout);
    let said = serde_json::from_slice(&output.unwrap_or_default());
    said.ok().filter(|_| written).unwrap_or(Value::Null)
}
