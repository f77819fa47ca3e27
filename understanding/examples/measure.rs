//! Measures the classifier on the development sets by cross-validation, and prints one JSON line.
//!
//! `cargo run --release -p understanding --example measure -- fixtures/nlu [banking|few|clinc|zh|labelled]…`
//! Settings may follow as `cost=1`, `own=4`, `names=1`, `threads=2`, `seed=1`, `words=FILE`.

use pinyin::ToPinyin;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::{BufRead, Write};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};
use understanding::word_vectors::WordVectors;
use understanding::{Example, Examples, Model, TrainingSettings, folds, groups, train};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let folder = arguments.next().unwrap_or_else(|| "fixtures/nlu".to_owned());
    let folder = Path::new(&folder);
    let (mut settings, mut parts) = (TrainingSettings::default(), Vec::new());
    for argument in arguments {
        match argument.split_once('=') {
            Some(("words", file)) => settings.words = Some(words(file)?),
            Some((name, value)) => set(&mut settings, name, value.parse()?),
            None => parts.push(argument),
        }
    }
    let mut found = BTreeMap::new();
    for part in &parts {
        let measured = match part.as_str() {
            "banking" => crossed(&banking(folder)?, &settings, None),
            "few" => crossed(&banking(folder)?, &settings, Some(10)),
            "clinc" => clinc(folder, &settings)?,
            "zh" => chinese(folder, &settings)?,
            "labelled" => labelled(folder, &settings)?,
            other => json!(format!("no part named {other}")),
        };
        found.insert(part.clone(), measured);
    }
    writeln!(std::io::stdout(), "{}", serde_json::to_string(&found)?)?;
    Ok(())
}

fn words(file: &str) -> Result<Arc<WordVectors>, Box<dyn std::error::Error>> {
    let lines = std::io::BufReader::new(std::fs::File::open(file)?).lines();
    let (words, _) = WordVectors::read(lines.map_while(Result::ok));
    Ok(Arc::new(words))
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "small numbers typed by a person"
)]
fn set(settings: &mut TrainingSettings, name: &str, value: f32) {
    match name {
        "cost" => settings.cost = value,
        "own" => settings.own_rows = value,
        "names" => settings.names_speak = value > 0.0,
        "threads" => settings.threads = value as usize,
        "seed" => settings.seed = value as u64,
        _ => {}
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "a measurement of how long learning and judging take"
)]
fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let start = Instant::now();
    let done = work();
    (done, start.elapsed())
}

/// The counts over all judged rows.
#[derive(Default)]
struct Tally {
    rows: u32,
    first: u32,
    three: u32,
    accepted: u32,
    accepted_right: u32,
    kept_right: u32,
    own: Vec<f32>,
    foreign: Vec<f32>,
    foreign_rejected: u32,
    micros: Vec<f64>,
    learning: Vec<f64>,
    bytes: usize,
    confused: BTreeMap<String, u32>,
}

impl Tally {
    fn learn(&mut self, rows: Vec<Example>, settings: &TrainingSettings) -> Option<Model> {
        let examples = Examples::of(rows.into_iter(), settings.seed);
        let (model, took) = timed(|| train(&examples, settings).ok());
        self.learning.push(took.as_secs_f64());
        self.bytes = self
            .bytes
            .max(model.as_ref().map_or(0, |model| model.to_bytes().len()));
        model
    }

    fn judge(&mut self, model: &Model, text: &str, intent: &str, is_foreign: bool) {
        let (ranking, took) = timed(|| model.rank(text));
        self.micros.push(took.as_secs_f64() * 1e6);
        let calibration = model.calibration();
        let kept = ranking.confidence >= calibration.confirm;
        if is_foreign {
            self.foreign.push(ranking.confidence);
            self.foreign_rejected += u32::from(!kept);
            return;
        }
        let place = ranking.candidates.iter().position(|each| each.intent == intent);
        let right = place == Some(0);
        self.rows += 1;
        self.first += u32::from(right);
        self.three += u32::from(place.is_some());
        self.own.push(ranking.confidence);
        let accepted = ranking.confidence >= calibration.accept;
        self.accepted += u32::from(accepted);
        self.accepted_right += u32::from(accepted && right);
        self.kept_right += u32::from(kept && right);
        if let Some(first) = ranking.candidates.first().filter(|_| !right) {
            *self
                .confused
                .entry(format!("{intent}>{}", first.intent))
                .or_default() += 1;
        }
    }

