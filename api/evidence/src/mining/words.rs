//! Counts words by calls: character sequences in Chinese, words in other scripts.
//!
//! A word that occurs in fewer than three calls is not shown, because it could identify a person. Texts
//! arrive masked; starred parts are not words.

use schemars::JsonSchema;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// Fewest calls in which a word must occur to be shown.
pub(super) const SAID_CALLS_MIN: u64 = 3;

/// Most words shown per group.
const SHOWN_MAX: usize = 40;

/// Longest sequence of Chinese characters that counts as a word.
const RUN_CHARS_MAX: usize = 4;

/// Fewest letters of a word in other scripts.
const LETTERS_MIN: usize = 3;

/// If a longer word occurs in at least this share (per thousand) of the calls with a word it contains, it
/// replaces that word.
const INSIDE_PERMILLE: u64 = 800;

/// Characters that no word begins or ends with: they connect other words or mean nothing alone.
const BETWEEN: &str = "的了吗呢吧啊呀嘛哦嗯哈么我你您他她它们是不没有这那就都也还又在和跟与给让把被要会能可以很太再想说个些一下上去来到得着过嘿喂好对行什怎哪谁为因所但如果请";

/// English words without meaning of their own.
const LITTLE: [&str; 28] = [
    "the", "and", "you", "that", "this", "for", "are", "was", "not", "have", "has", "with", "can", "but",
    "what", "your", "yes", "don", "about", "would", "there", "they", "will", "just", "from", "how", "please",
    "okay",
];

/// Words that show interest in the price.
const PRICE: [&str; 24] = [
    "价格",
    "价钱",
    "多少钱",
    "费用",
    "手续费",
    "利息",
    "利率",
    "年化",
    "太贵",
    "贵了",
    "好贵",
    "不划算",
    "便宜",
    "优惠",
    "打折",
    "减免",
    "免息",
    "降一点",
    "price",
    "cost",
    "fee",
    "expensive",
    "discount",
    "cheaper",
];

/// A keyword and its frequency.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Keyword {
    #[schemars(example = &"手续费")]
    pub word: String,
    /// Number of calls in which it occurs.
    pub calls: u64,
    /// Its calls per thousand calls in which the callee spoke.
    pub share_permille: u64,
}

/// Returns true if a text contains a word about the price.
pub(super) fn is_about_price(text: &str) -> bool {
    let text = text.to_lowercase();
    PRICE.iter().any(|word| text.contains(word))
}

/// The number of calls in which each word occurs.
#[derive(Debug, Default)]
pub(super) struct WordCounts {
    calls: u64,
    by_word: BTreeMap<String, u64>,
}

impl WordCounts {
    /// Counts the words in the utterances of one call, each word once.
    pub(super) fn take(&mut self, texts: &[String]) {
        self.calls += 1;
        let said: BTreeSet<String> = texts.iter().flat_map(|text| words_of(text)).collect();
        for word in said {
            *self.by_word.entry(word).or_default() += 1;
        }
    }

    /// Returns at most `SHOWN_MAX` words, the most frequent first, that occur in at least `SAID_CALLS_MIN`
    /// calls, without those that are mostly parts of longer ones.
    pub(super) fn keywords(&self) -> Vec<Keyword> {
        let often: BTreeMap<&str, u64> = self
            .by_word
            .iter()
            .filter(|(_, calls)| **calls >= SAID_CALLS_MIN)
            .map(|(word, calls)| (word.as_str(), *calls))
            .collect();
        let covers = |longer: (&&str, &u64), word: &str, calls: u64| {
            let (longer, said) = longer;
            longer.len() > word.len()
                && longer.contains(word)
                && said.saturating_mul(1_000) >= calls.saturating_mul(INSIDE_PERMILLE)
        };
        let mut kept: Vec<Keyword> = often
            .iter()
            .filter(|(word, calls)| !often.iter().any(|longer| covers(longer, word, **calls)))
            .map(|(word, calls)| Keyword {
                word: (*word).to_owned(),
                calls: *calls,
                share_permille: (calls * 1_000).checked_div(self.calls).unwrap_or_default(),
            })
            .collect();
        kept.sort_by(|one, other| other.calls.cmp(&one.calls).then(one.word.cmp(&other.word)));
        kept.truncate(SHOWN_MAX);
        kept
    }
}

/// Returns every word of a text: sequences of Chinese characters up to `RUN_CHARS_MAX`, and words in other
/// scripts.
fn words_of(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut run: Vec<char> = Vec::new();
    for next in text.chars().chain([' ']) {
        let belongs = match run.first() {
            None => true,
            Some(first) => is_han(*first) == is_han(next),
        };
        if !belongs || !(is_han(next) || next.is_ascii_alphabetic()) {
            take_run(&run, &mut found);
            run.clear();
        }
        if is_han(next) || next.is_ascii_alphabetic() {
            run.push(next);
        }
    }
    found
}

fn take_run(run: &[char], found: &mut Vec<String>) {
    if run.first().is_some_and(|first| !is_han(*first)) {
        let word = run.iter().collect::<String>().to_lowercase();
        if word.len() >= LETTERS_MIN && !LITTLE.contains(&word.as_str()) {
            found.push(word);
        }
        return;
    }
    for length in 2..=RUN_CHARS_MAX {
        for piece in run.windows(length) {
            let is_content = |of: Option<&char>| of.is_some_and(|of| !BETWEEN.contains(*of));
            if is_content(piece.first()) && is_content(piece.last()) {
                found.push(piece.iter().collect());
            }
        }
    }
}

fn is_han(found: char) -> bool {
    matches!(found, '\u{3400}'..='\u{9fff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(texts: &[&str]) -> Vec<(String, u64)> {
        let mut counted = WordCounts::default();
        for text in texts {
            counted.take(&[(*text).to_owned(), (*text).to_owned()]);
        }
        let keywords = counted.keywords();
        keywords.into_iter().map(|one| (one.word, one.calls)).collect()
    }

    #[test]
    fn a_word_counts_once_a_call_and_the_longer_one_replaces_its_parts() {
        let said = ["手续费太高了", "你们手续费多少", "这个手续费我不要", "课程几点"];
        assert_eq!(counted(&said), [("手续费".to_owned(), 3)]);
    }

    #[test]
    fn words_of_fewer_than_three_calls_are_not_shown() {
        assert_eq!(counted(&["利率太高", "利率高"]), []);
        assert_eq!(
            counted(&["利率太高", "利率高", "这利率"]),
            [("利率".to_owned(), 3)]
        );
    }

    #[test]
    fn other_writing_is_counted_by_words_and_stars_are_none() {
        let said = ["The fees are 138****8000", "what fees", "Fees please"];
        assert_eq!(counted(&said), [("fees".to_owned(), 3)]);
    }

    #[test]
    fn a_part_that_is_said_elsewhere_too_is_counted_beside_the_longer_word() {
        let said = ["师资力量", "师资力量", "师资力量", "师资", "师资", "师资"];
        let keywords = counted(&said);
        assert!(keywords.contains(&("师资".to_owned(), 6)), "{keywords:?}");
        assert!(keywords.contains(&("师资力量".to_owned(), 3)), "{keywords:?}");
    }

    #[test]
    fn questions_about_the_price_are_recognized() {
        assert!(is_about_price("那个手续费是多少啊") && is_about_price("What's the FEE"));
        assert!(!is_about_price("我在开会"));
    }
}
