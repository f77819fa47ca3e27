//! `prove NAME` runs one proof in its long form (`--short` in its short one); `prove short` runs the short
//! form of each and says so.

use serde_json::Value;
use std::io::Write;
use std::process::ExitCode;
use std::time::Instant;
use tests::history::member;
use tests::program::instant;
use tests::prove::table::{LONG_ONLY, MEASURING, PROOFS, SHORT, WAITING, run};
use tests::prove::{Form, Proof};

fn say(line: &str) {
    // Nobody can be told that standard output is gone.
    drop(writeln!(std::io::stdout(), "{line}"));
}

/// Says each part of a proof that could not run here on a line of its own.
fn say_skips(name: &str, value: &Value) {
    if let Some(reason) = member(value, "/skipped").as_str() {
        say(&format!("SKIPPED {name}: {reason}"));
    }
    for (part, inner) in value
        .as_object()
        .into_iter()
        .flatten()
        .filter(|(_, inner)| inner.is_object())
    {
        say_skips(&format!("{name} {part}"), inner);
    }
}

fn show(proof: &Proof) {
    say_skips(member(&proof.line, "/proof").as_str().unwrap_or(""), &proof.line);
    say(&proof.line.to_string());
}

fn main() -> ExitCode {
    let name = std::env::args().nth(1).unwrap_or_default();
    // What is asked for by mistake, or for help, runs no proof of an hour.
    let is_unknown = |arg: &String| arg.starts_with('-') && arg != "--short";
    if name != "short" {
        let form = if std::env::args().any(|arg| arg == "--short") {
            Form::Short
        } else {
            Form::Long
        };
        let asked = (!std::env::args().skip(1).any(|arg| is_unknown(&arg))).then(|| run(&name, form));
        let Some(proof) = asked.flatten() else {
            say("usage: prove NAME [--short] | prove short; NAME is one of");
            let names: Vec<&str> = PROOFS.iter().map(|(name, _)| *name).collect();
            say(&names.join(" "));
            return ExitCode::from(2);
        };
        show(&proof);
        return if proof.holds {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        };
    }
    if run_short() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// Runs the short form of each; those that wait for real time at once. True when all hold.
fn run_short() -> bool {
    let waits = |name: &str| {
        WAITING
            .iter()
            .flat_map(|group| group.iter())
            .any(|lane| lane.contains(&name))
    };
    let long: Vec<&str> = LONG_ONLY.iter().map(|(name, _)| *name).collect();
    say(&format!("without a short form: {}", long.join(", ")));
    let mut failed = Vec::new();
    for (name, form) in SHORT.iter().filter(|(name, _)| !waits(name)) {
        say(&format!("short form of prove-{name}: {form}"));
        let began = instant();
        if !shown(run(name, Form::Short).as_ref()) {
            failed.push(*name);
        }
        say(&took(name, began));
    }
    for group in WAITING {
        failed.extend(run_at_once(group));
    }
    failed.retain(|name| !MEASURING.contains(name) || !holds_alone(name));
    if !failed.is_empty() {
        say(&format!(
            "of {} short proofs these do not hold: {}",
            SHORT.len(),
            failed.join(", ")
        ));
    }
    failed.is_empty()
}

/// Whether one that measures time holds once nothing runs beside it; that it did not at first is said, and
/// `make test` ends with it.
fn holds_alone(name: &'static str) -> bool {
    say(&format!(
        "SECOND TRY {name}: it measures time, and did not hold; once more, alone"
    ));
    let (_, proof, _) = timed(name);
    shown(proof.as_ref())
}

/// Runs the lanes of a group at once. The names of those that do not hold.
fn run_at_once(group: &[&'static [&'static str]]) -> Vec<&'static str> {
    for (name, form) in SHORT.iter().filter(|(name, _)| group.concat().contains(name)) {
        say(&format!("short form of prove-{name}, beside others: {form}"));
    }
    let began = instant();
    let found: Vec<_> = std::thread::scope(|scope| {
        let begin = |lane: &&'static [&'static str]| {
            let lane = *lane;
            scope.spawn(move || lane.iter().map(|name| timed(name)).collect::<Vec<_>>())
        };
        let running: Vec<_> = group.iter().map(begin).collect();
        let ended = running.into_iter().map(|lane| lane.join().unwrap_or_default());
        ended.flatten().collect()
    });
    let each: Vec<String> = found
        .iter()
        .map(|(name, _, seconds)| format!("{name} {seconds}"))
        .collect();
    say(&took(&each.join(", "), began));
    let mut names = group.concat();
    names.retain(|name| {
        let proof = found
            .iter()
            .find(|(of, ..)| of == name)
            .and_then(|(_, proof, _)| proof.as_ref());
        if proof.is_none() {
            say(&format!("prove-{name} could not be played to its end"));
        }
        !shown(proof)
    });
    names
}

/// The short form of one, and its seconds; `None` where it could not be played to its end.
fn timed(name: &'static str) -> (&'static str, Option<Proof>, u64) {
    let began = instant();
    let played = std::panic::catch_unwind(|| run(name, Form::Short));
    (name, played.ok().flatten(), (instant() - began).as_secs())
}

fn took(what: &str, began: Instant) -> String {
    format!("-- {what}: {} s", (instant() - began).as_secs())
}

/// Whether it holds; one of no name does not.
fn shown(proof: Option<&Proof>) -> bool {
    proof.is_some_and(|proof| {
        show(proof);
        proof.holds
    })
}