    fn report(mut self) -> Value {
        let ratio = |part: u32, whole: u32| f64::from(part) / f64::from(whole.max(1));
        self.micros.sort_by(f64::total_cmp);
        let percentile = |of: f64| {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "a place in a list"
            )]
            let place = (self.micros.len() as f64 * of) as usize;
            self.micros.get(place).copied().unwrap_or(0.0)
        };
        let mut confused: Vec<(&String, &u32)> = self.confused.iter().collect();
        confused.sort_by_key(|(_, times)| std::cmp::Reverse(**times));
        let foreign = u32::try_from(self.foreign.len()).unwrap_or(u32::MAX);
        json!({
            "rows": self.rows, "top1": round(ratio(self.first, self.rows)),
            "top3": round(ratio(self.three, self.rows)),
            "accepted_ratio": round(ratio(self.accepted, self.rows)),
            "accepted_right_ratio": round(ratio(self.accepted_right, self.accepted)),
            "kept_right_ratio": round(ratio(self.kept_right, self.rows)),
            "oos_rows": foreign, "oos_recall": round(ratio(self.foreign_rejected, foreign)),
            "oos_auroc": round(auroc(&self.own, &self.foreign)),
            "train_s_max": round(self.learning.iter().copied().fold(0.0, f64::max)),
            "model_bytes": self.bytes, "p50_us": round(percentile(0.5)), "p99_us": round(percentile(0.99)),
            "confused": confused.iter().take(8).map(|(pair, times)| format!("{pair} {times}")).collect::<Vec<_>>(),
        })
    }
}

fn round(value: f64) -> f64 {
    (value * 10_000.0).round() / 10_000.0
}

/// Returns the probability that a row of an intent is trusted more than a foreign one.
#[expect(clippy::cast_precision_loss, reason = "counts of rows")]
fn auroc(own: &[f32], foreign: &[f32]) -> f64 {
    let over = |one: f32, other: f32| {
        if one > other {
            1.0
        } else if one == other {
            0.5
        } else {
            0.0
        }
    };
    let sum: f64 = own
        .iter()
        .flat_map(|one| foreign.iter().map(move |other| over(*one, *other)))
        .sum();
    sum / (own.len() * foreign.len()).max(1) as f64
}

/// Judges the rows in five folds; with `rows_max`, each model learns from at most that many rows of each
/// intent.
fn crossed(rows: &[Example], settings: &TrainingSettings, rows_max: Option<usize>) -> Value {
    let of: Vec<usize> = folds_of(rows, settings.seed);
    let mut tally = Tally::default();
    for fold in 0..5 {
        let mut taken: BTreeMap<&str, usize> = BTreeMap::new();
        let inner = rows
            .iter()
            .zip(&of)
            .filter(|(_, of)| **of != fold)
            .map(|(row, _)| row);
        let inner = inner.filter(|row| {
            let taken = taken.entry(row.intent.as_str()).or_default();
            *taken += 1;
            rows_max.is_none_or(|rows_max| *taken <= rows_max)
        });
        let Some(model) = tally.learn(inner.cloned().collect(), settings) else {
            continue;
        };
        for (row, _) in rows.iter().zip(&of).filter(|(_, of)| **of == fold) {
            tally.judge(&model, &row.text, &row.intent, false);
        }
    }
    tally.report()
}

