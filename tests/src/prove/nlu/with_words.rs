//! Proof of what external word vectors add: a bank's intents learned with and without them, from all lines
//! and from ten per intent. The product does not require them: they are installed only for this proof.

use super::data::{Fold, fewer};
use super::intents::{ModelExtras, measure_intents};
use crate::program::command;
use crate::prove::external_programs::{build_folder, python_with, run_step};
use serde_json::{Map, Value, json};
use std::path::Path;

const CLIENTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/clients/words");

/// The lines per intent when few are learned from.
const FEW: usize = 10;

/// The least ratio of a bank's lines with the right first intent: what was measured, less what other folds
/// change.
const FIRST_RATIO_MIN: [(&str, f64); 2] = [("ten_an_intent", 0.79), ("all", 0.905)];

/// Returns the figures and adds what does not hold; skipped with a message if the vectors are not available.
pub(super) fn check_with_words(
    folder: &Path,
    folds: &[Fold],
    violations: &mut Vec<String>,
) -> Result<Value, String> {
    let clients = Path::new(CLIENTS);
    let python = match python_with(&clients.join("requirements.txt"), &build_folder("tools", "words")) {
        Ok(python) => python,
        Err(why) => return Ok(json!({ "SKIPPED": why })),
    };
    let vectors = folder.join("words.vec");
    let mut made = command(&python);
    made.arg(clients.join("words.py")).arg(&vectors);
    run_step(made)?;
    let few = folds.iter().map(|fold| fewer(folder, fold, FEW));
    let few: Vec<Fold> = few.collect::<Result<_, _>>()?;
    let mut figures = Map::new();
    for ((name, least), folds) in FIRST_RATIO_MIN.into_iter().zip([few.as_slice(), folds]) {
        let beside = ModelExtras {
            words: Some(&vectors),
            ..ModelExtras::default()
        };
        let without = measure_intents(folder, folds, ModelExtras::default())?;
        let with = measure_intents(folder, folds, beside)?;
        if with.first_ratio < least || with.first_ratio < without.first_ratio {
            violations.push(format!(
                "{name}: with vectors of words {} are right, without {}, and {least} were before",
                with.first_ratio, without.first_ratio
            ));
        }
        let figure = json!({
            "without": without.first_ratio, "with": with.first_ratio,
            "accepted_without": without.accepted_ratio, "accepted_with": with.accepted_ratio,
            "p50_us": with.p50_us, "p99_us": with.p99_us,
        });
        figures.insert(name.to_owned(), figure);
    }
    Ok(Value::Object(figures))
}
