//! Turns texts into rows of numbers, with the vocabulary that gives each piece its column.

use super::meaning::{MEANING_WEIGHT, Meaning};
use crate::features::{Block, TextFeature, pieces};
use crate::plain_hash::PlainBuildHasher;
use std::collections::HashMap;

/// Rows of sparse feature values, each with the index of its intent.
#[derive(Debug, Default)]
pub(crate) struct Rows {
    cells: Vec<(u32, f32)>,
    ends: Vec<usize>,
    owners: Vec<Option<usize>>,
    features: usize,
}

impl Rows {
    /// Returns an empty set of rows with `features` columns.
    pub(crate) fn over(features: usize) -> Self {
        Self {
            features,
            ..Self::default()
        }
    }

    pub(crate) fn push(&mut self, row: &[(u32, f32)], owner: Option<usize>) {
        self.cells.extend_from_slice(row);
        self.ends.push(self.cells.len());
        self.owners.push(owner);
    }

    pub(crate) fn features(&self) -> usize {
        self.features
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&[(u32, f32)], Option<usize>)> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        let spans = starts.zip(&self.ends);
        let rows = spans.map(|(start, end)| self.cells.get(start..*end).unwrap_or_default());
        rows.zip(self.owners.iter().copied())
    }
}

/// The features that a model uses, and how rare each one is.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Vocabulary {
    /// The hashes of the pieces, in order.
    pub(crate) hashes: Vec<u64>,
    /// The inverse document frequency of each piece.
    pub(crate) rarity: Vec<f32>,
    places: HashMap<u64, u32, PlainBuildHasher>,
    /// The rarity of a piece that was never seen.
    pub(crate) unseen: f32,
    /// The word vectors of the model, if it was learned with them: their columns follow those of the pieces.
    pub(crate) meaning: Option<Meaning>,
}

/// A text as numbers by a vocabulary.
#[derive(Debug, Default)]
pub(crate) struct Vector {
    /// Columns and values, of total length one.
    pub(crate) cells: Vec<(u32, f32)>,
    /// The share of the text, by weight, that the vocabulary knows: 0 to 1.
    pub(crate) known_ratio: f32,
}

impl Vocabulary {
    /// Learns a vocabulary from texts: the features that occur in at least `rows_min` of them, at most the
    /// `pieces_max` most frequent ones.
    pub(crate) fn learn<'t>(texts: impl Iterator<Item = &'t str>, rows_min: u32, pieces_max: usize) -> Self {
        let mut seen: HashMap<u64, u32, PlainBuildHasher> = HashMap::default();
        let mut count = 0_u32;
        for text in texts {
            count = count.saturating_add(1);
            for (piece, _) in pieces(text) {
                *seen.entry(piece.hash).or_default() += 1;
            }
        }
        let mut kept: Vec<(u64, u32)> = seen.into_iter().filter(|(_, rows)| *rows >= rows_min).collect();
        kept.sort_unstable_by_key(|(hash, rows)| (std::cmp::Reverse(*rows), *hash));
        kept.truncate(pieces_max);
        kept.sort_unstable();
        let rarity = kept.iter().map(|(_, rows)| rarity(count, *rows)).collect();
        Self::of(
            kept.into_iter().map(|(hash, _)| hash).collect(),
            rarity,
            rarity_unseen(count),
        )
    }

    /// Creates the vocabulary from the parts that were read from a model's file.
    pub(crate) fn of(hashes: Vec<u64>, rarity: Vec<f32>, unseen: f32) -> Self {
        let places = hashes.iter().copied().zip(0..).collect();
        Self {
            hashes,
            rarity,
            places,
            unseen,
            meaning: None,
        }
    }

    /// Returns the vocabulary with these word vectors.
    pub(crate) fn with(mut self, meaning: Option<Meaning>) -> Self {
        self.meaning = meaning;
        self
    }

    /// Returns the number of columns: one per feature, and one per dimension of the word vectors.
    pub(crate) fn len(&self) -> usize {
        let meaning = self.meaning.as_ref();
        self.hashes.len() + meaning.map_or(0, |meaning| meaning.words.dimensions())
    }

    /// Returns a text as a vector of length one: the values of its features, then its word vectors'
    /// direction if that is known.
    pub(crate) fn vector(&self, text: &str) -> Vector {
        let mut vector = self.by_pieces(text);
        let direction = self.meaning.as_ref().and_then(|meaning| meaning.direction(text));
        if let Some(direction) = direction {
            let whole = MEANING_WEIGHT.hypot(1.0);
            for (_, value) in &mut vector.cells {
                *value /= whole;
            }
            let columns = u32::try_from(self.hashes.len()).unwrap_or(u32::MAX)..;
            let values = direction.into_iter().map(|each| each * MEANING_WEIGHT / whole);
            vector.cells.extend(columns.zip(values));
        }
        vector
    }

    /// Returns a text by its features alone: each block scaled to its weight, all together to length one.
    fn by_pieces(&self, text: &str) -> Vector {
        let pieces = pieces(text);
        let mut cells: Vec<(u32, f32, Block)> = Vec::with_capacity(pieces.len());
        let mut lengths = [0.0_f32; 4];
        let (mut known, mut all) = (0.0_f32, 0.0_f32);
        for (TextFeature { hash, block }, times) in pieces {
            let place = self.places.get(&hash).copied();
            let rarity = place.and_then(|place| self.rarity.get(place as usize)).copied();
            #[expect(clippy::cast_precision_loss, reason = "a count within one utterance")]
            let value = (1.0 + (times as f32).ln()) * rarity.unwrap_or(self.unseen);
            all += value * value;
            let Some(place) = place else {
                continue;
            };
            known += value * value;
            if let Some(length) = lengths.get_mut(block as usize) {
                *length += value * value;
            }
            cells.push((place, value, block));
        }
        let factor = |block: Block| {
            let length = lengths.get(block as usize).copied().unwrap_or(0.0);
            block.weight() / length.sqrt().max(1e-6)
        };
        let factors = Block::ALL.map(factor);
        let present = Block::ALL.iter().zip(lengths).filter(|(_, length)| *length > 0.0);
        let whole: f32 = present.map(|(block, _)| block.weight().powi(2)).sum();
        let whole = whole.sqrt().max(1e-6);
        let scaled = |place: u32, value: f32, block: Block| {
            (
                place,
                value * factors.get(block as usize).copied().unwrap_or(0.0) / whole,
            )
        };
        Vector {
            cells: cells
                .into_iter()
                .map(|(place, value, block)| scaled(place, value, block))
                .collect(),
            known_ratio: if all > 0.0 { known / all } else { 0.0 },
        }
    }
}

/// Returns the smoothed inverse document frequency of a feature that `with` of `all` texts have.
#[expect(clippy::cast_precision_loss, reason = "counts of rows, far below 2^24")]
fn rarity(all: u32, with: u32) -> f32 {
    ((1.0 + all as f32) / (1.0 + with as f32)).ln() + 1.0
}

fn rarity_unseen(all: u32) -> f32 {
    rarity(all, 0)
}
