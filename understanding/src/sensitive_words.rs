//! Finds sensitive words in one pass over bare text, in a whole utterance or in its partial texts.
//!
//! Blanks, punctuation, width and case make no difference. Each campaign has its own lists. In a stream the
//! earliest end of a word counts, because the call ends at once; the same word in a longer partial text is
//! not a new one.

use crate::text::FoldedText;
use aho_corasick::{AhoCorasick, MatchKind};
use std::ops::Range;
use thiserror::Error;

/// Most words of all lists together; more are refused. An automaton of them takes a few megabytes.
pub const WORDS_MAX: usize = 50_000;

/// Longest word, in characters.
pub const WORD_CHARACTERS_MAX: usize = 64;

/// A list of sensitive words with its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WordList {
    /// The name of the list, shown in an alert.
    pub name: String,
    /// The words of the list.
    pub words: Vec<String>,
}

/// The reason why lists of sensitive words cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ListFault {
    /// A word has only punctuation.
    #[error("list {list}: word {place} has no letters or digits")]
    Empty {
        /// The list.
        list: String,
        /// The position of the word in the list, from one on.
        place: usize,
    },
    /// A word is too long.
    #[error("list {list}: word {place} has more than {WORD_CHARACTERS_MAX} characters")]
    TooLong {
        /// The list.
        list: String,
        /// The position of the word in the list, from one on.
        place: usize,
    },
    /// The lists have too many words.
    #[error("the lists have more than {WORDS_MAX} words together")]
    TooMany,
    /// The automaton cannot be built.
    #[error("the lists are too large together")]
    TooLarge,
}

/// A sensitive word that was found in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SensitiveWordHit {
    /// The name of its list.
    pub list: String,
    /// The word as it is written in the list.
    pub word: String,
    /// The bytes of the word in the text.
    pub span: Range<usize>,
}

/// Lists of sensitive words in a form that can be searched.
#[derive(Debug, Clone)]
pub struct SensitiveWords {
    automaton: AhoCorasick,
    /// The list and the word of each pattern.
    words: Vec<(String, String)>,
}

impl SensitiveWords {
    /// Builds the search for these lists; without words it finds nothing. Fails for empty and overlong
    /// words and for too many.
    pub fn of(lists: &[WordList]) -> Result<Self, ListFault> {
        let (mut patterns, mut words) = (Vec::new(), Vec::new());
        for list in lists {
            for (place, word) in (1..).zip(&list.words) {
                let bare = FoldedText::of(word).bare();
                let fault = |make: fn(String, usize) -> ListFault| Err(make(list.name.clone(), place));
                match bare.chars().len() {
                    0 => return fault(|list, place| ListFault::Empty { list, place }),
                    1..=WORD_CHARACTERS_MAX => {}
                    _ => return fault(|list, place| ListFault::TooLong { list, place }),
                }
                patterns.push(bare.to_text());
                words.push((list.name.clone(), word.clone()));
            }
        }
        if patterns.len() > WORDS_MAX {
            return Err(ListFault::TooMany);
        }
        let built = AhoCorasick::builder()
            .match_kind(MatchKind::Standard)
            .build(&patterns);
        Ok(Self {
            automaton: built.map_err(|_too_large| ListFault::TooLarge)?,
            words,
        })
    }

    /// Returns every sensitive word in a text, ordered by its end; a word within another one too.
    pub fn find(&self, text: &str) -> Vec<SensitiveWordHit> {
        let bare = FoldedText::of(text).bare();
        let plain = bare.to_text();
        let found = self.automaton.find_overlapping_iter(&plain);
        found
            .filter_map(|found| self.hit(&found, &bare, &plain, text))
            .collect()
    }

    /// Returns the sensitive word that ends first in the text; `None` if there is none.
    pub fn earliest(&self, text: &str) -> Option<SensitiveWordHit> {
        let bare = FoldedText::of(text).bare();
        let plain = bare.to_text();
        let found = self.automaton.find(&plain)?;
        self.hit(&found, &bare, &plain, text)
    }

