//! The meaning of words as vectors, which were learned elsewhere from far more text than any campaign has.
//!
//! It reads the text form that GloVe, word2vec and fastText share: one line with a word and its numbers, the
//! most frequent first, perhaps after a line of counts. A model keeps the vectors that it was learned with,
//! so that it judges alike on every machine. A word that no example has is then near those with the same
//! meaning.

use crate::plain_hash::PlainBuildHasher;
use crate::text::{is_han, normalize_text};
use std::collections::HashMap;

/// Most numbers per word of a vector file; lines with more are faulty.
pub const DIMENSIONS_MAX: usize = 300;

/// Fewest numbers per word of a vector file; lines with fewer are faulty. Shorter vectors hardly tell words
/// apart. The limit also keeps the header of word2vec and fastText, two counts, from being read as a word.
pub const DIMENSIONS_MIN: usize = 8;

/// Largest absolute value of a number in a vector file; lines with larger ones are faulty. Sums of them
/// could overflow, and a model learned with them would distinguish nothing without showing it.
const NUMBER_MAX: f32 = 10_000.0;

/// Most bytes of a model's words; the words that come first in a file are kept, the rest is left out.
pub(crate) const WORD_BYTES_MAX: usize = 4_000_000;

/// Bytes of a word's hash and step in a model, in addition to one byte per number.
const BYTES_BESIDE: usize = 12;

/// Most faulty lines of a vector file that are listed by number; all are counted.
pub const LINES_LISTED_MAX: usize = 20;

/// Longest Chinese word that is looked up, in characters. Longer words are tried first.
const HAN_WORD_MAX: usize = 4;

/// The vectors of known words, quantised to one byte per number.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct WordVectors {
    dimensions: usize,
    /// The hash of each word, in order.
    pub(crate) hashes: Vec<u64>,
    /// The value of one step of each word's numbers.
    pub(crate) steps: Vec<f32>,
    /// The numbers of each word, one word after another.
    pub(crate) numbers: Vec<i8>,
    places: HashMap<u64, u32, PlainBuildHasher>,
}

/// What was kept of a file of word vectors, and what was not.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct VectorReadCounts {
    /// Number of words that are kept.
    pub kept: usize,
    /// Number of words that have more than one part, or repeat an earlier word: they cannot be looked up.
    pub passed_over: usize,
    /// Number of lines for which there was no room and which were not examined; the rarest words, if the file
    /// is in the order of frequency.
    pub left_out: usize,
    /// Number of lines that are not a word with its numbers.
    pub faulty: usize,
    /// The first faulty lines, by number from one.
    pub faulty_lines: Vec<usize>,
}

impl WordVectors {
    /// Reads lines with a word and its numbers, until `WORD_BYTES_MAX` is reached. The first readable line
    /// fixes how many numbers a word has; lines with another count are faulty.
    pub fn read(lines: impl Iterator<Item = String>) -> (Self, VectorReadCounts) {
        let mut found = VectorReadCounts::default();
        let mut dimensions = 0;
        let mut words: Vec<(u64, f32, Vec<i8>)> = Vec::new();
        let mut met: HashMap<u64, (), PlainBuildHasher> = HashMap::default();
        let is_full = |words: usize, dimensions: usize| {
            dimensions > 0 && (words + 1) * (dimensions + BYTES_BESIDE) > WORD_BYTES_MAX
        };
        for (place, line) in lines.enumerate() {
            if is_full(words.len(), dimensions) {
                found.left_out += 1;
                continue;
            }
            let Some((word, numbers)) = word_and_numbers(&line) else {
                // The header of word2vec and fastText: the count of words, and of numbers per word.
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
            let word = normalize_text(word);
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

    /// Creates the vectors from the parts that were read from a model's file.
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

    /// Returns how many numbers each word has.
    pub fn dimensions(&self) -> usize {
        self.dimensions
    }

    /// Returns the number of known words.
    pub fn len(&self) -> usize {
        self.hashes.len()
    }

    /// True if no word is known.
    pub fn is_empty(&self) -> bool {
        self.hashes.is_empty()
    }

    /// Returns the number of bytes that the vectors take in a model.
    pub(crate) fn bytes(&self) -> usize {
        self.len() * (self.dimensions + BYTES_BESIDE)
    }

    /// Returns the sum of the vectors of a text's known words, scaled to length one; `None` if no word is
    /// known.
    pub(crate) fn sum(&self, text: &str) -> Option<Vec<f32>> {
        let text: Vec<char> = normalize_text(text)
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
                // "what's" as "what", if the file has it in parts.
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

impl VectorReadCounts {
    fn fault(&mut self, line: usize) {
        self.faulty += 1;
        if self.faulty_lines.len() < LINES_LISTED_MAX {
            self.faulty_lines.push(line);
        }
    }
}

/// Scales a vector to length one. Returns false, without a change, for a length of zero or one that is not
/// finite.
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

/// Returns the word and the numbers of a line of a vector file; `None` if a number is missing or too large,
/// or there are too few or too many.
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

/// Returns FNV-1a over whole code points.
fn hash_of(word: &[char]) -> u64 {
    let hash = word.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, each| {
        (hash ^ u64::from(u32::from(*each))).wrapping_mul(0x0100_0000_01b3)
    });
    hash ^ (hash >> 32)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (WordVectors, VectorReadCounts) {
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
        // A model's file may contain anything: a vector without a length has no meaning.
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
