//! Transcripts without what identifies a person: phones, cards, identity numbers, names; digit or spoken.
//!
//! A phone keeps its first three and last four digits, a card its last four, an identity number the first
//! three and last four. A number that is none of them by its check stays: it is an order's. Numbers are
//! masked before a transcript is stored or shown to a program outside.

use crate::entities::{Run, Value, runs};
use crate::text::{Folded, is_han};
use std::ops::Range;

/// Family names of one character, by far the most of them (the hundred most frequent, and some more).
const FAMILY: &str = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾\
丁魏薛叶阎余潘杜戴夏钟汪田任姜范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段雷钱汤尹黎易常武乔贺赖龚文\
欧阳司徒诸葛上官";

/// What a name is told after.
const TOLD_AFTER: &[&str] = &[
    "我的名字叫",
    "我的名字是",
    "名字叫",
    "我叫",
    "我姓",
    "本人姓",
    "免贵姓",
    "姓名是",
    "my name is",
    "my name's",
];

/// A masked text, and what was masked in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Masked {
    /// With stars.
    pub text: String,
    /// How many numbers and names were masked.
    pub masked_count: usize,
}

/// Masks a text.
pub fn mask(text: &str) -> Masked {
    let folded = Folded::of(text);
    let mut hidden: Vec<usize> = Vec::new();
    let mut masked_count = 0;
    for run in runs(&folded) {
        for (range, value) in crate::entities::named(&run) {
            hidden.extend(places(&run, range, &value));
            masked_count += 1;
        }
    }
    for name in told_names(&folded) {
        hidden.extend(name);
        masked_count += 1;
    }
    let star = |(place, found): (usize, char)| if hidden.contains(&place) { '*' } else { found };
    Masked {
        text: text.chars().enumerate().map(star).collect(),
        masked_count,
    }
}

/// The characters of each name that is told.
pub(crate) fn told_names(text: &Folded) -> impl Iterator<Item = Range<usize>> + '_ {
    (0..text.chars().len()).filter_map(|place| name_at(text, place))
}

/// The places to hide of a number; a group that was taken back is in none, and hidden whole.
fn places(run: &Run, range: Range<usize>, value: &Value) -> Vec<usize> {
    let (first, last) = match value {
        Value::BankCard(_) => (0, 4),
        _ => (3, 4),
    };
    let inner = range.start + first..range.end.saturating_sub(last).max(range.start);
    let inner = run.places.get(inner).unwrap_or_default();
    inner.iter().chain(&run.taken_back).cloned().flatten().collect()
}

/// The characters of a name told at a place.
fn name_at(text: &Folded, place: usize) -> Option<Range<usize>> {
    let (words, mut start) = text.one_of(place, TOLD_AFTER)?;
    while text.at(start) == Some(' ') || text.at(start) == Some(':') {
        start += 1;
    }
    if words.is_ascii() {
        let is_letter = |place: &usize| {
            text.at(*place)
                .is_some_and(|found| found.is_alphabetic() || found == ' ')
        };
        let length = (start..).take_while(is_letter).count();
        let words = text
            .chars()
            .get(start..start + length)?
            .split(|found| *found == ' ');
        let two: usize = words.take(2).map(|word| word.len() + 1).sum();
        return (length > 0).then_some(start..start + two.saturating_sub(1).min(length));
    }
    let first = text.at(start)?;
    let is_family = FAMILY.contains(first);
    if !is_family && (!words.ends_with('姓') || !is_han(first)) {
        return None;
    }
    let stops = "的吗呢吧啊了是在，。不我你他要想有说也就还这那先女";
    let length = (start + 1..start + 4)
        .take_while(|place| {
            text.at(*place)
                .is_some_and(|found| is_han(found) && !stops.contains(found))
        })
        .count();
    let most = if text.one_of(start, &["欧阳", "司徒", "诸葛", "上官"]).is_some() {
        3
    } else {
        2
    };
    let given = if words.ends_with('姓') {
        0
    } else {
        length.min(most)
    };
    Some(start..start + 1 + given)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_names_are_masked_in_digits_and_words() {
        for (said, wanted) in [
            ("我的电话是13800138000", "我的电话是138****8000"),
            ("138 0013 8000", "138 **** 8000"),
            (
                "one three eight oh oh one three eight zero zero zero",
                "one three eight ** ** *** ***** eight zero zero zero",
            ),
            ("幺三八零零幺三八零零零", "幺三八****八零零零"),
            ("卡号4111 1111 1111 1111", "卡号**** **** **** 1111"),
            ("四一一一一一一一一一一一一一一一", "************一一一一"),
            ("身份证11010519491231002X", "身份证110***********002X"),
            ("我叫张小明，想办分期", "我叫***，想办分期"),
            ("我姓李", "我姓*"),
            ("my name is John Smith", "my name is **********"),
            ("138 0013 8009 不对 是 8000", "138 **** **** 不对 是 8000"),
        ] {
            assert_eq!(mask(said).text, wanted, "{said}");
        }
    }

    #[test]
    fn what_fails_its_check_and_what_is_no_name_stays() {
        for said in [
            "订单号4111111111111112",
            "订单20261122123456789012",
            "编号110105194912310021",
            "我叫你别打了",
            "分十二期",
            "五千块",
            "我不姓王",
            "",
        ] {
            let masked = mask(said);
            assert_eq!((masked.text.as_str(), masked.masked_count), (said, 0));
        }
    }

    #[test]
    fn a_thousand_numbers_are_masked_in_both_forms_and_orders_are_not() {
        let spoken = |digits: &str| -> String {
            digits
                .chars()
                .map(|digit| "零幺二三四五六七八九".chars().nth(digit as usize - 48).unwrap())
                .collect()
        };
        let mut cards = 0;
        for number in 0..1_000_u64 {
            let phone = format!("13800138{number:03}");
            assert!(!mask(&format!("打{phone}吧")).text.contains(&phone));
            let masked = mask(&spoken(&phone));
            assert_eq!(masked.masked_count, 1, "{phone}");
            let digits = format!("622202{:010}", number * 7_919);
            let is_card = crate::entities::is_bank_card(&digits);
            for text in [digits.clone(), spoken(&digits)] {
                assert_eq!(mask(&text).masked_count, usize::from(is_card), "{text}");
            }
            cards += usize::from(is_card);
        }
        assert!(
            (50..200).contains(&cards),
            "{cards} of a thousand pass Luhn's check"
        );
    }
}
