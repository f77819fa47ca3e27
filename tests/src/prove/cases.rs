//! Proof that runs every case of `fixtures/cases/`: an input from a public bug report of another dialer, SIP
//! stack or import tool, and the right behavior.
//!
//! A case is a Python program. It exits with 0 if the behavior is right, 1 if it is wrong, and [`SKIPS`] if
//! this machine lacks something it needs; its last line says what.

use super::external_programs::{build_folder, python_with};
use super::{Form, Proof, skipped};
use crate::postgres::PostgresServer;
use crate::program::{command, is_installed, ledgerline};
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;

/// The exit code of a case that cannot run here, as in automake's test harness.
const SKIPS: i32 = 77;

/// The time limit of one case in seconds: the longest one waits for a minute of silence, and 32 s for a
/// repeated response.
const SECONDS_MAX: &str = "300";

/// The characters kept of the output of a wrong case.
const PRINTED_CHARS: usize = 2_000;

/// The result of one case.
enum Verdict {
    Right,
    Wrong(String),
    Skipped(String),
}

pub(super) fn prove(_: Form) -> Proof {
    let name = "cases";
    if !is_installed("python3") || !is_installed("timeout") {
        return skipped(name, "python3 or timeout is missing");
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let pinned = root.join("clients/cases/requirements.txt");
    // Cases that need a package skip themselves if it cannot be installed.
    let python =
        python_with(&pinned, &build_folder("clients", "cases")).unwrap_or_else(|_| PathBuf::from("python3"));
    let postgres = PostgresServer::start();
    let mut wrong = Vec::new();
    let mut skips = Vec::new();
    let mut right = 0;
    for case in list_cases(&root.join("../fixtures/cases")) {
        let title = case
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        match run_case(&python, &case, postgres.as_ref()) {
            Verdict::Right => right += 1,
            Verdict::Wrong(printed) => wrong.push(json!({ "case": title, "printed": printed })),
            Verdict::Skipped(why) => skips.push(json!({ "case": title, "why": why })),
        }
    }
    let holds = wrong.is_empty() && right > 0;
    let mut line = json!({ "proof": name, "holds": holds, "right": right, "wrong": wrong });
    if let (Some(line), false) = (line.as_object_mut(), skips.is_empty()) {
        line.insert("skipped".into(), Value::String(Value::Array(skips).to_string()));
    }
    Proof { line, holds }
}

/// Returns the folders of the cases, by name; `lib` contains what they share.
fn list_cases(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut cases: Vec<PathBuf> = entries
        .map(|entry| entry.path())
        .filter(|path| path.is_dir() && !path.ends_with("lib"))
        .collect();
    cases.sort();
    cases
}

/// Runs one case to its end. A folder without a `case.py` is wrong: it would check nothing.
fn run_case(python: &Path, case: &Path, postgres: Option<&PostgresServer>) -> Verdict {
    let mut running = command("timeout");
    running
        .args(["--kill-after=10", SECONDS_MAX])
        .arg(python)
        .arg(case.join("case.py"))
        .env("LEDGERLINE", ledgerline())
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .stdin(Stdio::null());
    if let Some(server) = postgres {
        running.env("LEDGERLINE_TEST_POSTGRES", server.url());
    }
    let output = match running.output() {
        Ok(output) => output,
        Err(error) => return Verdict::Wrong(error.to_string()),
    };
    let mut printed = String::from_utf8_lossy(&output.stdout).into_owned();
    printed.push_str(&String::from_utf8_lossy(&output.stderr));
    match output.status.code() {
        Some(0) => Verdict::Right,
        Some(SKIPS) => Verdict::Skipped(printed.lines().next_back().unwrap_or_default().to_owned()),
        Some(_) | None => {
            let behind = printed.chars().count().saturating_sub(PRINTED_CHARS);
            Verdict::Wrong(printed.chars().skip(behind).collect())
        }
    }
}
