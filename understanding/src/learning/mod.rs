//! Learns an intent model from labelled examples: a vocabulary, a judge per intent, and a calibration.
//!
//! Equal examples and an equal seed give the same bytes, with any number of threads.

mod calibration;
mod examples;
mod folds;
mod meaning;
mod rows;
mod solver;

pub use calibration::Calibration;
pub(crate) use calibration::HeldOutRow;
pub use examples::{
    Example, ExampleFault, Examples, FAULTS_LISTED_MAX, INTENTS_MAX, JUDGED_ROWS_MAX, LineFault, ROWS_MAX,
    ROWS_PER_INTENT_MAX,
};
pub use folds::{folds, groups};
pub(crate) use meaning::Meaning;
pub(crate) use rows::Vocabulary;

use crate::model::{Judges, Model};
use crate::word_vectors::{WORD_BYTES_MAX, WordVectors};
use rows::Rows;
use solver::SolverSettings;
use std::sync::Arc;
use thiserror::Error;

/// Most weights of a model, one byte each; above it the vocabulary shrinks. With its vocabulary a model
/// stays below ten megabytes.
const WEIGHTS_MAX: usize = 8_500_000;

/// Most features in a model's vocabulary, even with few intents; the most frequent are kept.
const PIECES_MAX: usize = 80_000;

/// Number of rows up to which a feature that occurs once counts, and calibration uses five folds.
const ROWS_FEW: usize = 3_000;

/// Most passes of the solver over the rows; the judges usually stop changing before.
const PASSES: usize = 20;

/// The settings with which an intent model is trained.
#[derive(Debug, Clone, PartialEq)]
pub struct TrainingSettings {
    /// The seed that orders rows and folds.
    pub seed: u64,
    /// Number of threads among which the intents are divided; it changes nothing in the model.
    pub threads: usize,
    /// The label of rows that belong to no intent: they are examples of texts to abstain from, never an
    /// intent.
    pub foreign: Option<String>,
    /// The cost of a fault relative to the size of the weights.
    pub cost: f32,
    /// The factor by which a fault on a row of the intent itself costs more.
    pub own_rows: f32,
    /// True if the words in an intent's name are used as an example of it ("card_arrival").
    pub names_speak: bool,
    /// Word vectors learned elsewhere; the model keeps them. `None` for a model without them.
    pub words: Option<Arc<WordVectors>>,
}

impl Default for TrainingSettings {
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

/// The value of `own_rows` for a model with word vectors: rows with one meaning in different words are then
/// close together and need less weight. Found by cross-validation.
const OWN_ROWS_WITH_WORDS: f32 = 2.0;

impl TrainingSettings {
    /// Returns these settings with word vectors and the `own_rows` that fits them; unchanged without word
    /// vectors.
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

/// The reason why no model can be trained.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum TrainingFault {
    /// Every line was faulty.
    #[error("no line can be learned from")]
    NoRows,
    /// All lines have the same intent.
    #[error("all lines are of one intent, {intent}; at least two are needed")]
    OneIntent {
        /// The only intent.
        intent: String,
    },
    /// `goes_on` returned false before the end.
    #[error("learning was stopped before its end")]
    Stopped,
}

/// Trains a model: calibrates it on rows held out for that, then trains it on all rows. Equal examples and
/// settings give equal models.
pub fn train(examples: &Examples, settings: &TrainingSettings) -> Result<Model, TrainingFault> {
    train_while(examples, settings, &|| true)
}

/// Like `train`, but stops with an error when `goes_on` returns false. `goes_on` is called now and then,
/// and must not return true again after false.
pub fn train_while(
    examples: &Examples,
    settings: &TrainingSettings,
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
    let course = TrainingData {
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
            HeldOutRow {
                scores,
                known_ratio,
                owner: *owner,
            }
        }));
    }
    let judges = course.learn(|_| true)?;
    Ok(Model::new(intents.clone(), judges, Calibration::fit(&held)))
}

/// The rows from which judges are trained, before some are held out, with the settings.
struct TrainingData<'c> {
    texts: &'c [&'c str],
    owners: &'c [Option<usize>],
    intents: &'c [String],
    settings: &'c TrainingSettings,
    goes_on: &'c (dyn Fn() -> bool + Sync),
}

impl TrainingData<'_> {
    /// Trains judges on the rows for which `is_in` is true. Fails with `Stopped` if training is to stop.
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
        let TrainingSettings {
            seed,
            cost,
            own_rows,
            threads,
            ..
        } = self.settings;
        let effort = SolverSettings {
            cost: *cost,
            own_rows: *own_rows,
            passes: PASSES,
            seed: *seed,
        };
        let weights = solver::solve(&rows, self.intents.len(), effort, *threads, self.goes_on);
        // Checked after the last pass: a course that was stopped early must not be taken as learned.
        match (self.goes_on)() {
            true => Ok(Judges::of(vocabulary, &weights)),
            false => Err(TrainingFault::Stopped),
        }
    }
}