    /// Returns a watch over the partial texts of a turn, which reports each word once.
    pub fn watch(&self) -> Watch<'_> {
        Watch {
            words: self,
            said: Vec::new(),
        }
    }

    fn hit(
        &self,
        found: &aho_corasick::Match,
        bare: &FoldedText,
        plain: &str,
        text: &str,
    ) -> Option<SensitiveWordHit> {
        let (list, word) = self.words.get(found.pattern().as_usize())?.clone();
        // A word in letters must be a whole word: "ass" is not in "class".
        let beside = |side: Option<char>, edge: Option<char>| {
            side.zip(edge)
                .is_some_and(|(side, edge)| side.is_ascii_alphanumeric() && edge.is_ascii_alphanumeric())
        };
        let count = |bytes: Range<usize>| plain.get(bytes).map_or(0, |part| part.chars().count());
        let start = count(0..found.start());
        let end = start + count(found.start()..found.end());
        let span = bare.bytes(start..end, text);
        let before = text.get(..span.start)?.chars().next_back();
        let behind = text.get(span.end..)?.chars().next();
        let inside = text.get(span.clone())?;
        let is_part = beside(before, inside.chars().next()) || beside(behind, inside.chars().next_back());
        (!is_part).then_some(SensitiveWordHit { list, word, span })
    }
}

/// A watch over the partial texts of one turn after another; each partial text replaces the one before.
#[derive(Debug, Clone)]
pub struct Watch<'w> {
    words: &'w SensitiveWords,
    said: Vec<(String, String)>,
}

impl Watch<'_> {
    /// Returns the first sensitive word of a partial text that no earlier one of the turn had; `None` if
    /// there is none.
    pub fn partial(&mut self, text: &str) -> Option<SensitiveWordHit> {
        let hits = self.words.find(text).into_iter();
        let new = hits.min_by_key(|hit| {
            let known = self
                .said
                .iter()
                .any(|(list, word)| *list == hit.list && *word == hit.word);
            (known, hit.span.end)
        })?;
        let key = (new.list.clone(), new.word.clone());
        if self.said.contains(&key) {
            return None;
        }
        self.said.push(key);
        Some(new)
    }

    /// Ends a turn: a word of the ended turn is reported again in the next one.
    pub fn end_turn(&mut self) {
        self.said.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words() -> SensitiveWords {
        let list = |name: &str, words: &[&str]| WordList {
            name: name.to_owned(),
            words: words.iter().map(|word| (*word).to_owned()).collect(),
        };
        SensitiveWords::of(&[
            list("abuse", &["混蛋", "他妈的", "ass"]),
            list("promise", &["保证收益", "稳赚不赔", "保本"]),
        ])
        .expect("good lists")
    }

    #[test]
    fn a_word_is_found_however_it_is_written() {
        for (said, word) in [
            ("你这个混 蛋！", "混蛋"),
            ("稳赚，不赔的", "稳赚不赔"),
            ("ＡＳＳ", "ass"),
            ("他妈的", "他妈的"),
        ] {
            let found = words().find(said);
            assert_eq!(found.len(), 1, "{said}");
            assert_eq!(found[0].word, word);
        }
        let said = "您好，保证 收益吗";
        let hit = words().earliest(said).expect("a hit");
        assert_eq!(
            (said.get(hit.span.clone()), hit.list.as_str()),
            (Some("保证 收益"), "promise")
        );
        for said in ["", "好的", "class", "混一个蛋"] {
            assert_eq!(words().find(said), [], "{said}");
        }
    }

    #[test]
    fn a_stream_says_a_word_once_and_as_soon_as_it_is_complete() {
        let words = words();
        let mut watch = words.watch();
        let said: Vec<Option<String>> = [
            "你们保",
            "你们保本",
            "你们保本吗",
            "你们保本吗混蛋",
            "你们保本吗混蛋",
        ]
        .iter()
        .map(|partial| watch.partial(partial).map(|hit| hit.word))
        .collect();
        assert_eq!(
            said,
            [None, Some("保本".to_owned()), None, Some("混蛋".to_owned()), None]
        );
        watch.end_turn();
        assert!(watch.partial("混蛋").is_some());
    }

    #[test]
    fn lists_that_cannot_be_used_are_refused_by_name() {
        let of = |words: Vec<String>| {
            SensitiveWords::of(&[WordList {
                name: "one".into(),
                words,
            }])
            .err()
        };
        assert_eq!(
            of(vec!["好".into(), "！".into()]),
            Some(ListFault::Empty {
                list: "one".into(),
                place: 2
            })
        );
        let long = "坏".repeat(WORD_CHARACTERS_MAX + 1);
        assert_eq!(
            of(vec![long]),
            Some(ListFault::TooLong {
                list: "one".into(),
                place: 1
            })
        );
        assert_eq!(of(vec!["坏".into(); WORDS_MAX + 1]), Some(ListFault::TooMany));
        assert_eq!(of(vec![]), None);
    }
}
