//! `prove NAME` runs one proof in its long form (`--short`: in its short form). `prove short` runs the short
//! form of every proof and prints the results.

use serde_json::Value;
use std::collections::BTreeMap;
use std::io::Write;
use std::process::ExitCode;
use tests::history::member;
use tests::program::instant;
use tests::prove::table::{FIRST, LONG_ONLY, PROOFS, SHORT, WAITING, run};
use tests::prove::{Form, Proof};

fn say(line: &str) {
    // If standard output is closed, there is no reader for the line.
    drop(writeln!(std::io::stdout(), "{line}"));
}

/// Prints a line for each part of a proof that could not run here.
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
    // An unknown option, or a request for help, must not run a proof of an hour.
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

/// Runs the short form of every proof, those that wait for real time in parallel. Returns true if all hold.
/// Those that do not are printed again at the end, with their results.
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
        let (name, played, seconds) = timed(name);
        failed.extend(not_held(name, played));
        say(&format!("-- {name}: {seconds} s"));
    }
    for group in WAITING {
        failed.extend(run_at_once(group));
    }
    if !failed.is_empty() {
        let names: Vec<&str> = failed.iter().map(|(name, _)| *name).collect();
        say(&format!(
            "of {} short proofs these do not hold: {}",
            SHORT.len(),
            names.join(", ")
        ));
    }
    for (name, why) in &failed {
        let why: String = why.chars().take(WHY_CHARS).collect();
        say(&format!("NOT HELD {name}: {why}"));
    }
    failed.is_empty()
}

/// The name of a proof that does not hold, and its result or error.
type FailedProof = (&'static str, String);

/// The characters of a result that are shown at the end.
const WHY_CHARS: usize = 1_200;

/// Runs the lanes of a group in parallel. Returns the proofs that do not hold.
fn run_at_once(group: &[&'static [&'static str]]) -> Vec<FailedProof> {
    for (name, form) in SHORT.iter().filter(|(name, _)| group.concat().contains(name)) {
        say(&format!("short form of prove-{name}, beside others: {form}"));
    }
    let began = instant();
    let found: Vec<_> = std::thread::scope(|scope| {
        let begin = |lane: &&'static [&'static str]| {
            let lane = *lane;
            scope.spawn(move || {
                if group.iter().any(|lane| is_first(lane)) && !is_first(lane) {
                    step_aside();
                }
                lane.iter().map(|name| timed(name)).collect::<Vec<_>>()
            })
        };
        let running: Vec<_> = group.iter().map(begin).collect();
        let ended = running.into_iter().map(|lane| lane.join().unwrap_or_default());
        ended.flatten().collect()
    });
    let each: Vec<String> = found
        .iter()
        .map(|(name, _, seconds)| format!("{name} {seconds}"))
        .collect();
    say(&format!(
        "-- {}: {} s",
        each.join(", "),
        (instant() - began).as_secs()
    ));
    let mut played: BTreeMap<&str, ProofResult> = found
        .into_iter()
        .map(|(name, played, _)| (name, played))
        .collect();
    let names = group.concat().into_iter();
    let asked = names.filter_map(|name| {
        let missing = || Err("its lane broke off".to_owned());
        not_held(name, played.remove(name).unwrap_or_else(missing))
    });
    asked.collect()
}

fn is_first(lane: &[&str]) -> bool {
    lane.iter().any(|name| FIRST.contains(name))
}

/// Lowers the priority of this thread and of what it starts, in favor of other work.
fn step_aside() {
    /// A tenth of the processor time if other threads want all of it.
    const NICE: i32 = 10;
    if let Err(error) = rustix::process::setpriority_process(None, NICE) {
        say(&format!("the priority cannot be lowered: {error}"));
    }
}

/// The result of a proof, or why it could not run to its end.
type ProofResult = Result<Proof, String>;

/// Runs the short form of a proof. Returns its result and the seconds it took.
fn timed(name: &'static str) -> (&'static str, ProofResult, u64) {
    let began = instant();
    let played = std::panic::catch_unwind(|| run(name, Form::Short));
    let played = played.map_err(|broken| {
        let text = broken.downcast_ref::<String>().map(String::as_str);
        let text = text.or_else(|| broken.downcast_ref::<&str>().copied());
        format!(
            "it could not be played to its end: {}",
            text.unwrap_or("no word of why")
        )
    });
    let played = played.and_then(|found| found.ok_or_else(|| "there is no such proof".to_owned()));
    (name, played, (instant() - began).as_secs())
}

/// Prints the result of a proof. Returns `None` if it holds.
fn not_held(name: &'static str, played: ProofResult) -> Option<FailedProof> {
    match played {
        Ok(proof) => {
            show(&proof);
            (!proof.holds).then(|| (name, proof.line.to_string()))
        }
        Err(why) => {
            say(&format!("prove-{name}: {why}"));
            Some((name, why))
        }
    }
}
