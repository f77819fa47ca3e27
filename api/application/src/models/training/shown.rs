//! What is told of a training: the lines, their faults, rows held out and what they were taken for.

use crate::models::ModelChanged;
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeMap;
use understanding::held_out::HeldOutInFull;
use understanding::{Examples, Fault, LineFault};

/// A model as it was learned.
#[derive(Debug, Serialize, JsonSchema)]
pub struct TrainingShown {
    /// SHA-256 of its bytes, which are those of `ledgerline nlu train` of the same lines and seed.
    #[schemars(example = &"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08")]
    pub digest: String,
    pub size_bytes: u64,
    #[schemars(example = ["refuse_rate"])]
    pub intents: Vec<String>,
    pub lines: LinesShown,
    /// Absent where nothing was held out.
    pub held_out: Option<HeldOutShown>,
    /// Why nothing could be, such as all lines of a label being near-duplicates of one another.
    #[schemars(example = &"without a part that is held out: all lines are of one intent, term; at least two are needed")]
    pub held_out_missing: Option<String>,
    /// `nothing`, `draft` or `version`.
    #[schemars(extend("enum" = ["nothing", "draft", "version"]))]
    pub kept: &'static str,
    /// Where it was published.
    pub version: Option<ModelChanged>,
    /// Of the last event of it, where there is one.
    #[schemars(example = &"1204")]
    pub position: Option<String>,
}

/// What was found in the lines.
#[derive(Debug, Serialize, JsonSchema)]
pub struct LinesShown {
    /// Lines that count.
    pub good: u64,
    /// Of them those that were learned from: at most 2,000 of a label and 80,000 in all, by the seed.
    pub learned_from: u64,
    /// How many of each fault; one that is nearly repeated counts as good too.
    #[schemars(example = BTreeMap::from([("unreadable", 2)]))]
    pub fault_counts: BTreeMap<&'static str, u64>,
    /// The first hundred.
    pub faults: Vec<LineFaultShown>,
}

/// What is wrong with one line.
#[derive(Debug, Serialize, JsonSchema)]
pub struct LineFaultShown {
    /// From one.
    pub line: u64,
    #[schemars(example = &"other_label_before")]
    pub what: &'static str,
    /// The earlier line that it collides with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<u64>,
}

/// How rows were told apart that were not learned from.
#[derive(Debug, Serialize, JsonSchema)]
pub struct HeldOutShown {
    pub folds: u32,
    pub rows: u64,
    /// The right intent was ranked first.
    pub first_permille: Option<u16>,
    /// Taken without asking back.
    pub accepted_permille: Option<u16>,
    /// Right ones among these.
    pub accepted_right_permille: Option<u16>,
    /// Rows that belong to no intent.
    pub foreign_rows: u64,
    pub foreign_recall_permille: Option<u16>,
    /// The confusion matrix: what was said, and what was ranked first how often; pairs that did not occur are
    /// left out.
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

pub(super) fn lines_shown(examples: &Examples) -> LinesShown {
    let counts = examples.fault_counts.iter();
    LinesShown {
        good: examples.good_count,
        learned_from: examples.rows.len() as u64,
        fault_counts: counts
            .map(|(what, count)| (LineFault::code(*what), *count))
            .collect(),
        faults: examples.faults.iter().map(fault_shown).collect(),
    }
}

const fn fault_shown(fault: &Fault) -> LineFaultShown {
    LineFaultShown {
        line: fault.line,
        what: fault.what.code(),
        before: fault.before,
    }
}

/// The figures of rows held out.
pub fn held_out_shown(folds: u32, found: HeldOutInFull) -> HeldOutShown {
    let HeldOutInFull { counts, confusion } = found;
    let rows = confusion.into_iter().map(|(said, taken_for)| ConfusionRow {
        said,
        rows: taken_for.values().sum(),
        taken_for,
    });
    HeldOutShown {
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
