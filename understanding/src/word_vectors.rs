//! What words mean, as vectors that others learned from far more text than any campaign has.
//!
//! The text form that GloVe, word2vec and fastText share is read: a word and its numbers a line, the most
//! frequent first, perhaps a line of counts before. A model keeps those that it was learned with, so
//! that it judges alike wherever it is read. A word that no example has is then near those that mean
//! the same.

use crate::plain_hash::Plain;
use crate::text::{is_han, normalised};
use std::collections::HashMap;

/// Most numbers of a word.
pub const DIMENSIONS_MAX: usize = 300;

/// Fewest numbers of a word: fewer say next to nothing, and a line of counts has one.
pub const DIMENSIONS_MIN: usize = 8;

/// Numbers are at most so far from nothing: sums of larger ones could run out of their range, and a model
/// learned with that would tell nothing apart and not say so.
const NUMBER_MAX: f32 = 10_000.0;

/// Most bytes that the words of a model take; the words that come first in a file are kept.
pub(crate) const WORD_BYTES_MAX: usize = 4_000_000;

/// A hash and a step, beside one byte a number.
const BYTES_BESIDE: usize = 12;

/// How many faulty lines are listed by name; all are counted.
pub const LINES_LISTED_MAX: usize = 20;

/// A Chinese word is looked for up to so many characters, the longest first.
const HAN_WORD_MAX: usize = 4;

/// Vectors of words, one byte a number.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct WordVectors {
    dimensions: usize,
    /// Of each word, ordered.
    pub(crate) hashes: Vec<u64>,
    /// For each, what a step of its numbers is worth.
    pub(crate) steps: Vec<f32>,
    /// For each, its numbers.
    pub(crate) numbers: Vec<i8>,
    places: HashMap<u64, u32, Plain>,
}

/// What a file of vectors held beside those that are kept.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct VectorsRead {
    /// Words that are kept.
    pub kept: usize,
    /// Words of more than one part, or met before under the same form: they cannot be looked up.
    pub passed_over: usize,
    /// Lines for which there was no room, looked at no further; the rarest words, where the file is in the
    /// order of frequency.
    pub left_out: usize,
    /// Lines that are no word with its numbers.
    pub faulty: usize,
    /// The first of these, by their numbers from one.
    pub faulty_lines: Vec<usize>,
}

impl WordVectors {
    /// Reads lines of a word and its numbers. The first that can be read says how many numbers there are.
    pub fn read(lines: impl Iterator<Item = String>) -> (Self, VectorsRead) {
        let mut found = VectorsRead::default();
        let mut dimensions = 0;
        let mut words: Vec<(u64, f32, Vec<i8>)> = Vec::new();
        let mut met: HashMap<u64, (), Plain> = HashMap::default();
        let is_full = |words: usize, dimensions: usize| {
            dimensions > 0 && (words + 1) * (dimensions + BYTES_BESIDE) > WORD_BYTES_MAX
        };
        for (place, line) in lines.enumerate() {
            if is_full(words.len(), dimensions) {
                found.left_out += 1;
                continue;
            }
            let Some((word, numbers)) = word_and_numbers(&line) else {
                // How many words and numbers follow: fastText and word2vec say so first.
                let counts = place == 0 && line.split_whitespace().count() == 2;
                if !counts && !line.trim().is_empty() {
                    found.fault(place + 1);
                }
                continue;
            };
            if dimensions == 0 {
                dimensions = numbers.len();
            }
            if numbers.len() != dimensions {
                found.fault(place + 1);
                continue;
            }
            let word = normalised(word);
            let chars: Vec<char> = word.chars().collect();
            let hash = hash_of(&chars);
            if word.is_empty() || word.contains(' ') || met.insert(hash, ()).is_some() {
                found.passed_over += 1;
            } else {
                let (step, numbers) = in_bytes(&numbers);
                words.push((hash, step, numbers));
            }
        }
        words.sort_unstable_by_key(|(hash, ..)| *hash);
        found.kept = words.len();
        let hashes = words.iter().map(|(hash, ..)| *hash).collect();
        let steps = words.iter().map(|(_, step, _)| *step).collect();
        let numbers = words.into_iter().flat_map(|(.., numbers)| numbers).collect();
        (Self::of(dimensions, hashes, steps, numbers), found)
    }

    /// From what a model's file holds.
    pub(crate) fn of(dimensions: usize, hashes: Vec<u64>, steps: Vec<f32>, numbers: Vec<i8>) -> Self {
        let places = hashes.iter().copied().zip(0..).collect();
        Self {
            dimensions,
            hashes,
            steps,
            numbers,
            places,
        }
    }

    /// How many numbers a word has.
    pub fn dimensions(&self) -> usize {
        self.dimensions
    }

    /// How many words are known.
    pub fn len(&self) -> usize {
        self.hashes.len()
    }

    /// Whether no word is known.
    pub fn is_empty(&self) -> bool {
        self.hashes.is_empty()
    }

    /// How many bytes they take in a model.
    pub(crate) fn bytes(&self) -> usize {
        self.len() * (self.dimensions + BYTES_BESIDE)
    }

