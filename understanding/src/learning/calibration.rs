//! Turns scores into probabilities, and sets the two thresholds from which an intent is accepted or asked
//! about.
//!
//! Fitted on rows that the judges did not see (Platt 1999; temperature: Guo et al. 2017).

use serde::{Deserialize, Serialize};

/// The scores for one held-out row, and its intent.
#[derive(Debug, Clone)]
pub(crate) struct HeldOutRow {
    pub(crate) scores: Vec<f32>,
    pub(crate) known_ratio: f32,
    /// The intent of the row; `None` if it has none.
    pub(crate) owner: Option<usize>,
}

/// The parameters that turn a model's scores into probabilities and a confidence, and the two thresholds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Calibration {
    /// The factor of the scores before the softmax.
    pub sharpness: f32,
    /// The weights from which the confidence is computed: of the best score, its lead, the known share of the
    /// text, and a constant.
    pub confidence: [f32; 4],
    /// The lowest confidence at which the first intent is accepted.
    pub accept: f32,
    /// The lowest confidence at which the first intent is asked about; below it, the model abstains.
    pub confirm: f32,
}

impl Default for Calibration {
    fn default() -> Self {
        Self {
            sharpness: 4.0,
            confidence: [2.0, 1.0, 1.0, 0.0],
            accept: 0.8,
            confirm: 0.5,
        }
    }
}

/// Share of accepted held-out rows that must be right; sets the upper threshold.
const ACCEPTED_RIGHT_RATIO: f32 = 0.98;

/// Share of the right held-out rows that must stay above the lower threshold.
const RIGHT_KEPT_RATIO: f32 = 0.96;

impl Calibration {
    /// Fits all parameters on held-out rows; with fewer than 20 rows it returns the defaults.
    pub(crate) fn fit(held: &[HeldOutRow]) -> Self {
        let mut fitted = Self::default();
        if held.len() < 20 {
            return fitted;
        }
        fitted.sharpness = sharpness(held);
        fitted.confidence = platt(held);
        let mut judged: Vec<(f32, bool, bool)> = held
            .iter()
            .map(|row| (fitted.confidence_of(row), is_right(row), row.owner.is_some()))
            .collect();
        judged.sort_by(|one, other| other.0.total_cmp(&one.0));
        fitted.confirm = confirm(&judged);
        fitted.accept = accept(&judged).max(fitted.confirm);
        fitted
    }

    /// Returns the confidence (0 to 1) that the first intent of a row is right, from its score, its lead
    /// and the known share of the text.
    pub(crate) fn confidence_of(&self, row: &HeldOutRow) -> f32 {
        let sum: f32 = signs(row)
            .iter()
            .zip(self.confidence)
            .map(|(sign, weight)| sign * weight)
            .sum();
        sigmoid(sum)
    }

    /// Returns the scores as probabilities that sum to one (softmax with the fitted sharpness).
    pub(crate) fn probabilities(&self, scores: &[f32]) -> Vec<f32> {
        let best = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let raised: Vec<f32> = scores
            .iter()
            .map(|score| ((score - best) * self.sharpness).exp())
            .collect();
        let sum: f32 = raised.iter().sum();
        raised.iter().map(|each| each / sum).collect()
    }
}

fn sigmoid(sum: f32) -> f32 {
    1.0 / (1.0 + (-sum).exp())
}

/// Returns the index of the best score, the best score, and the second-best score.
pub(crate) fn best_two(scores: &[f32]) -> (usize, f32, f32) {
    let mut best = (0, f32::NEG_INFINITY, f32::NEG_INFINITY);
    for (place, score) in scores.iter().enumerate() {
        if *score > best.1 {
            best = (place, *score, best.1);
        } else if *score > best.2 {
            best.2 = *score;
        }
    }
    best
}

fn is_right(row: &HeldOutRow) -> bool {
    row.owner == Some(best_two(&row.scores).0)
}

fn signs(row: &HeldOutRow) -> [f32; 4] {
    let (_, best, second) = best_two(&row.scores);
    [best, (best - second).min(2.0), row.known_ratio, 1.0]
}

/// Returns the sharpness with the least log loss for the right intents, found by golden-section search
/// between 0.5 and 20.
fn sharpness(held: &[HeldOutRow]) -> f32 {
    let surprise = |sharpness: f32| -> f32 {
        let trial = Calibration {
            sharpness,
            ..Calibration::default()
        };
        let of = |row: &HeldOutRow| {
            let right = trial.probabilities(&row.scores).get(row.owner?).copied()?;
            Some(-right.max(1e-9).ln())
        };
        held.iter().filter_map(of).sum()
    };
    let (mut low, mut high) = (0.5_f32, 20.0_f32);
    for _ in 0..24 {
        let step = (high - low) * 0.381_966;
        if surprise(low + step) < surprise(high - step) {
            high -= step;
        } else {
            low += step;
        }
    }
    f32::midpoint(low, high)
}

/// Fits a logistic regression for "the first intent is right" on four signs, by gradient descent with a
/// light ridge (Platt). Foreign rows together weigh at least half as much as all rows, even if they are
/// few.
fn platt(held: &[HeldOutRow]) -> [f32; 4] {
    let foreign_count = held.iter().filter(|row| row.owner.is_none()).count();
    #[expect(clippy::cast_precision_loss, reason = "counts of rows, far below 2^24")]
    let (all, foreign_all) = (held.len() as f32, foreign_count.max(1) as f32);
    let foreign_weight = (all / 2.0 / foreign_all).max(1.0);
    let weigh = |row: &HeldOutRow| if row.owner.is_none() { foreign_weight } else { 1.0 };
    let rows: Vec<_> = held
        .iter()
        .map(|row| (signs(row), is_right(row), weigh(row)))
        .collect();
    let mut weights = [2.0_f32, 1.0, 1.0, 0.0];
    for _ in 0..600 {
        let mut slope = [0.0_f32; 4];
        for (signs, right, weight) in &rows {
            let sum: f32 = signs
                .iter()
                .zip(weights)
                .map(|(sign, weight)| sign * weight)
                .sum();
            let miss = (sigmoid(sum) - if *right { 1.0 } else { 0.0 }) * weight;
            for (slope, sign) in slope.iter_mut().zip(signs) {
                *slope += miss * sign;
            }
        }
        for (weight, slope) in weights.iter_mut().zip(slope) {
            *weight -= 2.0 * (slope / all + 1e-4 * *weight);
        }
    }
    weights
}

/// Returns the lowest confidence at which at least `ACCEPTED_RIGHT_RATIO` of the rows above it are right.
fn accept(judged: &[(f32, bool, bool)]) -> f32 {
    let (mut right, mut all) = (0.0_f32, 0.0_f32);
    let mut found = judged.first().map_or(0.9, |first| first.0);
    for (confidence, is_right, _) in judged {
        all += 1.0;
        right += if *is_right { 1.0 } else { 0.0 };
        if right / all >= ACCEPTED_RIGHT_RATIO {
            found = *confidence;
        }
    }
    found
}

/// Returns the confidence above which `RIGHT_KEPT_RATIO` of the right rows are. It is set by the right
/// rows, which are many; the few foreign ones say little about it.
fn confirm(judged: &[(f32, bool, bool)]) -> f32 {
    #[expect(clippy::cast_precision_loss, reason = "counts of rows, far below 2^24")]
    let right_all = judged.iter().filter(|row| row.1).count().max(1) as f32;
    let mut right = 0.0_f32;
    for row in judged {
        right += if row.1 { 1.0 } else { 0.0 };
        if right / right_all >= RIGHT_KEPT_RATIO {
            return row.0;
        }
    }
    0.5
}
