//! The data sets, split into lines to learn from and lines held out. The fold of a line follows from its
//! text.

use super::SETS;
use crate::history::member;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The folds of a cross-validation.
const FOLDS: u8 = 5;

/// A line and its intent.
pub(super) struct Row {
    pub(super) text: String,
    pub(super) intent: String,
}

/// The lines to learn from and those held out, as files of JSON lines.
pub(super) struct Fold {
    pub(super) learn: PathBuf,
    pub(super) held: PathBuf,
}

fn read(name: &str) -> Result<String, String> {
    std::fs::read_to_string(Path::new(SETS).join(name)).map_err(|error| format!("{name}: {error}"))
}

/// Reads 24 intents of calls in Chinese: the seed and the labeled lines.
pub(super) fn chinese() -> Result<Vec<Row>, String> {
    let seed = read("zh_outbound_seed.tsv")?;
    let seed = seed.lines().filter_map(|line| line.split_once('\t'));
    let mut rows: Vec<Row> = seed
        .map(|(intent, text)| Row {
            text: text.to_owned(),
            intent: intent.to_owned(),
        })
        .collect();
    for line in read("zh_outbound_labelled.jsonl")?.lines() {
        let line: Value = serde_json::from_str(line).map_err(|error| error.to_string())?;
        rows.extend(row(member(&line, "/text"), member(&line, "/intent")));
    }
    Ok(rows)
}

/// Reads 77 intents of a bank's customers in English.
pub(super) fn banking() -> Result<Vec<Row>, String> {
    let text = read("banking77_train.csv")?;
    // Some texts have several lines.
    let mut records = csv::Reader::from_reader(text.as_bytes());
    let rows = records.records().map(|record| {
        let record = record.map_err(|error| error.to_string())?;
        let field = |place: usize| record.get(place).unwrap_or_default().trim().to_owned();
        Ok(Row {
            text: field(0),
            // The name of one of them ends with a question mark, which our names may not contain.
            intent: field(1).trim_end_matches('?').to_owned(),
        })
    });
    rows.collect()
}

/// Reads 150 intents and lines without intent: one part to learn from, the other held out.
pub(super) fn clinc(folder: &Path) -> Result<Fold, String> {
    let all: Value = serde_json::from_str(&read("clinc150_dev.json")?).map_err(|error| error.to_string())?;
    let part = |names: [&str; 2]| -> Vec<Row> {
        let pairs = names
            .iter()
            .filter_map(|name| all.get(*name)?.as_array())
            .flatten();
        pairs
            .filter_map(|pair| row(member(pair, "/0"), member(pair, "/1")))
            .collect()
    };
    let fold = Fold {
        learn: folder.join("clinc-learn.jsonl"),
        held: folder.join("clinc-held.jsonl"),
    };
    write(&fold.learn, part(["train", "oos_train"]).iter())?;
    write(&fold.held, part(["val", "oos_val"]).iter())?;
    Ok(fold)
}

fn row(text: &Value, intent: &Value) -> Option<Row> {
    Some(Row {
        text: text.as_str()?.to_owned(),
        intent: intent.as_str()?.to_owned(),
    })
}

/// Splits the rows into folds, each held out once.
pub(super) fn folds(folder: &Path, name: &str, rows: &[Row]) -> Result<Vec<Fold>, String> {
    let of = |row: &Row| Sha256::digest(row.text.as_bytes()).first().copied().unwrap_or(0) % FOLDS;
    let each = (0..FOLDS).map(|number| {
        let fold = Fold {
            learn: folder.join(format!("{name}-{number}-learn.jsonl")),
            held: folder.join(format!("{name}-{number}-held.jsonl")),
        };
        write(&fold.learn, rows.iter().filter(|row| of(row) != number))?;
        write(&fold.held, rows.iter().filter(|row| of(row) == number))?;
        Ok(fold)
    });
    each.collect()
}

/// Returns the same fold with at most `most` lines per intent to learn from: the first ones.
pub(super) fn fewer(folder: &Path, fold: &Fold, most: usize) -> Result<Fold, String> {
    let name = fold.learn.file_name().unwrap_or_default().to_string_lossy();
    let learn = folder.join(format!("few-{name}"));
    let lines = std::fs::read_to_string(&fold.learn).map_err(|error| error.to_string())?;
    let mut taken: BTreeMap<String, usize> = BTreeMap::new();
    let mut kept = String::new();
    for line in lines.lines() {
        let read: Value = serde_json::from_str(line).map_err(|error| error.to_string())?;
        let intent = member(&read, "/intent").as_str().unwrap_or_default();
        let taken = taken.entry(intent.to_owned()).or_default();
        *taken += 1;
        if *taken <= most {
            kept.push_str(line);
            kept.push('\n');
        }
    }
    std::fs::write(&learn, kept).map_err(|error| error.to_string())?;
    Ok(Fold {
        learn,
        held: fold.held.clone(),
    })
}

fn write<'r>(path: &Path, rows: impl Iterator<Item = &'r Row>) -> Result<(), String> {
    let lines: String = rows
        .map(|row| format!("{}\n", json!({ "text": row.text, "intent": row.intent })))
        .collect();
    std::fs::write(path, lines).map_err(|error| error.to_string())
}
