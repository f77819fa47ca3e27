//! Learning an intent model from labelled examples: vocabulary, a judge per intent, calibration.
//!
//! Equal examples and equal seed make the same bytes, whatever the number of threads.

mod calibration;
mod examples;
mod folds;
mod meaning;
mod rows;
mod solver;

pub use calibration::Calibration;
pub(crate) use calibration::Held;
pub use examples::{
    Example, Examples, FAULTS_LISTED_MAX, Fault, INTENTS_MAX, JUDGED_ROWS_MAX, LineFault, ROWS_MAX,
    ROWS_PER_INTENT_MAX,
};
pub use folds::{folds, groups};
pub(crate) use meaning::Meaning;
pub(crate) use rows::Vocabulary;

use crate::model::{Judges, Model};
use crate::word_vectors::{WORD_BYTES_MAX, WordVectors};
use rows::Rows;
use solver::Effort;
use std::sync::Arc;
use thiserror::Error;

/// Most weights of a model, one byte each: with its vocabulary it stays below ten megabytes.
const WEIGHTS_MAX: usize = 8_500_000;

/// Most pieces in a vocabulary, however few the intents are.
const PIECES_MAX: usize = 80_000;

/// Below so many rows a piece seen once still counts, and calibration uses five folds.
const ROWS_FEW: usize = 3_000;

/// Passes over the rows at most; judges stand still before.
const PASSES: usize = 20;

/// How a model is learned.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// Orders rows and folds.
    pub seed: u64,
    /// How many threads share the intents; it changes nothing in the model.
    pub threads: usize,
    /// The label of rows that belong to no intent: examples of what to abstain from, never an intent.
    pub foreign: Option<String>,
    /// What a fault costs beside the size of the weights.
    pub cost: f32,
    /// How much a fault on a row of the intent itself costs more.
    pub own_rows: f32,
    /// Whether the words in an intent's name are an example of it ("card_arrival").
    pub names_speak: bool,
    /// What words mean, from elsewhere; the model keeps it.
    pub words: Option<Arc<WordVectors>>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            seed: 1,
            threads: 2,
            foreign: Some("oos".to_owned()),
            cost: 1.0,
            own_rows: 4.0,
            names_speak: true,
            words: None,
        }
    }
}

/// What `own_rows` is where it is known what words mean: rows that say the same in other words lie close
/// together then, and are found with less force. Found by cross-validation.
const OWN_ROWS_WITH_WORDS: f32 = 2.0;

impl Settings {
    /// The same with what words mean, where that is known.
    pub fn with_words(self, words: Option<Arc<WordVectors>>) -> Self {
        match words {
            None => self,
            Some(words) => Self {
                own_rows: OWN_ROWS_WITH_WORDS,
                words: Some(words),
                ..self
            },
        }
    }
}

/// Why nothing can be learned.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum TrainingFault {
    /// Every line was faulty.
    #[error("no line can be learned from")]
    NoRows,
    /// There is nothing to tell apart.
    #[error("all lines are of one intent, {intent}; at least two are needed")]
    OneIntent {
        /// The only one.
        intent: String,
    },
    /// Whoever asked for it does not wait any more.
    #[error("learning was stopped before its end")]
    Stopped,
}

/// Learns a model; calibrates it on rows held out for that, then learns from all.
pub fn train(examples: &Examples, settings: &Settings) -> Result<Model, TrainingFault> {
    train_while(examples, settings, &|| true)
}

/// The same for as long as somebody waits for it: what is asked now and then says no once, and never yes
/// again.
pub fn train_while(
    examples: &Examples,
    settings: &Settings,
    goes_on: &(dyn Fn() -> bool + Sync),
) -> Result<Model, TrainingFault> {
    let is_foreign = |intent: &str| settings.foreign.as_deref() == Some(intent);
    let mut intents: Vec<String> = examples.intents().into_iter().map(str::to_owned).collect();
    intents.retain(|intent| !is_foreign(intent));
    let texts: Vec<&str> = examples.rows.iter().map(|row| row.text.as_str()).collect();
    let owner = |row: &Example| intents.binary_search(&row.intent).ok();
    let owners: Vec<Option<usize>> = examples.rows.iter().map(owner).collect();
    match intents.as_slice() {
        [] => return Err(TrainingFault::NoRows),
        [one] if owners.iter().all(Option::is_some) => {
            return Err(TrainingFault::OneIntent { intent: one.clone() });
        }
        _ => {}
    }
    let few = texts.len() <= ROWS_FEW;
    let groups = groups(&texts);
    let folds = folds(&groups, &owners, 5, settings.seed);
    let course = Course {
        texts: &texts,
        owners: &owners,
        intents: &intents,
        settings,
        goes_on,
    };
    let mut held = Vec::new();
    for fold in 0..if few { 5 } else { 1 } {
        let judges = course.learn(|row| folds.get(row) != Some(&fold))?;
        let out = texts
            .iter()
            .zip(&owners)
            .zip(&folds)
            .filter(|(_, of)| **of == fold);
        held.extend(out.map(|((text, owner), _)| {
            let (scores, known_ratio) = judges.scores(text);
            Held {
                scores,
                known_ratio,
                owner: *owner,
            }
        }));
    }
    let judges = course.learn(|_| true)?;
    Ok(Model::new(intents.clone(), judges, Calibration::fit(&held)))
}

/// What is learned from, before rows are held out.
struct Course<'c> {
    texts: &'c [&'c str],
    owners: &'c [Option<usize>],
    intents: &'c [String],
    settings: &'c Settings,
    goes_on: &'c (dyn Fn() -> bool + Sync),
}

impl Course<'_> {
    /// Judges from the rows that a condition lets in.
    fn learn(&self, is_in: impl Fn(usize) -> bool) -> Result<Judges, TrainingFault> {
        if !(self.goes_on)() {
            return Err(TrainingFault::Stopped);
        }
        let chosen = || {
            let all = self.texts.iter().zip(self.owners).enumerate();
            all.filter(|(row, _)| is_in(*row))
                .map(|(_, (text, owner))| (*text, *owner))
        };
        let rows_min = if self.texts.len() <= ROWS_FEW { 1 } else { 2 };
        let words = self.settings.words.as_ref().filter(|words| !words.is_empty());
        let meaning = words.map(|words| Meaning::learn(words, chosen().map(|(text, _)| text)));
        let weights_max = WEIGHTS_MAX - words.map_or(0, |words| words.bytes().min(WORD_BYTES_MAX));
        let pieces_max = (weights_max / self.intents.len().max(1)).min(PIECES_MAX);
        let vocabulary =
            Vocabulary::learn(chosen().map(|(text, _)| text), rows_min, pieces_max).with(meaning);
        let mut rows = Rows::over(vocabulary.len());
        for (text, owner) in chosen() {
            rows.push(&vocabulary.vector(text).cells, owner);
        }
        if self.settings.names_speak {
            for (intent, name) in self.intents.iter().enumerate() {
                let name = name.replace('_', " ");
                rows.push(&vocabulary.vector(&name).cells, Some(intent));
            }
        }
        let Settings {
            seed,
            cost,
            own_rows,
            threads,
            ..
        } = self.settings;
        let effort = Effort {
            cost: *cost,
            own_rows: *own_rows,
            passes: PASSES,
            seed: *seed,
        };
        let weights = solver::solve(&rows, self.intents.len(), effort, *threads, self.goes_on);
        // Asked after the last pass: what a stop cut short is never taken for learned.
        match (self.goes_on)() {
            true => Ok(Judges::of(vocabulary, &weights)),
            false => Err(TrainingFault::Stopped),
        }
    }
}
