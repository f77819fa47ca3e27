//! `nlu train`: trains a model from labeled lines, and reports its cross-validation.

use super::{LabelArgs, faults, vectors, write};
use crate::kit::failure::Failure;
use crate::kit::output;
use application::format_localized;
use application::models::training::{HoldoutResponse, held_out_shown};
use serde_json::json;
use std::path::Path;
use understanding::cross_validation::cross_validate_while;
use understanding::word_vectors::VectorReadCounts;
use understanding::{TrainingSettings, train};

/// Settings of the training, the number of folds, and the word vectors read.
pub(super) struct TrainingSetup {
    pub(super) settings: TrainingSettings,
    pub(super) folds: Option<u32>,
    pub(super) words: Option<VectorReadCounts>,
}

pub(super) fn learn(
    file: &Path,
    out: &Path,
    taught: &TrainingSetup,
    reading: &LabelArgs,
) -> Result<(), Failure> {
    let settings = &taught.settings;
    let examples = reading.examples(file, settings.seed)?;
    let refused = |fault: understanding::TrainingFault| Failure::refused(fault.to_string());
    let model = train(&examples, settings).map_err(refused)?;
    let held_out = match taught.folds {
        None => None,
        Some(folds) => {
            let parts = usize::try_from(folds).unwrap_or(usize::MAX);
            let found = cross_validate_while(&examples, settings, parts, &|| true).map_err(refused)?;
            Some(held_out_shown(folds, found))
        }
    };
    let bytes = model.to_bytes();
    write(out, &bytes)?;
    let faults = faults(&examples);
    let calibration = model.calibration();
    let said = json!({
        "model": model.digest(), "bytes": bytes.len(), "intents": model.intents(),
        "rows": examples.rows.len(), "good": examples.good_count, "faults": faults,
        "accept": calibration.accept, "confirm": calibration.confirm, "held_out": held_out,
        "words": taught.words.as_ref().map(vectors::to_json),
    });
    if reading.json {
        return output::json(&said);
    }
    for fault in faults.as_array().into_iter().flatten() {
        output::line(&format!("{fault}"))?;
    }
    if let Some(words) = &taught.words {
        output::line(&vectors::describe(words))?;
    }
    output::line(&format_localized!(
        "{} 个意图，{} 行；接受阈值 {:.3}，确认阈值 {:.3}；{} 字节，{}",
        "{} intents, {} rows; accept {:.3}, confirm {:.3}; {} bytes, {}",
        model.intents().len(),
        examples.rows.len(),
        calibration.accept,
        calibration.confirm,
        bytes.len(),
        model.digest()
    ))?;
    held_out.map_or(Ok(()), |held_out| matrix(&held_out))
}

/// Prints the result of the cross-validation: the figures, then a line per label with the labels it was taken
/// for.
fn matrix(held_out: &HoldoutResponse) -> Result<(), Failure> {
    let permille = |figure: Option<u16>| figure.map_or_else(|| "-".to_owned(), |figure| format!("{figure}‰"));
    output::line(&format_localized!(
        "留出 {} 份，{} 行：首选 {}，接受 {}，其中正确 {}",
        "{} parts held out, {} rows: top 1 {}, accepted {}, of these right {}",
        held_out.folds,
        held_out.rows,
        permille(held_out.first_permille),
        permille(held_out.accepted_permille),
        permille(held_out.accepted_right_permille)
    ))?;
    for row in &held_out.confusion {
        let taken = row.taken_for.iter();
        let taken: Vec<String> = taken
            .map(|(taken_for, times)| format!("{taken_for} {times}"))
            .collect();
        output::line(&format!("  {} ({}) → {}", row.said, row.rows, taken.join(", ")))?;
    }
    Ok(())
}
