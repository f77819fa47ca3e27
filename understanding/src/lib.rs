//! Understands text: its intent, its entities, yes or no; and words values for speech.
//!
//! Pure functions: text in, findings out. No clock (a call passes its own moment), no files, no network; a
//! seed is an argument. The crate knows nothing of calls, flows or events, and imports nothing of this
//! workspace.

pub mod answers;
pub mod cross_validation;
mod deaths;
mod english_numbers;
pub mod entities;
pub mod evaluation;
mod features;
mod learning;
pub mod masking;
mod model;
mod names;
mod plain_hash;
pub mod priority;
pub mod redaction;
pub mod retrieval;
pub mod sensitive_words;
pub mod spoken_values;
pub mod text;
pub mod utterance_reader;
pub mod word_vectors;

pub use learning::{
    Calibration, Example, ExampleFault, Examples, FAULTS_LISTED_MAX, INTENTS_MAX, JUDGED_ROWS_MAX, LineFault,
    ROWS_MAX, ROWS_PER_INTENT_MAX, TrainingFault, TrainingSettings, folds, groups, train, train_while,
};
pub use model::{Candidate, EXPECTED_BOOST, MODEL_BYTES_MAX, Model, ModelFault, Ranking, Verdict};
