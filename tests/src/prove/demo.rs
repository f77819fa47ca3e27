//! Proofs of the demonstration with other seeds, and of the simulation run twice.

use super::{Form, Proof};
use crate::history::member;
use crate::program::run_json;
use serde_json::{Value, json};

/// Runs `demo` with a seed. Returns its summary, and what is wrong with it.
pub(crate) fn demo(customers: u32, seed: u64) -> (Value, Vec<String>) {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let data = folder.path().join("data").to_string_lossy().into_owned();
    let (customers, seed) = (customers.to_string(), seed.to_string());
    let args = [
        "demo",
        "--customers",
        &customers,
        "--seed",
        &seed,
        "--data",
        &data,
        "--http",
        "127.0.0.1:0",
    ];
    match run_json(&[&args[..], &["--exit-when-done", "--json"]].concat()) {
        Err(error) => (Value::Null, vec![error]),
        Ok((status, summary)) => {
            let mut wrong = violations(&summary);
            if !status.success() {
                wrong.push(format!("ended with {status}"));
            }
            (summary, wrong)
        }
    }
}

fn violations(summary: &Value) -> Vec<String> {
    let number = |member: &str| summary[member].as_u64();
    let mut wrong = Vec::new();
    if number("dialed").is_none_or(|dialed| dialed == 0)
        || member(summary, "/terminal") != member(summary, "/dialed")
    {
        wrong.push("terminal differs from dialed, or nothing was dialed".to_owned());
    }
    if member(summary, "/reconcile/mismatched") != 0 {
        let reasons = member(summary, "/reconcile/reasons");
        wrong.push(format!("the carrier's CDR and the log disagree: {reasons}"));
    }
    if member(summary, "/recordings") != member(summary, "/answered") {
        wrong.push("an answered call has no recording with the logged hash".to_owned());
    }
    wrong
}

pub(crate) fn seeds(form: Form) -> Proof {
    let (customers, seeds): (u32, &[u64]) = match form {
        Form::Short => (30, &[11]),
        Form::Long => (200, &[1, 2, 3, 4, 5, 6, 8, 9, 10, 11]),
    };
    let mut rows = Vec::new();
    let mut holds = true;
    for seed in seeds {
        let (summary, wrong) = demo(customers, *seed);
        holds &= wrong.is_empty();
        rows.push(
            json!({"seed": seed, "dialed": member(&summary, "/dialed"), "terminal": member(&summary, "/terminal"),
            "mismatched": member(&summary, "/reconcile/mismatched"), "violations": wrong}),
        );
    }
    Proof {
        line: json!({"proof": "seeds", "customers": customers, "runs": rows}),
        holds,
    }
}

/// Checks that the same seed gives the same hash twice, without a violation.
pub(crate) fn simulation(form: Form) -> Proof {
    let (days, calls) = match form {
        Form::Short => ("2", "50"),
        Form::Long => ("200", "1000"),
    };
    let simulate = || {
        run_json(&[
            "simulate",
            "--days",
            days,
            "--calls-per-day",
            calls,
            "--seed",
            "7",
            "--json",
        ])
    };
    match (simulate(), simulate()) {
        (Ok((first, one)), Ok((second, other))) => {
            let same = member(&one, "/log_hash").is_string()
                && member(&one, "/log_hash") == member(&other, "/log_hash");
            let holds = same && first.success() && second.success();
            Proof {
                line: json!({"proof": "simulation", "same_hash": same, "run": one}),
                holds,
            }
        }
        (one, other) => {
            let errors: Vec<String> = [one.err(), other.err()].into_iter().flatten().collect();
            Proof {
                line: json!({"proof": "simulation", "errors": errors}),
                holds: false,
            }
        }
    }
}
