//! Puts rows into groups of near-duplicates, and groups into folds, so that no row is judged by a model that
//! knows a near-duplicate of it.

use super::examples::gist;
use super::solver::Random;
use crate::text::normalize_text;
use std::collections::{BTreeMap, BTreeSet};

/// Most rows for which every pair is compared; in larger sets only equal hashes group rows. Four million
/// pairs take about a second.
const PAIRED_ROWS_MAX: usize = 3_000;

/// Smallest share of common features (Jaccard, of pairs of characters or of words) at which two rows are in
/// one group.
const ALIKE_RATIO: f32 = 0.6;

/// Returns the number of the group of near-duplicates for each text. Texts are in one group if they are
/// equal except for particles and order, or, in sets of at most `PAIRED_ROWS_MAX`, if they share most of
/// their features.
pub fn groups(texts: &[&str]) -> Vec<usize> {
    let plain: Vec<String> = texts.iter().map(|text| normalize_text(text)).collect();
    let mut group: Vec<usize> = (0..texts.len()).collect();
    let mut first: BTreeMap<u64, usize> = BTreeMap::new();
    for (row, plain) in plain.iter().enumerate() {
        let of = *first.entry(gist(plain)).or_insert(row);
        join(&mut group, row, of);
    }
    if texts.len() <= PAIRED_ROWS_MAX {
        let sets: Vec<BTreeSet<u64>> = plain.iter().map(|plain| pairs(plain)).collect();
        for (row, set) in sets.iter().enumerate() {
            let before = sets.iter().take(row).enumerate();
            let alike: Vec<usize> = before
                .filter(|(_, other)| are_alike(set, other))
                .map(|(other, _)| other)
                .collect();
            for other in alike {
                join(&mut group, row, other);
            }
        }
    }
    (0..group.len()).map(|row| root(&group, row)).collect()
}

fn root(group: &[usize], mut row: usize) -> usize {
    while let Some(above) = group.get(row).filter(|above| **above != row) {
        row = *above;
    }
    row
}

fn join(group: &mut [usize], one: usize, other: usize) {
    let (one, other) = (root(group, one), root(group, other));
    if let Some(above) = group.get_mut(one.max(other)) {
        *above = one.min(other);
    }
}

fn pairs(plain: &str) -> BTreeSet<u64> {
    let mark = |hash: u64, found: char| (hash ^ u64::from(u32::from(found))).wrapping_mul(0x0100_0000_01b3);
    if plain.is_ascii() {
        return plain.split(' ').map(|word| word.chars().fold(7, mark)).collect();
    }
    let chars: Vec<char> = plain.chars().collect();
    let pairs = chars.windows(2).map(|pair| pair.iter().copied().fold(7, mark));
    pairs.chain(chars.iter().map(|one| mark(7, *one))).collect()
}

fn are_alike(one: &BTreeSet<u64>, other: &BTreeSet<u64>) -> bool {
    let (small, large) = (one.len().min(other.len()), one.len().max(other.len()));
    #[expect(clippy::cast_precision_loss, reason = "counts of pieces of one utterance")]
    let ratio = |part: usize, whole: usize| part as f32 / whole.max(1) as f32;
    if ratio(small, large) < ALIKE_RATIO {
        return false;
    }
    let common = one.intersection(other).count();
    ratio(common, small + large - common) >= ALIKE_RATIO
}

/// Returns the fold (0 to `count` − 1) of each row. Groups stay together, are shuffled by the seed, and are
/// dealt out intent by intent, so that each fold has about the same share of each intent.
pub fn folds(groups: &[usize], owners: &[Option<usize>], count: usize, seed: u64) -> Vec<usize> {
    let mut by_intent: BTreeMap<Option<usize>, BTreeSet<usize>> = BTreeMap::new();
    let mut intent_of: BTreeMap<usize, Option<usize>> = BTreeMap::new();
    for (group, owner) in groups.iter().zip(owners) {
        let owner = intent_of.entry(*group).or_insert(*owner);
        by_intent.entry(*owner).or_default().insert(*group);
    }
    let mut fold_of: BTreeMap<usize, usize> = BTreeMap::new();
    let mut random = Random(seed | 1);
    let mut dealt = 0;
    for groups in by_intent.values() {
        let mut groups: Vec<usize> = groups.iter().copied().collect();
        random.shuffle(&mut groups);
        for group in groups {
            fold_of.insert(group, dealt % count.max(1));
            dealt += 1;
        }
    }
    groups
        .iter()
        .map(|group| fold_of.get(group).copied().unwrap_or(0))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_duplicates_are_of_one_group_and_so_of_one_fold() {
        let texts = [
            "可以分多少期",
            "可以分多少期呢",
            "那可以分多少期",
            "我在开会",
            "利息多少",
            "再见",
        ];
        let groups = groups(&texts);
        assert_eq!(groups[0], groups[1]);
        assert_eq!(groups[0], groups[2]);
        assert_ne!(groups[0], groups[3]);
        let owners = [Some(0), Some(0), Some(0), Some(1), Some(2), Some(3)];
        let folds = folds(&groups, &owners, 3, 5);
        assert_eq!(folds[0], folds[2]);
        assert!(folds.iter().all(|fold| *fold < 3));
    }
}
