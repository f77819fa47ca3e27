//! Finds the digits of a text that are masked: long runs, and runs after words that announce a secret or an
//! identity.
//!
//! A run continues over blanks, dashes, pauses, fillers and corrections, as people dictate numbers. Amounts,
//! dates and counts stay if their unit is said. No check digit decides: one misheard digit would leave a card
//! in clear.

use super::announced_secrets::find_announced;
use crate::entities::{english_digit, spoken_digit};
use crate::text::{FoldedText, is_han};
use std::ops::Range;

/// Fewest digits of a run that is masked without an announcing word: the shortest landline without its area
/// code.
const DIGITS_MIN: usize = 7;

/// Fewest digits of a run that is masked even with a unit after it: no amount owed has eleven digits.
const NO_AMOUNT_MIN: usize = 11;

/// Most digits of a count with a unit that stays after an announcing word: 验证码60秒内有效.
pub(super) const COUNT_DIGITS_MAX: usize = 3;

/// Fewest digits before an X that is taken as the check character of an identity number; a misheard number
/// may lack some.
const CHECKED_DIGITS_MIN: usize = 14;

/// Most fillers in a row over which a run of digits continues.
const FILLERS_MAX: usize = 6;

/// Words within a dictated number that are no part of it; the longer one first if one begins another.
const FILLERS: &[&str] = &[
    "不对不对",
    "不对",
    "不是",
    "说错了",
    "错了",
    "等一下",
    "等等",
    "稍等",
    "我看一下",
    "我看看",
    "我想想",
    "我找找",
    "那个",
    "这个",
    "然后是",
    "然后",
    "后面是",
    "后面",
    "接着是",
    "接着",
    "接下来",
    "再来",
    "还有",
    "就是",
    "空格",
    "横杠",
    "对对",
    "嗯",
    "呃",
    "额",
    "啊",
    "哦",
    "喔",
    "唉",
    "诶",
    "哎",
    "呢",
    "吧",
    "再",
    "是",
    "对",
    "杠",
    "no sorry",
    "sorry",
    "hyphen",
    "dash",
    "space",
    "double",
    "triple",
    "then",
    "and",
    "uhm",
    "um",
    "uh",
    "er",
    "no",
];

/// Words after an amount, a date or a count.
const UNITS: &[&str] = &[
    "元",
    "块",
    "圆",
    "万",
    "亿",
    "千",
    "百",
    "角",
    "美元",
    "美金",
    "港币",
    "欧元",
    "人民币",
    "rmb",
    "yuan",
    "dollar",
    "euro",
    "%",
    "年",
    "月",
    "日",
    "号楼",
    "天",
    "期",
    "个",
    "次",
    "位",
    "张",
    "秒",
    "分",
    "小时",
    "点",
    "岁",
    "人",
    "公里",
    "days",
    "months",
    "years",
    "hours",
    "minutes",
    "seconds",
    "times",
    "digits",
];

/// Words before an amount.
const CURRENCIES: &[&str] = &["¥", "$", "£", "€", "人民币", "rmb "];

/// A run of digits as it was dictated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct DictatedRun {
    /// The characters of each digit.
    pub(super) places: Vec<Range<usize>>,
    /// True if only separators of one written number are between its digits.
    pub(super) is_one_number: bool,
}

impl DictatedRun {
    pub(super) fn start(&self) -> usize {
        self.places.first().map_or(0, |first| first.start)
    }
    pub(super) fn end(&self) -> usize {
        self.places.last().map_or(0, |last| last.end)
    }
}

/// Returns the places to mask: long runs of digits, and what announcing words announce.
pub(super) fn masked_places(text: &FoldedText) -> Vec<Vec<Range<usize>>> {
    let runs = dictated_runs(text);
    let long = runs.iter().filter(|run| is_long(text, run));
    let mut masked: Vec<Vec<Range<usize>>> = long.map(|run| run.places.clone()).collect();
    masked.extend(find_announced(text, &runs));
    masked
}

fn is_long(text: &FoldedText, run: &DictatedRun) -> bool {
    let digits = run.places.len();
    digits >= NO_AMOUNT_MIN || (digits >= DIGITS_MIN && !(run.is_one_number && has_unit(text, run)))
}

pub(super) fn has_unit(text: &FoldedText, run: &DictatedRun) -> bool {
    let after = without_blanks(text, run.end());
    if text.one_of(after, UNITS).is_some() {
        return true;
    }
    CURRENCIES.iter().any(|words| {
        let start = run.start().checked_sub(words.chars().count());
        start.is_some_and(|start| text.starts_with(start, words))
    })
}

