//! Evaluates a recognizer on utterances with known words: error rates by dialect and level of noise.

use super::figures::{edits, units};
use super::line::as_f64;
use serde::Serialize;
use std::collections::BTreeMap;

/// Smallest accuracy, the share of characters or words recognized correctly, that requirement AI-1 allows.
pub const ACCURACY_RATIO_FLOOR: f64 = 0.92;
/// The accuracy that requirement AI-1 sets as the target on the user's own recordings.
pub const ACCURACY_RATIO_TARGET: f64 = 0.95;

/// The condition under which an utterance was recorded and recognized.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct RecordingCondition {
    /// The dialect that the set states; absent if it states none.
    pub dialect: Option<String>,
    /// Decibels by which added white noise lies below the speech; absent for the audio as recorded.
    pub noise_below_db: Option<u8>,
    pub noise_suppression: bool,
}

/// The words of an utterance and the text recognized from it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecognitionSample {
    pub condition: RecordingCondition,
    pub said: String,
    pub made_out: String,
}

/// The error figures of one condition, or of all utterances.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct ErrorFigures {
    pub utterances: usize,
    /// Number of utterances recognized without an error.
    pub whole_count: usize,
    /// Number of characters of Chinese, or of words of other languages.
    pub units: usize,
    pub edits: usize,
    /// Number of edits divided by `units`: the character or word error rate (CER or WER).
    pub error_ratio: f64,
    /// One minus the error ratio, but not below 0.
    pub accuracy_ratio: f64,
}

/// The error figures of all utterances and of each condition, so that the mean hides no bad condition.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RecognitionReport {
    pub all: ErrorFigures,
    pub by_condition: Vec<ConditionFigures>,
    pub floor_ratio: f64,
    pub target_ratio: f64,
    /// True if there are utterances without added noise and each of their conditions reaches the floor.
    pub reaches_floor: bool,
    pub reaches_target: bool,
}

/// The error figures of one condition.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ConditionFigures {
    #[serde(flatten)]
    pub condition: RecordingCondition,
    #[serde(flatten)]
    pub figures: ErrorFigures,
}

impl ErrorFigures {
    fn add(&mut self, said: &str, made_out: &str) {
        let (said, made_out) = (units(said), units(made_out));
        let wrong = edits(&said, &made_out);
        self.utterances += 1;
        self.whole_count += usize::from(wrong == 0);
        self.units += said.len();
        self.edits += wrong;
        let ratio = as_f64(self.edits) / as_f64(self.units.max(1));
        self.error_ratio = (ratio * 10_000.0).round() / 10_000.0;
        self.accuracy_ratio = ((1.0 - ratio).max(0.0) * 10_000.0).round() / 10_000.0;
    }
}

/// Computes the error figures of these utterances, in total and for each recording condition.
pub fn summarize_errors(attested: &[RecognitionSample]) -> RecognitionReport {
    let mut all = ErrorFigures::default();
    let mut by_condition: BTreeMap<RecordingCondition, ErrorFigures> = BTreeMap::new();
    for one in attested {
        all.add(&one.said, &one.made_out);
        let figures = by_condition.entry(one.condition.clone()).or_default();
        figures.add(&one.said, &one.made_out);
    }
    let as_recorded = || by_condition.iter().filter(|one| one.0.noise_below_db.is_none());
    let reaches =
        |ratio: f64| as_recorded().next().is_some() && as_recorded().all(|one| one.1.accuracy_ratio >= ratio);
    RecognitionReport {
        reaches_floor: reaches(ACCURACY_RATIO_FLOOR),
        reaches_target: reaches(ACCURACY_RATIO_TARGET),
        all,
        by_condition: by_condition
            .into_iter()
            .map(|(condition, figures)| ConditionFigures { condition, figures })
            .collect(),
        floor_ratio: ACCURACY_RATIO_FLOOR,
        target_ratio: ACCURACY_RATIO_TARGET,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attested(dialect: &str, noise_below_db: Option<u8>, said: &str, made_out: &str) -> RecognitionSample {
        RecognitionSample {
            condition: RecordingCondition {
                dialect: Some(dialect.to_owned()),
                noise_below_db,
                noise_suppression: false,
            },
            said: said.to_owned(),
            made_out: made_out.to_owned(),
        }
    }

    #[test]
    fn a_bad_dialect_is_not_hidden_by_a_good_one_and_added_noise_fails_no_dialect() {
        let good = attested("mandarin", None, &"好".repeat(96), &"好".repeat(96));
        let bad = attested("sichuan", None, "我要办分期", "我要办三期");
        let noisy = attested("mandarin", Some(5), "我要办分期", "");
        let figures = summarize_errors(&[good.clone(), bad, noisy.clone()]);
        assert!(!figures.reaches_floor);
        assert_eq!(figures.by_condition.len(), 3);
        assert_eq!(figures.by_condition[2].figures.error_ratio, 0.2);
        assert!((figures.all.error_ratio - 6.0 / 106.0).abs() < 1e-4);
        let figures = summarize_errors(&[good, noisy]);
        assert!(figures.reaches_target);
        assert!(!summarize_errors(&[]).reaches_floor, "nothing was measured");
    }
}
