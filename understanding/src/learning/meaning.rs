//! The direction of what a text says among the rows that are learned from.

use crate::word_vectors::{WordVectors, to_length_one};
use std::sync::Arc;

/// How much what a text means weighs beside the pieces it is made of; found by cross-validation.
pub(crate) const MEANING_WEIGHT: f32 = 1.2;

/// Vectors of words, and the middle of what the rows say: what all of them have in common tells none apart.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Meaning {
    pub(crate) words: Arc<WordVectors>,
    pub(crate) centre: Vec<f32>,
}

impl Meaning {
    /// With the middle of some texts.
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

    /// Where a text lies from the middle, of length one; nothing where no word of it is known.
    pub(crate) fn direction(&self, text: &str) -> Option<Vec<f32>> {
        let mut sum = self.words.sum(text)?;
        for (each, centre) in sum.iter_mut().zip(&self.centre) {
            *each -= centre;
        }
        to_length_one(&mut sum).then_some(sum)
    }
}
