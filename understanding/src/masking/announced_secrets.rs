//! Finds what words like 卡号, 验证码 and 密码 announce: numbers of any length, and words in letters.

use super::numbers::{COUNT_DIGITS_MAX, DictatedRun, has_unit, without_blanks};
use crate::text::FoldedText;
use std::ops::Range;

/// Shortest run of digits that is masked after an announcing word; shorter ones stay.
const ANNOUNCED_DIGITS_MIN: usize = 2;

/// Shortest announced word, for example a chat account, that is masked, in characters.
const ANNOUNCED_WORD_MIN: usize = 3;

/// Most characters between an announcing word (or a number masked after it) and the run that it announces.
const REACH: usize = 16;

/// Words that announce a secret number or word.
const ANNOUNCING: &[&str] = &[
    "卡号",
    "身份证",
    "验证码",
    "校验码",
    "动态码",
    "安全码",
    "密码",
    "口令",
    "护照",
    "微信",
    "账号",
    "帐号",
    "qq",
    "card number",
    "account number",
    "id number",
    "identity number",
    "verification code",
    "security code",
    "passcode",
    "password",
    "passport",
    "wechat",
    "cvv",
    "pin code",
    "pin is",
];

/// Announcing words after which a word without a digit may be the secret.
const ANNOUNCING_WORDS: &[&str] = &[
    "密码", "口令", "微信", "账号", "帐号", "password", "passcode", "wechat",
];

/// English words between an announcing word and the announced one.
const INTRODUCTIONS: &[&str] = &["is", "was", "number", "no", "id", "should", "be", "it", "s"];

/// Returns the characters of everything that is announced.
pub(super) fn find_announced(text: &FoldedText, runs: &[DictatedRun]) -> Vec<Vec<Range<usize>>> {
    let mut masked = Vec::new();
    for place in 0..text.chars().len() {
        if let Some((words, end)) = text.one_of(place, ANNOUNCING) {
            masked.extend(announced_by(text, runs, words, end));
        }
    }
    masked
}

/// Returns the places that an announcing word, which ends at `end`, announces: runs of digits, and words in
/// letters.
fn announced_by(text: &FoldedText, runs: &[DictatedRun], words: &str, end: usize) -> Vec<Vec<Range<usize>>> {
    let (mut masked, mut reaches) = (Vec::new(), end + REACH);
    for run in runs.iter().filter(|run| run.start() >= end) {
        if run.start() > reaches {
            break;
        }
        if is_rest_of_masked(text, run) {
            continue;
        }
        let is_count = run.places.len() <= COUNT_DIGITS_MAX;
        let is_amount = (is_count || run.is_one_number) && has_unit(text, run);
        if run.places.len() >= ANNOUNCED_DIGITS_MIN && !is_amount {
            reaches = run.end() + REACH;
            masked.push(run.places.clone());
        }
    }
    let may_be_letters = ANNOUNCING_WORDS.contains(&words);
    masked.extend(announced_word(text, end, may_be_letters).map(|word| vec![word]));
    masked
}

/// Returns true if the digits adjoin a star: they are the readable end of a number that is masked already.
fn is_rest_of_masked(text: &FoldedText, run: &DictatedRun) -> bool {
    let before = (0..run.start())
        .rev()
        .find_map(|place| text.at(place).filter(|found| *found != ' '));
    let after = text.at(without_blanks(text, run.end()));
    before == Some('*') || after == Some('*')
}

/// Returns the first word in letters and digits after an announcing word; `None` if there is none in reach.
/// A word without digits must be introduced (是, 号, 叫, a colon) or `may_be_letters` set.
fn announced_word(text: &FoldedText, end: usize, may_be_letters: bool) -> Option<Range<usize>> {
    let is_of_word = |place: usize| {
        text.at(place)
            .is_some_and(|found| found.is_ascii_alphanumeric() || matches!(found, '_' | '-'))
    };
    let (mut from, mut is_introduced) = (end, false);
    let (start, length) = loop {
        let start = (from..end + REACH).find(|place| is_of_word(*place))?;
        let length = (start..).take_while(|place| is_of_word(*place)).count();
        is_introduced |= (from..start).any(|place| matches!(text.at(place), Some('是' | '号' | ':' | '叫')));
        let word: String = text.chars().get(start..start + length)?.iter().collect();
        if !INTRODUCTIONS.contains(&word.as_str()) {
            break (start, length);
        }
        is_introduced = true;
        from = start + length;
    };
    let has = |wanted: fn(&char) -> bool| {
        (start..start + length).any(|place| text.at(place).as_ref().is_some_and(wanted))
    };
    let has_letters = has(char::is_ascii_alphabetic);
    let counts = has(char::is_ascii_digit) || (may_be_letters && is_introduced);
    (has_letters && counts && length >= ANNOUNCED_WORD_MIN).then_some(start..start + length)
}
