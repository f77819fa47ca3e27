//! Returns every figure in a text in one form, so that two texts can be compared: whether one of them
//! contains a number or a day that the other does not.
//!
//! It rather finds too many: a figure found wrongly leads to a refusal, a missed one would pass unnoticed.

use super::english::{self, Words};
use super::number::{self, ONE};
use crate::text::FoldedText;
use std::collections::BTreeSet;

/// Words that name a day, or a part of one, without a number.
const DAYS: &[&str] = &[
    "今天",
    "明天",
    "后天",
    "昨天",
    "前天",
    "上午",
    "中午",
    "下午",
    "今晚",
    "明晚",
    "周末",
    "月底",
    "月初",
    "年底",
    "下周",
    "下月",
    "下个月",
    "周日",
    "星期天",
    "today",
    "tomorrow",
    "yesterday",
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
    "weekend",
    "january",
    "february",
    "april",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];
/// Characters after a single digit that make it a number: they are counted by it.
const COUNTED: &str = "期天块元年月次分小周号日时点折倍成万千百十亿笔条项件位名%％岁秒";
/// Characters after 一 that make it a number: elsewhere it is mostly an article.
const ONE_COUNTED: &str = "期天块元年月分周号日时折倍成万千百十亿";
/// Characters before a digit that make it the name of a day or an ordinal number.
const NAMING: &str = "周期拜第初";

/// Returns the figures of a text: numbers as decimals, days by their words.
pub fn figures(text: &str) -> BTreeSet<String> {
    let folded = FoldedText::of(text);
    let mut all = BTreeSet::new();
    let mut place = 0;
    while place < folded.chars().len() {
        let Some(found) = number::at(&folded, place).filter(|found| found.end > place) else {
            place += 1;
            continue;
        };
        if counts(&folded, place, found.end) {
            all.insert(decimal(found.low));
            all.insert(decimal(found.high));
        }
        place = found.end;
    }
    in_english(text, &mut all);
    let lower = folded.to_text().to_lowercase();
    all.extend(
        DAYS.iter()
            .filter(|day| lower.contains(**day))
            .map(|day| (*day).to_owned()),
    );
    all
}

/// Returns true if characters that can be read as a number are one, and not part of a word (统一, 一致).
fn counts(text: &FoldedText, start: usize, end: usize) -> bool {
    let written = (start..end).any(|place| text.at(place).is_some_and(|found| found.is_ascii_digit()));
    if written || end - start > 1 {
        return true;
    }
    let before = start.checked_sub(1).and_then(|place| text.at(place));
    if before.is_some_and(|found| NAMING.contains(found)) {
        return true;
    }
    let is_one = text.at(start) == Some('一');
    let behind = text.at(end);
    if is_one && behind == Some('个') {
        return text.at(end + 1).is_some_and(|found| "月小星季".contains(found));
    }
    let counted = if is_one { ONE_COUNTED } else { COUNTED };
    behind.is_some_and(|found| counted.contains(found) || !is_one && found == '个')
}

/// Adds the numbers in English words. Numbers in digits were found before; "one" alone counts as a pronoun.
fn in_english(text: &str, all: &mut BTreeSet<String>) {
    let words = Words::of(text);
    let mut place = 0;
    while !words.at(place).is_empty() {
        let is_written = words.at(place).contains(|found: char| found.is_ascii_digit());
        let Some((value, end)) = english::number(&words, place) else {
            place += 1;
            continue;
        };
        let is_one = end == place + 1 && value == 1_000 && !is_written;
        let times = english::is_times(words.at(end.saturating_sub(1)));
        if !is_one && (!is_written || times) {
            all.insert(decimal(value.saturating_mul(ONE / 1_000)));
        }
        place = end.max(place + 1);
    }
}

/// Returns a number in millionths as decimal text, without trailing zeros.
fn decimal(millionths: i64) -> String {
    let (whole, part) = (millionths / ONE, (millionths % ONE).abs());
    if part == 0 {
        return whole.to_string();
    }
    format!("{whole}.{part:06}").trim_end_matches('0').to_owned()
}

#[cfg(test)]
mod tests {
    use super::figures;

    fn of(text: &str) -> Vec<String> {
        figures(text).into_iter().collect()
    }

    #[test]
    fn numbers_in_digits_and_words_have_one_form() {
        for (text, found) in [
            ("分三期，每期1,000元", vec!["1000", "3"]),
            ("分3期，每期一千块", vec!["1000", "3"]),
            ("费率0.60%，减免五千元", vec!["0.6", "5000"]),
            ("三月五号下午三点", vec!["3", "5", "下午"]),
            ("周三再打", vec!["3"]),
            ("一个月后", vec!["1"]),
            (
                "in twelve months, two thousand yuan, by Friday",
                vec!["12", "2000", "friday"],
            ),
            ("12 months, 2,000 yuan", vec!["12", "2000"]),
            ("2026-03-02 10:30", vec!["10", "2", "2026", "3", "30"]),
            ("138****8000", vec!["138", "8000"]),
            ("明天", vec!["明天"]),
        ] {
            assert_eq!(of(text), found, "{text}");
        }
    }

    #[test]
    fn words_that_only_look_like_numbers_are_none() {
        for text in [
            "客户统一回复，一致同意，一位同事跟进",
            "A colleague sees to it, one of us.",
        ] {
            assert_eq!(of(text), Vec::<String>::new(), "{text}");
        }
    }
}
