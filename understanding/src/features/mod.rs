//! Splits a text into the pieces by which it is judged: hashes with a count and the block each belongs to.
//!
//! Chinese is split by characters over the whole string and by its sound; other writing by pieces of words,
//! words and pairs of words; both by concepts, words of one meaning. Characters were better than word
//! segmentation for Chinese in every comparison (decision 0090).

mod concepts;
mod sound;

use sound::syllable;

use crate::text::{is_han, normalize_text};

/// A family of text features, which is normalized separately before all are combined.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Block {
    /// Characters, and pieces of words.
    Characters,
    /// Words and pairs of words.
    Words,
    /// Syllables without tone.
    Sound,
    /// Words of one meaning.
    Concepts,
}

impl Block {
    /// Every block, in the order of its number.
    pub(crate) const ALL: [Self; 4] = [Self::Characters, Self::Words, Self::Sound, Self::Concepts];

    /// Returns the weight of the block relative to the others; found by cross-validation on the development
    /// sets.
    pub(crate) fn weight(self) -> f32 {
        match self {
            Self::Characters => 1.0,
            Self::Words => 0.7,
            Self::Sound => 1.0,
            Self::Concepts => 0.8,
        }
    }
}

/// One feature of a text: a hashed piece of it and its block.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct TextFeature {
    /// FNV-1a of the block and the piece.
    pub(crate) hash: u64,
    /// The block that the piece belongs to.
    pub(crate) block: Block,
}

/// Longest text that is split, in characters; the rest is ignored. A call's turn is shorter.
pub(crate) const CHARACTERS_MAX: usize = 400;

/// Most different concepts of a text that are paired: at most 28 pairs.
const CONCEPTS_PAIRED_MAX: usize = 8;

/// Returns the features of a text with their counts, ordered by hash.
pub(crate) fn pieces(text: &str) -> Vec<(TextFeature, u32)> {
    let text: Vec<char> = normalize_text(text).chars().take(CHARACTERS_MAX).collect();
    let mut found = Vec::with_capacity(text.len() * 8);
    if text.iter().any(|each| is_han(*each)) {
        chinese(&text, &mut found);
    }
    latin(&text, &mut found);
    concepts(&text, &mut found);
    found.sort_unstable();
    let mut counted: Vec<(TextFeature, u32)> = Vec::with_capacity(found.len());
    for each in found {
        match counted.last_mut() {
            Some((last, times)) if *last == each => *times += 1,
            _ => counted.push((each, 1)),
        }
    }
    counted
}

/// A feature for comparing two texts: pairs of characters and of syllables, words, concepts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct SharedFeature {
    pub(crate) hash: u64,
    pub(crate) times: f32,
    pub(crate) weight: f32,
}

/// The weight of pairs of syllables in a comparison: a homophone counts half.
const SOUND_WEIGHT: f32 = 0.5;

/// Returns the features of a normalized text for comparing it, with their counts, ordered by hash.
pub(crate) fn shared_pieces(text: &str) -> Vec<SharedFeature> {
    let text: Vec<char> = text.chars().take(CHARACTERS_MAX).collect();
    let mut found = Vec::new();
    for run in text.split(|each| !is_han(*each)).filter(|run| !run.is_empty()) {
        let length = run.len().min(2);
        found.extend(run.windows(length).map(|pair| piece(Block::Characters, pair)));
        let sounds: Vec<u32> = run.iter().map(|each| syllable(*each)).collect();
        found.extend(
            sounds
                .windows(length)
                .map(|pair| hashed(Block::Sound, pair.iter().copied())),
        );
    }
    let words = text.split(|each| *each == ' ' || is_han(*each));
    for word in words.filter(|word| !word.is_empty()) {
        let word = match word {
            [stem @ .., 's'] if stem.len() >= 3 => stem,
            word => word,
        };
        found.push(piece(Block::Words, word));
    }
    concepts::find(&text, |concept| found.push(piece(Block::Concepts, &[concept])));
    found.sort_unstable();
    let mut counted: Vec<SharedFeature> = Vec::with_capacity(found.len());
    for each in found {
        match counted.last_mut() {
            Some(last) if last.hash == each.hash => last.times += 1.0,
            _ => counted.push(SharedFeature {
                hash: each.hash,
                times: 1.0,
                weight: match each.block {
                    Block::Sound => SOUND_WEIGHT,
                    Block::Characters | Block::Words | Block::Concepts => 1.0,
                },
            }),
        }
    }
    counted
}

