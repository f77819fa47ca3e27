//! Proof of the recipe for an encoder of one's own, run as it is shipped on a generated encoder with some
//! thousand weights: trained, written as ONNX, read by onnxruntime, and asked over HTTP as calls do.

use super::SETS;
use crate::program::command;
use crate::prove::external_programs::{build_folder, python_with};
use serde_json::{Value, json};
use std::path::Path;
use std::process::Stdio;

/// The script of the recipe.
pub(super) const RECIPE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/how-to/train-an-encoder.py");

/// The packages for it, with exact versions.
const PINNED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/clients/encoder/requirements.txt");

/// Runs the recipe's check. Returns its output and adds what does not hold; skipped with a message if it
/// cannot run.
pub(super) fn check_recipe(violations: &mut Vec<String>) -> Value {
    let python = match python_with(Path::new(PINNED), &build_folder("tools", "encoder")) {
        Ok(python) => python,
        Err(why) => return json!({ "SKIPPED": why }),
    };
    let lines = Path::new(SETS).join("zh_outbound_labelled.jsonl");
    let mut asked = command(&python);
    asked.arg(RECIPE).arg("check").arg(lines).stdin(Stdio::null());
    let line = match asked.output() {
        Ok(output) => serde_json::from_slice::<Value>(&output.stdout).ok(),
        Err(_) => None,
    };
    let Some(line) = line else {
        violations.push("encoder: the recipe ended without its line".to_owned());
        return Value::Null;
    };
    let named = line.get("violations").and_then(Value::as_array);
    violations.extend(named.into_iter().flatten().map(|one| format!("encoder: {one}")));
    line
}