/// Returns all dictated runs of digits in a text, in order; dates are left out.
pub(super) fn dictated_runs(text: &FoldedText) -> Vec<DictatedRun> {
    let (mut all, mut place) = (Vec::new(), 0);
    while place < text.chars().len() {
        if let Some(end) = date_end(text, place) {
            place = end;
            continue;
        }
        let Some(first) = digit_at(text, place) else {
            place += 1;
            continue;
        };
        let mut run = DictatedRun {
            places: Vec::new(),
            is_one_number: true,
        };
        run.places.push(place..first);
        place = first;
        while let Some((start, is_one_number)) = next_digit(text, place, run.places.len()) {
            run.is_one_number &= is_one_number;
            let end = digit_at(text, start).unwrap_or(start + 1);
            run.places.push(start..end);
            place = end;
        }
        all.push(run);
    }
    all
}

/// Returns the end of the digit that begins here: one character or an English word. `None` if none begins
/// here.
fn digit_at(text: &FoldedText, place: usize) -> Option<usize> {
    let is_digit = text.at(place).and_then(spoken_digit).is_some();
    if is_digit {
        return Some(place + 1);
    }
    english_digit(text, place).map(|(_, end)| end)
}

/// Returns where the next digit of a run begins, and true if it belongs to the same written number. `None`
/// if the run ends.
fn next_digit(text: &FoldedText, place: usize, digits_before: usize) -> Option<(usize, bool)> {
    // The check character of an identity number.
    let check = without_separators(text, place);
    let ends = !text.at(check + 1).is_some_and(char::is_alphanumeric);
    if digits_before >= CHECKED_DIGITS_MIN && text.at(check) == Some('x') && ends {
        return Some((check, true));
    }
    if date_end(text, place).is_none() && digit_at(text, place).is_some() {
        return Some((place, true));
    }
    let is_inner = matches!(text.at(place), Some(',' | '.')) && digit_at(text, place + 1).is_some();
    if is_inner && text.at(place + 1).is_some_and(|found| found.is_ascii_digit()) {
        return Some((place + 1, true));
    }
    let mut at = place;
    for _ in 0..FILLERS_MAX {
        at = without_separators(text, at);
        if date_end(text, at).is_some() {
            return None;
        }
        if digit_at(text, at).is_some() {
            return (!is_count(text, at)).then_some((at, false));
        }
        at = text.one_of(at, FILLERS)?.1;
    }
    None
}

/// Returns true if a few digits that begin here count something (三期): they do not continue the number
/// before.
fn is_count(text: &FoldedText, start: usize) -> bool {
    let mut end = start;
    while let Some(next) = digit_at(text, end) {
        end = next;
    }
    end - start <= COUNT_DIGITS_MAX && text.one_of(without_blanks(text, end), UNITS).is_some()
}

/// Returns the end of a date in digits that begins here (2026-03-15, 2026/3/15); `None` if none begins
/// here.
fn date_end(text: &FoldedText, place: usize) -> Option<usize> {
    let is_digit = |place: usize| text.at(place).is_some_and(|found| found.is_ascii_digit());
    if place.checked_sub(1).is_some_and(is_digit) {
        return None;
    }
    let number = |start: usize, most: usize| {
        let length = (start..start + most).take_while(|place| is_digit(*place)).count();
        let digits: String = text.chars().get(start..start + length)?.iter().collect();
        Some((digits.parse::<u32>().ok()?, start + length))
    };
    let (year, year_end) = number(place, 4)?;
    let separator = text
        .at(year_end)
        .filter(|found| matches!(found, '-' | '/' | '.'))?;
    let (month, month_end) = number(year_end + 1, 2)?;
    if text.at(month_end) != Some(separator) {
        return None;
    }
    let (day, end) = number(month_end + 1, 2)?;
    let is_date = (1900..2100).contains(&year) && (1..=12).contains(&month) && (1..=31).contains(&day);
    let goes_on = is_digit(end) || (text.at(end) == Some(separator) && is_digit(end + 1));
    (is_date && !goes_on).then_some(end)
}

pub(super) fn without_blanks(text: &FoldedText, place: usize) -> usize {
    (place..)
        .find(|place| text.at(*place) != Some(' '))
        .unwrap_or(place)
}

/// Returns the place after blanks, dashes, brackets, and pauses that a recognizer writes as punctuation. A
/// star is no separator: the digits on its two sides are not joined.
fn without_separators(text: &FoldedText, place: usize) -> usize {
    let parts =
        |found: char| !found.is_alphanumeric() && !is_han(found) && !matches!(found, ':' | '%' | '@' | '*');
    (place..)
        .find(|place| !text.at(*place).is_some_and(parts))
        .unwrap_or(place)
}
