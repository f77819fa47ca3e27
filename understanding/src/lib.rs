//! Understands text: its intent, its entities, yes or no; and words values for speech.
//!
//! Pure functions: text in, findings out. No clock (a call passes its own moment), no files, no network; a
//! seed is an argument. The crate knows nothing of calls, flows or events, and imports nothing of this
//! workspace.

pub mod answers;
pub mod covering;
mod deaths;
mod english_numbers;
pub mod entities;
pub mod evaluation;
mod features;
pub mod held_out;
mod learning;
pub mod masking;
mod model;
mod names;
mod plain_hash;
pub mod priority;
pub mod reading;
pub mod retrieval;
pub mod sensitive;
pub mod spoken;
pub mod text;
pub mod word_vectors;

pub use learning::{
    Calibration, Example, Examples, FAULTS_LISTED_MAX, Fault, INTENTS_MAX, JUDGED_ROWS_MAX, LineFault,
    ROWS_MAX, ROWS_PER_INTENT_MAX, Settings, TrainingFault, folds, groups, train, train_while,
};
pub use model::{Candidate, EXPECTED_BOOST, MODEL_BYTES_MAX, Model, ModelFault, Ranking, Verdict};