fn chinese(text: &[char], found: &mut Vec<TextFeature>) {
    let framed = framed('^', text, '$');
    for length in 1..=3 {
        let grams = framed
            .windows(length)
            .filter(|gram| !matches!(gram, ['^'] | ['$']));
        found.extend(grams.map(|gram| piece(Block::Characters, gram)));
    }
    let sounds: Vec<u32> = text.iter().map(|each| syllable(*each)).collect();
    let sounds = framed_by(0, &sounds, 1);
    for length in 1..=3 {
        let grams = sounds.windows(length).filter(|gram| !matches!(gram, [0 | 1]));
        found.extend(grams.map(|gram| hashed(Block::Sound, gram.iter().copied())));
    }
}

fn latin(text: &[char], found: &mut Vec<TextFeature>) {
    let mut before: Option<&[char]> = None;
    for word in text
        .split(|each| *each == ' ' || is_han(*each))
        .filter(|word| !word.is_empty())
    {
        let framed = framed(' ', word, ' ');
        for length in 2..=5 {
            let grams = framed.windows(length);
            found.extend(grams.map(|gram| piece(Block::Characters, gram)));
        }
        found.push(piece(Block::Words, word));
        if let Some(before) = before {
            let pair = before.iter().chain([&' ']).chain(word).copied().map(u32::from);
            found.push(hashed(Block::Words, pair));
        }
        before = Some(word);
    }
}

/// Adds each concept of a text, and each pair of its concepts, as features.
fn concepts(text: &[char], found: &mut Vec<TextFeature>) {
    let mut named = Vec::new();
    concepts::find(text, |concept| named.push(concept));
    found.extend(named.iter().map(|concept| piece(Block::Concepts, &[*concept])));
    named.sort_unstable();
    named.dedup();
    named.truncate(CONCEPTS_PAIRED_MAX);
    for (place, one) in named.iter().enumerate() {
        let others = named.iter().skip(place + 1);
        found.extend(others.map(|other| piece(Block::Concepts, &[*one, *other])));
    }
}

fn framed(before: char, text: &[char], after: char) -> Vec<char> {
    std::iter::once(before)
        .chain(text.iter().copied())
        .chain([after])
        .collect()
}

fn framed_by(before: u32, sounds: &[u32], after: u32) -> Vec<u32> {
    std::iter::once(before)
        .chain(sounds.iter().copied())
        .chain([after])
        .collect()
}

fn piece(block: Block, gram: &[char]) -> TextFeature {
    hashed(block, gram.iter().copied().map(u32::from))
}

/// Returns the feature with the FNV-1a hash, 64 bits, over whole code points (draft-eastlake-fnv): fast,
/// and the same on every machine.
fn hashed(block: Block, units: impl Iterator<Item = u32>) -> TextFeature {
    let seed = 0xcbf2_9ce4_8422_2325_u64 ^ u64::from(block.number());
    let hash = units.fold(seed, |hash, unit| {
        (hash ^ u64::from(unit)).wrapping_mul(0x0100_0000_01b3)
    });
    // The low bits of a multiplication are its poorest; the upper half is folded into them.
    TextFeature {
        hash: hash ^ (hash >> 32),
        block,
    }
}

impl Block {
    fn number(self) -> u8 {
        match self {
            Self::Characters => 1,
            Self::Words => 2,
            Self::Sound => 3,
            Self::Concepts => 4,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_homophone_keeps_the_sound_and_changes_the_characters() {
        let of = |text: &str, block| -> Vec<u64> {
            let all = pieces(text).into_iter();
            all.filter(|(piece, _)| piece.block == block)
                .map(|(piece, _)| piece.hash)
                .collect()
        };
        assert_eq!(of("利息", Block::Sound), of("利西", Block::Sound));
        assert_ne!(of("利息", Block::Characters), of("利西", Block::Characters));
    }

    #[test]
    fn pieces_are_counted_once_each() {
        let found = pieces("转人工转人工");
        assert!(found.windows(2).all(|pair| pair[0].0 < pair[1].0));
        assert!(found.iter().any(|(_, times)| *times == 2));
        assert!(pieces("").is_empty());
    }
}
