//! Proof of what a sentence encoder adds: a bank's intents recognized by the recipe's layer on an encoder
//! from the Python registry, asked first and over HTTP as calls do, with the linear model after it; learned
//! from all lines and from ten per intent. The product does not require an encoder: it is installed only for
//! this proof.

use super::data::{Fold, fewer};
use super::encoder::RECIPE;
use super::intents::{IntentFigures, ModelExtras, measure_intents};
use crate::passing_time::HUNG_AFTER;
use crate::program::{Program, command};
use crate::prove::external_programs::{build_folder, python_with, run_step};
use serde_json::{Map, Value, json};
use std::path::{Path, PathBuf};
use std::process::Stdio;

const CLIENTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/clients/sentences");

/// The lines per intent when few are learned from.
const FEW: usize = 10;

/// The least ratio of a bank's lines with the right first intent: what the product promises.
const FIRST_RATIO_MIN: [(&str, f64); 2] = [("ten_an_intent", 0.80), ("all", 0.925)];

/// The installed sentence encoder.
pub(super) struct SentenceEncoder {
    python: PathBuf,
    encoder: String,
    tokenizer: String,
}

/// An encoder trained on one fold's lines, which serves until it is dropped.
pub(super) struct EncoderProcess {
    pub(super) spec: String,
    _program: Program,
}

impl SentenceEncoder {
    /// Finds both files; they must be the ones that were measured.
    fn found(python: PathBuf) -> Result<Self, String> {
        let clients = Path::new(CLIENTS);
        let mut asked = command(&python);
        asked.arg(clients.join("where.py")).stdin(Stdio::null());
        let output = asked.output().map_err(|error| error.to_string())?;
        let Ok(found) = serde_json::from_slice::<Value>(&output.stdout) else {
            return Err(String::from_utf8_lossy(&output.stderr).trim().to_owned());
        };
        let path = |name: &str| {
            let path = found.get(name).and_then(Value::as_str);
            path.map(str::to_owned)
                .ok_or_else(|| format!("there is no {name}"))
        };
        Ok(Self {
            encoder: path("model.onnx")?,
            tokenizer: path("tokenizer.json")?,
            python,
        })
    }

    /// Trains an encoder on a fold's lines by the recipe, and starts the recipe's server.
    pub(super) fn serve(&self, folder: &Path, fold: &Fold) -> Result<EncoderProcess, String> {
        let made = folder.join("encoder");
        let mut learn = command(&self.python);
        learn
            .arg(RECIPE)
            .arg("train")
            .arg(&fold.learn)
            .arg("--out")
            .arg(&made);
        learn.args(["--sentences", &self.encoder, "--tokenizer", &self.tokenizer]);
        run_step(learn)?;
        let mut serve = command(&self.python);
        serve.arg(RECIPE).arg("serve").arg(&made).args(["--port", "0"]);
        let mut program = Program::start(serve);
        let line = program.line(HUNG_AFTER, |line| line.starts_with("http://"));
        let address = line.ok_or("the recipe's server does not become ready")?;
        Ok(EncoderProcess {
            spec: format!("encoder:{}", address.trim()),
            _program: program,
        })
    }
}

/// Returns the figures and adds what does not hold; skipped with a message if the encoder is not available.
pub(super) fn check_with_encoder(
    folder: &Path,
    folds: &[Fold],
    violations: &mut Vec<String>,
) -> Result<Value, String> {
    let pinned = Path::new(CLIENTS).join("requirements.txt");
    let python = match python_with(&pinned, &build_folder("tools", "sentences")) {
        Ok(python) => python,
        Err(why) => return Ok(json!({ "SKIPPED": why })),
    };
    let sentences = SentenceEncoder::found(python)?;
    let few = folds.iter().map(|fold| fewer(folder, fold, FEW));
    let few: Vec<Fold> = few.collect::<Result<_, _>>()?;
    let mut figures = Map::new();
    for ((name, least), folds) in FIRST_RATIO_MIN.into_iter().zip([few.as_slice(), folds]) {
        let beside = ModelExtras {
            sentences: Some(&sentences),
            ..ModelExtras::default()
        };
        let found = measure_intents(folder, folds, beside)?;
        if found.first_ratio < least {
            violations.push(format!(
                "{name}: with an encoder {} are right, and {least} are promised",
                found.first_ratio
            ));
        }
        if found.unanswered > 0.0 {
            violations.push(format!("{name}: {} lines were not ranked", found.unanswered));
        }
        figures.insert(name.to_owned(), figure(&found));
    }
    Ok(Value::Object(figures))
}

fn figure(found: &IntentFigures) -> Value {
    json!({
        "first_ratio": found.first_ratio, "among_three_ratio": found.among_three_ratio,
        "accepted_ratio": found.accepted_ratio, "accepted_right_ratio": found.accepted_right_ratio,
        "decided_ratio": found.decided_ratio, "unanswered_rows": found.unanswered,
        "encoder_p99_ms": found.encoder_p99_ms,
    })
}