    /// What a text says: the sum of its words, of length one; nothing where no word is known.
    pub(crate) fn sum(&self, text: &str) -> Option<Vec<f32>> {
        let text: Vec<char> = normalised(text)
            .chars()
            .take(crate::features::CHARACTERS_MAX)
            .collect();
        let mut sum = vec![0.0_f32; self.dimensions];
        let mut known = false;
        let mut add = |word: &[char]| {
            let place = self.places.get(&hash_of(word)).map(|place| *place as usize);
            let found = place.and_then(|place| {
                let start = place * self.dimensions;
                let numbers = self.numbers.get(start..start + self.dimensions)?;
                Some((numbers, *self.steps.get(place)?))
            });
            let Some((numbers, step)) = found else {
                return false;
            };
            known = true;
            for (sum, number) in sum.iter_mut().zip(numbers) {
                *sum += f32::from(*number) * step;
            }
            true
        };
        for word in text.split(|each| *each == ' ' || is_han(*each)) {
            if !word.is_empty() && !add(word) {
                // "what's" as "what", where the file has it in parts.
                let _in_parts = word.split(|each| *each == '\'').map(&mut add).count();
            }
        }
        for run in text.split(|each| !is_han(*each)) {
            let mut rest = run;
            while !rest.is_empty() {
                let longest = rest.len().min(HAN_WORD_MAX);
                let taken = (1..=longest)
                    .rev()
                    .find(|length| rest.get(..*length).is_some_and(&mut add));
                rest = rest.get(taken.unwrap_or(1)..).unwrap_or_default();
            }
        }
        (known && to_length_one(&mut sum)).then_some(sum)
    }
}

impl VectorsRead {
    fn fault(&mut self, line: usize) {
        self.faulty += 1;
        if self.faulty_lines.len() < LINES_LISTED_MAX {
            self.faulty_lines.push(line);
        }
    }
}

/// Brings numbers to the length one; nothing has no direction, nor has what is beyond all numbers.
pub(crate) fn to_length_one(numbers: &mut [f32]) -> bool {
    let length = numbers.iter().map(|each| each * each).sum::<f32>().sqrt();
    if length <= 1e-6 || !length.is_finite() {
        return false;
    }
    for each in numbers {
        *each /= length;
    }
    true
}

/// A line's word and its numbers, none of them beyond the bound.
fn word_and_numbers(line: &str) -> Option<(&str, Vec<f32>)> {
    let (word, rest) = line.trim_end().split_once([' ', '\t'])?;
    let within = |number: &f32| number.abs() <= NUMBER_MAX;
    let number = |text: &str| text.parse::<f32>().ok().filter(within);
    let numbers: Option<Vec<f32>> = rest
        .split_ascii_whitespace()
        .take(DIMENSIONS_MAX + 1)
        .map(number)
        .collect();
    numbers
        .filter(|numbers| (DIMENSIONS_MIN..=DIMENSIONS_MAX).contains(&numbers.len()))
        .map(|numbers| (word, numbers))
}

#[expect(clippy::cast_possible_truncation, reason = "clamped to the range of a byte")]
fn in_bytes(numbers: &[f32]) -> (f32, Vec<i8>) {
    let largest = numbers
        .iter()
        .fold(0.0_f32, |largest, each| largest.max(each.abs()));
    let step = largest.max(1e-9) / 127.0;
    let byte = |each: &f32| (each / step).round().clamp(-127.0, 127.0) as i8;
    (step, numbers.iter().map(byte).collect())
}

/// FNV-1a over whole code points.
fn hash_of(word: &[char]) -> u64 {
    let hash = word.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, each| {
        (hash ^ u64::from(u32::from(*each))).wrapping_mul(0x0100_0000_01b3)
    });
    hash ^ (hash >> 32)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (WordVectors, VectorsRead) {
        WordVectors::read(text.lines().map(str::to_owned))
    }

    fn line(word: &str, first: f32) -> String {
        format!("{word} {first} 1 0 0 0 0 0 0.5\n")
    }

    #[test]
    fn a_file_of_vectors_is_read_line_by_line_and_faulty_lines_are_named() {
        let text = [
            "5 8\n",
            &line("card", 0.25),
            "broken 1 2 x\n",
            &line("CARD", 0.5),
            &line("new york", 0.5),
            "short 1 2 3 4 5 6 7 8 9\n",
            "endless 1 2 3 4 5 6 7 inf\n",
            "huge 1 2 3 4 5 6 7 1e38\n",
            "none 1 2 3 4 5 6 7 NaN\n",
            &line("卡片", -0.5),
        ];
        let (words, found) = read(&text.concat());
        assert_eq!((words.len(), words.dimensions()), (2, 8));
        assert_eq!((found.kept, found.passed_over, found.left_out), (2, 1, 0));
        // Of "new york" the second word is no number.
        assert_eq!(found.faulty_lines, [3, 5, 6, 7, 8, 9]);
        let alone = words.sum("card").unwrap();
        assert!((alone[0] / alone[1] - 0.25).abs() < 0.01, "{alone:?}");
        assert_eq!(words.sum("Card!"), words.sum("card"));
        assert_eq!(words.sum("card's"), words.sum("card"));
        assert_ne!(words.sum("卡片"), None);
        assert_eq!(words.sum("nothing 无 of it"), None);
        // A model's file may hold anything: what has no length says nothing.
        let beyond = WordVectors::of(8, words.hashes.clone(), vec![f32::INFINITY; 2], words.numbers);
        assert_eq!(beyond.sum("card"), None);
    }

    #[test]
    fn what_has_no_room_is_counted_and_what_holds_nothing_is_empty() {
        let numbers = " 0.5".repeat(DIMENSIONS_MAX);
        let room = WORD_BYTES_MAX / (DIMENSIONS_MAX + BYTES_BESIDE);
        let (words, found) = WordVectors::read((0..room + 3).map(|word| format!("w{word}{numbers}")));
        assert_eq!((words.len(), found.kept, found.left_out), (room, room, 3));
        assert!(words.bytes() <= WORD_BYTES_MAX);
        let (none, found) = read("PK\u{3}\u{4} nothing of the kind\n");
        assert!(none.is_empty() && found.faulty == 1);
        assert!(read("").0.is_empty());
    }
}
