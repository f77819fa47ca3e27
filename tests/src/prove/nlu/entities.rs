//! Proof of values in digits and in words, in both directions: what a public library writes is found, and
//! what we say is read back by it. No card or identity number remains in a masked text, nor in what a server
//! stores of it.

use super::masking::{check_masking, hides};
use super::{python, script};
use crate::program::{command, ledgerline};
use crate::prove::{Form, Proof, skipped};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;
use std::process::Stdio;

/// The texts of the short form, and the number of values to say.
const SHORT_COUNT: u32 = 1_200;

/// The same of the long form.
const LONG_COUNT: u32 = 30_000;

/// The time from which "tomorrow" counts; every date in the texts is after it.
const AT: &str = "2026-01-05T10:00:00+08:00";

/// The most wrong results that are printed.
const SHOWN_MAX: usize = 5;

pub(in super::super) fn prove(form: Form) -> Proof {
    let count = match form {
        Form::Short => SHORT_COUNT,
        Form::Long => LONG_COUNT,
    };
    let python = match python() {
        Ok(python) => python,
        Err(why) => return skipped("entities", &why),
    };
    match proved(&python, count) {
        Ok(proof) => proof,
        Err(why) => Proof {
            line: json!({ "proof": "entities", "violations": [why] }),
            holds: false,
        },
    }
}

fn proved(python: &Path, count: u32) -> Result<Proof, String> {
    let made = said_by(python, &["make", "7", &count.to_string()], "")?;
    let found = found(lines_of(&made, "texts"))?;
    let stored = check_masking(lines_of(&made, "texts"));
    let values = lines_of(&made, "values");
    let said = ledgerline_on("say", values, &["--lang", "zh"])?;
    let pairs = values.iter().zip(&said);
    let asked: String = pairs
        .map(|(value, said)| format!("{}\n", json!({ "value": value, "said": said["said"] })))
        .collect();
    let back = said_by(python, &["back"], &asked)?;
    let unread = lines_of(&back, "wrong");
    let wrong: usize =
        found.wrong.len() + found.unmasked.len() + unread.len() + values.len().abs_diff(said.len());
    let wrong = wrong + stored.left.len();
    Ok(Proof {
        line: json!({
            "proof": "entities", "texts": found.by_kind, "wrong": found.wrong.len(),
            "unmasked": found.unmasked.len(), "said": said.len(), "read_back_wrong": unread.len(),
            "stored": stored.written, "left_in_store": stored.left.len(),
            "first_wrong": first(found.wrong.iter().chain(&found.unmasked).chain(unread).chain(&stored.left)),
        }),
        holds: wrong == 0 && said.len() >= 1_000 && stored.written > 0,
    })
}

fn first<'v>(all: impl Iterator<Item = &'v Value>) -> Vec<&'v Value> {
    all.take(SHOWN_MAX).collect()
}

/// The results for the texts.
#[derive(Default)]
struct EntityResults {
    by_kind: BTreeMap<String, u32>,
    wrong: Vec<Value>,
    unmasked: Vec<Value>,
}

fn found(texts: &[Value]) -> Result<EntityResults, String> {
    let read = ledgerline_on("read", texts, &["--at", AT])?;
    if read.len() != texts.len() {
        return Err(format!("{} of {} texts were read", read.len(), texts.len()));
    }
    let mut found = EntityResults::default();
    for (text, read) in texts.iter().zip(&read) {
        let kind = text["kind"].as_str().unwrap_or_default();
        *found.by_kind.entry(kind.to_owned()).or_default() += 1;
        let entities = read["entities"].as_array().map_or(&[][..], Vec::as_slice);
        let right = match kind.strip_prefix("no_") {
            Some(kind) => entities.iter().all(|entity| entity["kind"] != kind),
            None => entities.iter().any(|entity| is(entity, kind, &text["value"])),
        };
        let case = || json!({ "text": text["text"], "value": text["value"], "read": read });
        if !right {
            found.wrong.push(case());
        }
        if hides(text) && read["masked"] == text["text"] {
            found.unmasked.push(case());
        }
    }
    Ok(found)
}

/// Returns true if an entity is of this kind and value.
fn is(entity: &Value, kind: &str, value: &Value) -> bool {
    let named = &entity["value"];
    entity["kind"] == kind
        && match kind {
            "amount" => named["fen_min"] == *value && named["fen_max"] == *value,
            "time" => named["start_ms"] == *value,
            _ => named == value,
        }
}

fn lines_of<'v>(value: &'v Value, name: &str) -> &'v [Value] {
    value[name].as_array().map_or(&[], Vec::as_slice)
}

/// Runs the command on lines of a file. Returns its output lines.
fn ledgerline_on(action: &str, lines: &[Value], more: &[&str]) -> Result<Vec<Value>, String> {
    let file = tempfile::NamedTempFile::new().map_err(|error| error.to_string())?;
    let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
    std::fs::write(file.path(), text).map_err(|error| error.to_string())?;
    let output = command(ledgerline())
        .args(["nlu", action])
        .arg(file.path())
        .args(more)
        .output()
        .map_err(|error| error.to_string())?;
    let said = String::from_utf8_lossy(&output.stdout);
    let parsed = said.lines().map(serde_json::from_str);
    parsed
        .collect::<Result<_, _>>()
        .map_err(|error| error.to_string())
}

/// Runs the script with `input`. Returns its output.
fn said_by(python: &Path, args: &[&str], input: &str) -> Result<Value, String> {
    let mut child = command(python)
        .arg(script("values.py"))
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| error.to_string())?;
    if let Some(mut stdin) = child.stdin.take() {
        stdin
            .write_all(input.as_bytes())
            .map_err(|error| error.to_string())?;
    }
    let output = child.wait_with_output().map_err(|error| error.to_string())?;
    serde_json::from_slice(&output.stdout).map_err(|error| format!("values.py: {error}"))
}
