//! The sensitive words of a campaign, which end a call as soon as they are heard.

use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Most words of one campaign: a list that people maintain by hand.
pub const SENSITIVE_WORDS_MAX: usize = 1_000;
/// Longest word, in characters: a short phrase.
pub const SENSITIVE_WORD_CHARS_MAX: usize = 64;

/// The sensitive words of a campaign: a call ends when one is heard. Clones share the list. Every word has
/// at least one letter or digit.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(try_from = "Vec<String>", into = "Vec<String>")]
pub struct SensitiveWordList(Arc<[String]>);

/// What is wrong with a list of sensitive words.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SensitiveWordsFault {
    #[error("more than {SENSITIVE_WORDS_MAX} words")]
    TooMany,
    #[error("word {place} has no letter or digit, or more than {SENSITIVE_WORD_CHARS_MAX} characters")]
    Word {
        /// Number of the word in the list, starting at 1.
        place: usize,
    },
}

impl SensitiveWordList {
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn words(&self) -> &[String] {
        &self.0
    }
}

impl TryFrom<Vec<String>> for SensitiveWordList {
    type Error = SensitiveWordsFault;

    fn try_from(words: Vec<String>) -> Result<Self, SensitiveWordsFault> {
        if words.len() > SENSITIVE_WORDS_MAX {
            return Err(SensitiveWordsFault::TooMany);
        }
        let bad = |word: &String| {
            word.chars().count() > SENSITIVE_WORD_CHARS_MAX || !word.chars().any(char::is_alphanumeric)
        };
        match words.iter().position(bad) {
            Some(place) => Err(SensitiveWordsFault::Word { place: place + 1 }),
            None => Ok(Self(words.into())),
        }
    }
}

impl From<SensitiveWordList> for Vec<String> {
    fn from(list: SensitiveWordList) -> Self {
        list.0.to_vec()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_that_could_never_be_heard_is_refused_by_its_place() {
        let list = |words: &[&str]| {
            let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
            SensitiveWordList::try_from(words)
        };
        assert_eq!(list(&["诈骗", "投 诉"]).unwrap().words().len(), 2);
        assert_eq!(
            list(&["诈骗", "，。"]),
            Err(SensitiveWordsFault::Word { place: 2 })
        );
        let long = "长".repeat(SENSITIVE_WORD_CHARS_MAX + 1);
        assert_eq!(list(&[&long]), Err(SensitiveWordsFault::Word { place: 1 }));
        let many = vec!["诈骗".to_owned(); SENSITIVE_WORDS_MAX + 1];
        assert_eq!(
            SensitiveWordList::try_from(many),
            Err(SensitiveWordsFault::TooMany)
        );
    }
}
