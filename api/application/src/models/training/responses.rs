//! Replies about a training: the lines, their faults, and results on held-out rows.

use crate::models::ModelChanged;
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeMap;
use understanding::cross_validation::CrossValidationResult;
use understanding::{ExampleFault, Examples, LineFault};

/// The reply to a training: the model's digest, its lines and its results.
#[derive(Debug, Serialize, JsonSchema)]
pub struct TrainingResponse {
    /// SHA-256 of its bytes, which equal those of `ledgerline nlu train` with the same lines and seed.
    #[schemars(example = &"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08")]
    pub digest: String,
    pub size_bytes: u64,
    #[schemars(example = ["refuse_rate"])]
    pub intents: Vec<String>,
    pub lines: TrainingLinesResponse,
    /// Results on held-out rows; absent if nothing was held out.
    pub held_out: Option<HoldoutResponse>,
    /// Why nothing could be held out, such as all lines of a label being near-duplicates of one another.
    #[schemars(example = &"without a part that is held out: all lines are of one intent, term; at least two are needed")]
    pub held_out_missing: Option<String>,
    /// What was stored: `nothing`, `draft` or `version`.
    #[schemars(extend("enum" = ["nothing", "draft", "version"]))]
    pub kept: &'static str,
    /// The published version, if it was published.
    pub version: Option<ModelChanged>,
    /// Log position of its last event, if there is one.
    #[schemars(example = &"1204")]
    pub position: Option<String>,
}

/// Counts of the lines of a training, with their faults.
#[derive(Debug, Serialize, JsonSchema)]
pub struct TrainingLinesResponse {
    /// Number of lines without a fault.
    pub good: u64,
    /// Lines used for training: at most 2,000 per label and 80,000 in all, selected by the seed.
    pub learned_from: u64,
    /// Number of lines with each fault. A near-duplicate also counts as good.
    #[schemars(example = BTreeMap::from([("unreadable", 2)]))]
    pub fault_counts: BTreeMap<&'static str, u64>,
    /// The first hundred faults.
    pub faults: Vec<TrainingLineFaultResponse>,
}

/// The fault of one line.
#[derive(Debug, Serialize, JsonSchema)]
pub struct TrainingLineFaultResponse {
    /// Line number, starting at 1.
    pub line: u64,
    #[schemars(example = &"other_label_before")]
    pub what: &'static str,
    /// The earlier line that it conflicts with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<u64>,
}

/// Results on rows that were not used for training.
#[derive(Debug, Serialize, JsonSchema)]
pub struct HoldoutResponse {
    pub folds: u32,
    pub rows: u64,
    /// Share of rows with the right intent ranked first.
    pub first_permille: Option<u16>,
    /// Share of rows accepted without asking back.
    pub accepted_permille: Option<u16>,
    /// Share of right ones among the accepted rows.
    pub accepted_right_permille: Option<u16>,
    /// Number of held-out rows without an intent.
    pub foreign_rows: u64,
    pub foreign_recall_permille: Option<u16>,
    /// The confusion matrix: how often each intent was ranked first for each actual one. Pairs that did not
    /// occur are left out.
    pub confusion: Vec<ConfusionRow>,
}

/// One row of the confusion matrix.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ConfusionRow {
    #[schemars(example = &"ask_fee")]
    pub said: String,
    pub rows: u64,
    #[schemars(example = BTreeMap::from([("ask_fee", 11), ("ask_rate", 1)]))]
    pub taken_for: BTreeMap<String, u64>,
}

pub(super) fn lines_shown(examples: &Examples) -> TrainingLinesResponse {
    let counts = examples.fault_counts.iter();
    TrainingLinesResponse {
        good: examples.good_count,
        learned_from: examples.rows.len() as u64,
        fault_counts: counts
            .map(|(what, count)| (LineFault::code(*what), *count))
            .collect(),
        faults: examples.faults.iter().map(fault_shown).collect(),
    }
}

const fn fault_shown(fault: &ExampleFault) -> TrainingLineFaultResponse {
    TrainingLineFaultResponse {
        line: fault.line,
        what: fault.what.code(),
        before: fault.before,
    }
}

/// Returns the results on held-out rows.
pub fn held_out_shown(folds: u32, found: CrossValidationResult) -> HoldoutResponse {
    let CrossValidationResult { counts, confusion } = found;
    let rows = confusion.into_iter().map(|(said, taken_for)| ConfusionRow {
        said,
        rows: taken_for.values().sum(),
        taken_for,
    });
    HoldoutResponse {
        folds,
        rows: counts.rows,
        first_permille: counts.first_permille(),
        accepted_permille: counts.accepted_permille(),
        accepted_right_permille: counts.accepted_right_permille(),
        foreign_rows: counts.foreign_rows,
        foreign_recall_permille: counts.foreign_recall_permille(),
        confusion: rows.collect(),
    }
}
