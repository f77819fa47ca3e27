//! Treats words of one meaning, in Chinese and English, as one piece, because a small data set cannot show
//! that they mean the same.
//!
//! `concepts.tsv` is written by hand from the vocabulary of outbound calls and retail banking; a row is a
//! concept and its words. It names no intent, so it serves any set of intents.

use super::sound::syllable;
use crate::text::is_han;
use aho_corasick::{AhoCorasick, MatchKind};
use std::sync::OnceLock;

const TABLE: &str = include_str!("concepts.tsv");

struct Concepts {
    words: AhoCorasick,
    /// The row of each word.
    rows: Vec<char>,
}

fn concepts() -> Option<&'static Concepts> {
    static CONCEPTS: OnceLock<Option<Concepts>> = OnceLock::new();
    CONCEPTS.get_or_init(build).as_ref()
}

fn build() -> Option<Concepts> {
    let mut words = Vec::new();
    let mut rows = Vec::new();
    for (row, line) in TABLE.lines().enumerate() {
        let (_, listed) = line.split_once('\t')?;
        let row = char::from_u32(0xe000 + u32::try_from(row).ok()?)?;
        for word in listed.split(',') {
            // Words in letters are matched between blanks; a star leaves the end open. Chinese words of
            // several characters are matched by their sound, so that a recognizer's homophones match too.
            let open = word.strip_suffix('*');
            words.push(match (word.is_ascii(), open) {
                (true, Some(stem)) => format!(" {stem}"),
                (true, None) => format!(" {word} "),
                (false, _) if word.chars().count() == 1 => word.to_owned(),
                (false, _) => word.chars().map(sounded).collect(),
            });
            rows.push(row);
        }
    }
    let built = AhoCorasick::builder()
        .match_kind(MatchKind::Standard)
        .build(&words);
    Some(Concepts {
        words: built.ok()?,
        rows,
    })
}

/// Calls `say` with the concept of each word that a normalized text contains, once per occurrence.
pub(super) fn find(text: &[char], mut say: impl FnMut(char)) {
    let Some(concepts) = concepts() else {
        return;
    };
    let framed = |text: &mut dyn Iterator<Item = char>| -> String {
        std::iter::once(' ').chain(text).chain([' ']).collect()
    };
    let mut among = |text: &str| {
        for found in concepts.words.find_overlapping_iter(text) {
            if let Some(row) = concepts.rows.get(found.pattern().as_usize()) {
                say(*row);
            }
        }
    };
    among(&framed(&mut text.iter().copied()));
    if text.iter().any(|each| is_han(*each)) {
        among(
            &text
                .iter()
                .filter(|each| is_han(**each))
                .map(|each| sounded(*each))
                .collect::<String>(),
        );
    }
}

/// Returns a character of the second private plane that represents the sound of a Chinese character; equal
/// sounds give equal characters.
fn sounded(character: char) -> char {
    let syllable = syllable(character);
    char::from_u32(0x10_0000 + (syllable ^ syllable >> 16) % 0xfffe).unwrap_or(character)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_read_and_words_of_one_meaning_are_one() {
        assert!(concepts().is_some());
        let of = |text: &str| {
            let mut found = Vec::new();
            find(&text.chars().collect::<Vec<_>>(), |row| found.push(row));
            found
        };
        assert_eq!(of("rejected"), of("declined"));
        assert!(!of("利息").is_empty());
        assert_eq!(of("利西"), of("利息"));
        assert!(of("xyz").is_empty());
    }
}
