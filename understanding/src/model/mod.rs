//! An intent model: judges over a vocabulary, calibrated; it ranks intents, or abstains.
//!
//! There is no intent "other": texts that no judge knows are left to the thresholds (decision 0090).

mod file;

pub use file::{MODEL_BYTES_MAX, ModelFault};

use crate::learning::{Calibration, HeldOutRow, Vocabulary};
use crate::word_vectors::WordVectors;
use std::sync::Arc;

/// Number of intents in a ranking, the best ones.
const CANDIDATES_MAX: usize = 3;

/// Added to the raw score of each intent that the flow expects, before scores become probabilities. Raw
/// scores are decision values: training aims at 1 for the intent's own texts and -1 for all others.
pub const EXPECTED_BOOST: f32 = 0.3;

/// The classifiers of all intents, with weights quantised to one byte each.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Judges {
    vocabulary: Vocabulary,
    /// The weights of all intents, piece by piece.
    weights: Vec<i8>,
    /// The value of one step of the weights, by intent.
    steps: Vec<f32>,
    biases: Vec<f32>,
}

impl Judges {
    /// Quantises the trained weights of all intents.
    pub(crate) fn of(vocabulary: Vocabulary, learned: &[Vec<f32>]) -> Self {
        let mut steps = Vec::new();
        let mut biases = Vec::new();
        let mut plain = Vec::new();
        for weights in learned {
            let (bias, weights) = weights
                .split_last()
                .map_or((0.0, weights.as_slice()), |(b, w)| (*b, w));
            let largest = weights
                .iter()
                .fold(0.0_f32, |largest, weight| largest.max(weight.abs()));
            steps.push(largest.max(1e-6) / 127.0);
            biases.push(bias * 0.6);
            plain.push(weights);
        }
        let mut all = Vec::with_capacity(vocabulary.len() * learned.len());
        for piece in 0..vocabulary.len() {
            for (weights, step) in plain.iter().zip(&steps) {
                all.push(quantised(weights.get(piece).copied().unwrap_or(0.0) / step));
            }
        }
        Self {
            vocabulary,
            weights: all,
            steps,
            biases,
        }
    }

    /// Returns the score of each intent for a text, and the share of the text that the vocabulary knows (0
    /// to 1).
    pub(crate) fn scores(&self, text: &str) -> (Vec<f32>, f32) {
        let vector = self.vocabulary.vector(text);
        let intents = self.steps.len();
        let mut sums = vec![0.0_f32; intents];
        for (piece, value) in vector.cells {
            let start = piece as usize * intents;
            let weights = self.weights.get(start..start + intents).unwrap_or_default();
            for (sum, weight) in sums.iter_mut().zip(weights) {
                *sum += f32::from(*weight) * value;
            }
        }
        let judged = sums.iter().zip(&self.steps).zip(&self.biases);
        let scores = judged.map(|((sum, step), bias)| sum * step + bias).collect();
        (scores, vector.known_ratio)
    }
}

#[expect(clippy::cast_possible_truncation, reason = "clamped to the range of a byte")]
fn quantised(weight: f32) -> i8 {
    weight.round().clamp(-127.0, 127.0) as i8
}

/// An intent of a ranking, with its probability.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidate {
    /// The intent.
    pub intent: String,
    /// The intent's calibrated probability among the intents of the model.
    pub probability: f32,
}

/// What the confidence of a ranking leads to, by the two thresholds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// No intent is certain enough; the flow asks again.
    Abstained,
    /// The first intent is likely; the flow asks whether it is right.
    ToConfirm,
    /// The first intent is taken.
    Accepted,
}

/// A model's result for an utterance.
#[derive(Debug, Clone, PartialEq)]
pub struct Ranking {
    /// The most probable intents, at most three, best first.
    pub candidates: Vec<Candidate>,
    /// The probability that the first is right, over everything that people say.
    pub confidence: f32,
    /// The decision by that confidence.
    pub verdict: Verdict,
}

/// A trained intent model.
#[derive(Debug, Clone, PartialEq)]
pub struct Model {
    intents: Vec<String>,
    judges: Judges,
    calibration: Calibration,
}

impl Model {
    pub(crate) fn new(intents: Vec<String>, judges: Judges, calibration: Calibration) -> Self {
        Self {
            intents,
            judges,
            calibration,
        }
    }

    /// Returns the names of the model's intents, sorted.
    pub fn intents(&self) -> &[String] {
        &self.intents
    }

    /// Returns the word vectors of the model; `None` if it was trained without any.
    pub fn words(&self) -> Option<Arc<WordVectors>> {
        let meaning = self.judges.vocabulary.meaning.as_ref()?;
        Some(Arc::clone(&meaning.words))
    }

    /// Returns the model's thresholds and the other parameters of its calibration.
    pub fn calibration(&self) -> Calibration {
        self.calibration
    }

    /// Returns the model with thresholds that a person chose; `confirm` is lowered to `accept` if it is
    /// above it.
    pub fn with_thresholds(mut self, accept: f32, confirm: f32) -> Self {
        self.calibration.accept = accept;
        self.calibration.confirm = confirm.min(accept);
        self
    }

    /// Ranks the intents for a text, without expecting any of them.
    pub fn rank(&self, text: &str) -> Ranking {
        self.rank_expecting(text, &[])
    }

    /// Ranks the intents for a text, with a bonus (`EXPECTED_BOOST`) for those that the conversation
    /// expects here. The others stay possible.
    pub fn rank_expecting(&self, text: &str, expected: &[&str]) -> Ranking {
        let (mut scores, known_ratio) = self.judges.scores(text);
        for (score, intent) in scores.iter_mut().zip(&self.intents) {
            if expected.contains(&intent.as_str()) {
                *score += EXPECTED_BOOST;
            }
        }
        let probabilities = self.calibration.probabilities(&scores);
        let mut order: Vec<(usize, f32)> = probabilities.into_iter().enumerate().collect();
        order.sort_by(|one, other| other.1.total_cmp(&one.1).then(one.0.cmp(&other.0)));
        let candidate = |place: usize, probability: f32| {
            let intent = self.intents.get(place)?.clone();
            Some(Candidate { intent, probability })
        };
        let first = order.iter().take(CANDIDATES_MAX);
        let candidates = first
            .filter_map(|(place, probability)| candidate(*place, *probability))
            .collect();
        let confidence = self.calibration.confidence_of(&HeldOutRow {
            scores,
            known_ratio,
            owner: None,
        });
        Ranking {
            candidates,
            confidence,
            verdict: self.verdict(confidence, known_ratio),
        }
    }

    fn verdict(&self, confidence: f32, known_ratio: f32) -> Verdict {
        if known_ratio <= 0.0 || confidence < self.calibration.confirm {
            Verdict::Abstained
        } else if confidence < self.calibration.accept {
            Verdict::ToConfirm
        } else {
            Verdict::Accepted
        }
    }
}

#[cfg(test)]
mod tests;