fn folds_of(rows: &[Example], seed: u64) -> Vec<usize> {
    let texts: Vec<&str> = rows.iter().map(|row| row.text.as_str()).collect();
    let mut names: Vec<&str> = rows.iter().map(|row| row.intent.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    let owners: Vec<Option<usize>> = rows
        .iter()
        .map(|row| names.binary_search(&row.intent.as_str()).ok())
        .collect();
    folds(&groups(&texts), &owners, 5, seed)
}

/// Reads `text,category`, quoted if needed (RFC 4180). The rows are shuffled by the seed of the folds only.
fn banking(folder: &Path) -> std::io::Result<Vec<Example>> {
    let text = std::fs::read_to_string(folder.join("banking77_train.csv"))?;
    let (mut rows, mut field, mut fields, mut quoted) = (Vec::new(), String::new(), Vec::new(), false);
    let mut characters = text.chars().peekable();
    while let Some(each) = characters.next() {
        match each {
            '"' if quoted && characters.peek() == Some(&'"') => field.extend(characters.next()),
            '"' => quoted = !quoted,
            ',' if !quoted => fields.push(std::mem::take(&mut field)),
            '\n' if !quoted => {
                fields.push(std::mem::take(&mut field));
                if let [text, intent] = fields.as_slice() {
                    rows.push(Example {
                        text: text.clone(),
                        intent: intent.trim().to_owned(),
                    });
                }
                fields.clear();
            }
            '\r' => {}
            other => field.push(other),
        }
    }
    Ok(rows.into_iter().skip(1).collect())
}

fn clinc(folder: &Path, settings: &TrainingSettings) -> Result<Value, Box<dyn std::error::Error>> {
    let text = std::fs::read_to_string(folder.join("clinc150_dev.json"))?;
    let splits: BTreeMap<String, Vec<(String, String)>> = serde_json::from_str(&text)?;
    let split = |name: &str| splits.get(name).cloned().unwrap_or_default();
    let mut tally = Tally::default();
    let rows = split("train").into_iter().chain(split("oos_train"));
    let rows = rows.map(|(text, intent)| Example { text, intent }).collect();
    let model = tally.learn(rows, settings).ok_or("nothing learned")?;
    for (text, intent) in split("val").into_iter().chain(split("oos_val")) {
        tally.judge(&model, &text, &intent, intent == "oos");
    }
    Ok(tally.report())
}

fn seed_rows(folder: &Path) -> std::io::Result<Vec<Example>> {
    let text = std::fs::read_to_string(folder.join("zh_outbound_seed.tsv"))?;
    let row = |line: &str| {
        let (intent, text) = line.split_once('\t')?;
        Some(Example {
            text: text.to_owned(),
            intent: intent.to_owned(),
        })
    };
    Ok(text.lines().filter_map(row).collect())
}

fn labelled_rows(folder: &Path, label: &str) -> std::io::Result<Vec<Example>> {
    let text = std::fs::read_to_string(folder.join("zh_outbound_labelled.jsonl")).unwrap_or_default();
    Ok(Examples::read(text.lines().map(str::to_owned), label, 1).rows)
}

/// Measures the seed alone, the seed beside the labelled set, and both with every fifth character replaced by
/// a homophone.
fn chinese(folder: &Path, settings: &TrainingSettings) -> std::io::Result<Value> {
    let (seed, labelled) = (seed_rows(folder)?, labelled_rows(folder, "intent")?);
    let alone = beside(&seed, &[], settings, 0.0);
    let alone_noisy = beside(&seed, &[], settings, 0.2);
    let both = beside(&seed, &labelled, settings, 0.0);
    let both_noisy = beside(&seed, &labelled, settings, 0.2);
    Ok(json!({"seed": alone, "seed_homophones": alone_noisy, "both": both, "both_homophones": both_noisy}))
}

/// Judges rows by folds. The other set is learned from too, except rows that are in one group with a judged
/// row.
fn beside(rows: &[Example], others: &[Example], settings: &TrainingSettings, noise: f64) -> Value {
    let all: Vec<&str> = rows.iter().chain(others).map(|row| row.text.as_str()).collect();
    let groups = groups(&all);
    let of = folds_of(rows, settings.seed);
    let mut tally = Tally::default();
    let mut noise = Noise::new(rows, noise);
    for fold in 0..5 {
        let judged: Vec<usize> = groups
            .iter()
            .zip(&of)
            .filter(|(_, of)| **of == fold)
            .map(|(group, _)| *group)
            .collect();
        let inner = rows.iter().chain(others).zip(&groups).enumerate();
        let inner =
            inner.filter(|(place, (_, group))| of.get(*place) != Some(&fold) && !judged.contains(group));
        let Some(model) = tally.learn(inner.map(|(_, (row, _))| row.clone()).collect(), settings) else {
            continue;
        };
        for (row, _) in rows.iter().zip(&of).filter(|(_, of)| **of == fold) {
            tally.judge(&model, &noise.over(&row.text), &row.intent, false);
        }
    }
    tally.report()
}

/// Measures the labelled set by folds (alone, and with the seed learned from too), interest by folds, and the
/// lines that were written later.
fn labelled(folder: &Path, settings: &TrainingSettings) -> std::io::Result<Value> {
    let (rows, seed) = (labelled_rows(folder, "intent")?, seed_rows(folder)?);
    let alone = beside(&rows, &[], settings, 0.0);
    let intents = beside(&rows, &seed, settings, 0.0);
    let levels = beside(&labelled_rows(folder, "interest")?, &[], settings, 0.0);
    let text = std::fs::read_to_string(folder.join("zh_outbound_after.jsonl"))?;
    let after = Examples::read(text.lines().map(str::to_owned), "intent", 1).rows;
    let mut tally = Tally::default();
    if let Some(model) = tally.learn(rows.into_iter().chain(seed).collect(), settings) {
        for row in &after {
            tally.judge(&model, &row.text, &row.intent, false);
        }
    }
    Ok(json!({"intent_alone": alone, "intent": intents, "interest": levels, "after": tally.report()}))
}

/// Replaces characters by others of the same syllable, regardless of the tone.
struct Noise {
    ratio: f64,
    alike: BTreeMap<String, Vec<char>>,
    state: u64,
}

impl Noise {
    fn new(rows: &[Example], ratio: f64) -> Self {
        let mut alike: BTreeMap<String, Vec<char>> = BTreeMap::new();
        let common = rows.iter().flat_map(|row| row.text.chars());
        for each in common.chain('\u{4e00}'..='\u{9fa5}') {
            let Some(sound) = each.to_pinyin() else {
                continue;
            };
            let alike = alike.entry(sound.plain().to_owned()).or_default();
            if alike.len() < 6 && !alike.contains(&each) {
                alike.push(each);
            }
        }
        Self {
            ratio,
            alike,
            state: 0x2545_f491_4f6c_dd1d,
        }
    }

    fn draw(&mut self) -> u64 {
        self.state ^= self.state >> 12;
        self.state ^= self.state << 25;
        self.state ^= self.state >> 27;
        self.state.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33
    }

    #[expect(clippy::cast_precision_loss, reason = "31 bits")]
    fn over(&mut self, text: &str) -> String {
        let mut out = String::new();
        for each in text.chars() {
            let hit = (self.draw() as f64 / f64::from(u32::MAX >> 1)) < self.ratio;
            let drawn = usize::try_from(self.draw()).unwrap_or(0);
            let others: Vec<char> = each
                .to_pinyin()
                .and_then(|sound| self.alike.get(sound.plain()))
                .map(|alike| alike.iter().copied().filter(|other| *other != each).collect())
                .unwrap_or_default();
            let other = others.get(drawn % others.len().max(1)).copied();
            out.push(other.filter(|_| hit).unwrap_or(each));
        }
        out
    }
}
