//! `prove NAME` runs one proof in its long form (`--short` in its short one); `prove short` runs the short
//! form of each and says so.

use serde_json::Value;
use std::io::Write;
use std::process::ExitCode;
use tests::history::member;
use tests::prove::{Form, Proof, SHORT, run};

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
    if name != "short" {
        let form = if std::env::args().any(|arg| arg == "--short") {
            Form::Short
        } else {
            Form::Long
        };
        let Some(proof) = run(&name, form) else {
            say("usage: prove NAME [--short] | prove short; NAME is one of");
            say(
                "as-of keys seeds two-processes clock crash projections rebuild sipp stores kurrent audit forgetting full-disk exports hostile simulation",
            );
            return ExitCode::from(2);
        };
        show(&proof);
        return if proof.holds {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        };
    }
    let mut failed = 0;
    for (name, form) in SHORT {
        say(&format!("short form of prove-{name}: {form}"));
        let Some(proof) = run(name, Form::Short) else {
            continue;
        };
        show(&proof);
        failed += usize::from(!proof.holds);
    }
    if failed == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
