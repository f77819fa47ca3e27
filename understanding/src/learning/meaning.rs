//! Computes the direction of a text's meaning relative to the rows that are learned from.

use crate::word_vectors::{WordVectors, to_length_one};
use std::sync::Arc;

/// The weight of a text's word vectors relative to its other features; found by cross-validation.
pub(crate) const MEANING_WEIGHT: f32 = 1.2;

/// Word vectors, and their mean over all rows: it is common to all rows and distinguishes none of them.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Meaning {
    pub(crate) words: Arc<WordVectors>,
    pub(crate) centre: Vec<f32>,
}

impl Meaning {
    /// Computes the mean of these texts for the word vectors.
    pub(crate) fn learn<'t>(words: &Arc<WordVectors>, texts: impl Iterator<Item = &'t str>) -> Self {
        let mut centre = vec![0.0_f32; words.dimensions()];
        let mut count = 0.0_f32;
        for sum in texts.filter_map(|text| words.sum(text)) {
            count += 1.0;
            for (centre, each) in centre.iter_mut().zip(sum) {
                *centre += each;
            }
        }
        for each in &mut centre {
            *each /= count.max(1.0);
        }
        Self {
            words: Arc::clone(words),
            centre,
        }
    }

    /// Returns the direction of a text's word vectors from the mean, as a vector of length one; `None` if
    /// no word of it is known.
    pub(crate) fn direction(&self, text: &str) -> Option<Vec<f32>> {
        let mut sum = self.words.sum(text)?;
        for (each, centre) in sum.iter_mut().zip(&self.centre) {
            *each -= centre;
        }
        to_length_one(&mut sum).then_some(sum)
    }
}
