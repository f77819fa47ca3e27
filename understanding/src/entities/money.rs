//! Reads amounts in fen and shares of a whole: 五千块, 三块五, 3,250.50元, 叁仟贰佰伍拾元整, 百分之三点五, 七折.

use super::number::{self, Number, ONE};
use super::{EntityMatch, Granularity, Value};
use crate::text::FoldedText;

/// Millionths of a yuan in a fen.
const FEN: i64 = ONE / 100;

const YUAN: &[&str] = &[
    "元人民币",
    "块钱",
    "块",
    "元整",
    "元正",
    "元",
    "圆整",
    "圆",
    "人民币",
];
const ABOUT_BEFORE: &[&str] = &["大概", "大约", "差不多", "将近", "约"];
const ABOUT_BEHIND: &[&str] = &["左右", "上下", "出头", "多"];
/// Characters after a number that show that it counts something other than money.
const COUNTED: &str = "个次期天年月周号点分小人位笔张岁户%折倍度层楼路名米公";

/// Returns the amount that begins at a place; `None` without one.
pub(super) fn amount_at(text: &FoldedText, start: usize) -> Option<EntityMatch> {
    let about_before = text.one_of(start, ABOUT_BEFORE).map(|(_, end)| end);
    let begin = about_before.unwrap_or(start);
    let sign = text.one_of(begin, &["¥", "rmb", "人民币"]).map(|(_, end)| end);
    let mut begin = sign.unwrap_or(begin);
    while text.at(begin) == Some(' ') && sign.is_some() {
        begin += 1;
    }
    if begin > 0
        && text
            .at(begin - 1)
            .is_some_and(|before| before.is_ascii_digit() || before == '第')
    {
        return None;
    }
    let (number, end, named) = sum_at(text, begin)?;
    let spoken_sum = number.has_unit && !text.at(end).is_some_and(|behind| COUNTED.contains(behind));
    if sign.is_none() && !named && !spoken_sum {
        return None;
    }
    let behind = text.one_of(end, ABOUT_BEHIND).map(|(_, end)| end);
    let is_about = number.is_about || about_before.is_some() || behind.is_some();
    let value = Value::Amount {
        fen_min: number.low / FEN,
        fen_max: number.high / FEN,
    };
    let granularity = if is_about {
        Granularity::About
    } else {
        number.granularity()
    };
    Some(EntityMatch {
        places: start..behind.unwrap_or(end),
        value,
        granularity,
    })
}

/// Reads a sum of money, or a span of two sums: the number in yuan, the place after it, and true if a unit
/// of money was named.
fn sum_at(text: &FoldedText, start: usize) -> Option<(Number, usize, bool)> {
    let first = number::at(text, start)?;
    if let Some(span) = span_from(text, first) {
        return Some(span);
    }
    let (end, named) = unit_behind(text, first.end);
    if !named {
        return in_small(text, start).or(Some((first, first.end, false)));
    }
    let (small, end) = small_behind(text, end);
    let (low, high) = (first.low.checked_add(small)?, first.high.checked_add(small)?);
    Some((
        Number {
            low,
            high,
            end,
            ..first
        },
        end,
        true,
    ))
}

/// Reads the rest of a span from `first` to a second number, which may share its unit with the first: 三到五千,
/// 三千到五千块. `None` if no span follows.
fn span_from(text: &FoldedText, first: Number) -> Option<(Number, usize, bool)> {
    let (_, behind) = text.one_of(first.end, &["到", "至", "-", "~"])?;
    let second = number::at(text, behind)?;
    let (end, named) = unit_behind(text, second.end);
    let shares_unit = first.unit == 1 && second.unit > 1 && first.low < 10 * ONE;
    let low = if shares_unit {
        first.low.checked_mul(second.unit)?
    } else {
        first.low
    };
    let number = Number { low, end, ..second };
    (low < second.high && (named || second.has_unit)).then_some((number, end, named))
}

fn unit_behind(text: &FoldedText, end: usize) -> (usize, bool) {
    text.one_of(end, YUAN)
        .map_or((end, false), |(_, end)| (end, true))
}

/// Reads what follows the yuan: 五 (角 left out), 五角, 五毛三, 五角二分, 零五分. Returns millionths of a yuan, 0 if
/// nothing follows, and the place after it.
fn small_behind(text: &FoldedText, start: usize) -> (i64, usize) {
    let (mut value, mut end, mut place) = (0, start, start);
    if text.at(place) == Some('零') {
        place += 1;
    }
    let jiao = text.at(place).and_then(number::digit);
    let Some(first) = jiao.filter(|_| text.at(start.wrapping_sub(1)) != Some('整')) else {
        return (0, start);
    };
    match text.at(place + 1) {
        Some('角' | '毛') => {
            value += first * 10 * FEN;
            end = place + 2;
            if let Some(fen) = text.at(end).and_then(number::digit) {
                value += fen * FEN;
                end += if text.at(end + 1) == Some('分') { 2 } else { 1 };
            }
        }
        Some('分') if text.at(place + 2) != Some('钟') => {
            value += first * FEN;
            end = place + 2;
        }
        // 三块五; but not 五千块三期.
        behind if behind.is_none_or(|behind| ",. 的吧啊呢".contains(behind)) => {
            value += first * 10 * FEN;
            end = place + 1;
        }
        _ => {}
    }
    (value, end)
}

/// Reads sums without yuan: 五毛, 五角二分, 八分钱. `None` for a plain number.
fn in_small(text: &FoldedText, start: usize) -> Option<(Number, usize, bool)> {
    let first = number::at(text, start)?;
    let worth = match text.one_of(first.end, &["毛钱", "毛", "角", "分钱"])? {
        ("分钱", _) => FEN,
        _ => 10 * FEN,
    };
    let (_, end) = text.one_of(first.end, &["毛钱", "毛", "角", "分钱"])?;
    let number = Number {
        low: first.low / ONE * worth,
        high: first.high / ONE * worth,
        ..first
    };
    Some((number, end, true))
}

/// Returns the share of a whole (percentage, fraction, discount) that begins at `start`; `None` if none
/// begins there.
pub(super) fn share_at(text: &FoldedText, start: usize) -> Option<EntityMatch> {
    let exact = |end: usize, millionths: i64| {
        let value = Value::Share { millionths };
        Some(EntityMatch {
            places: start..end,
            value,
            granularity: Granularity::Exact,
        })
    };
    let of = [("百分之", 100), ("千分之", 1_000), ("万分之", 10_000)];
    for (words, parts) in of {
        if text.starts_with(start, words) {
            let behind = start + words.chars().count();
            if parts == 100 && text.starts_with(behind, "百") {
                return exact(behind + 1, ONE);
            }
            let number = number::at(text, behind)?;
            return exact(number.end, number.low / parts);
        }
    }
    let before = start.checked_sub(1).and_then(|before| text.at(before));
    if before.is_some_and(|before| before.is_ascii_digit() || number::digit(before).is_some()) {
        return None;
    }
    let number = number::at(text, start)?;
    let end = number.end;
    match text.at(end)? {
        '%' => exact(end + 1, number.low / 100),
        '折' => {
            let whole = number.low / ONE;
            // 七折 is 70 %, 八五折 and 85折 are 85 %, 7.5折 is 75 %.
            let parts = if number.low % ONE == 0 && (10..100).contains(&whole) {
                100
            } else {
                10
            };
            exact(end + 1, number.low / parts)
        }
        '成' if number.low <= 10 * ONE => exact(end + 1, number.low / 10),
        '个' if text.starts_with(end, "个点") || text.starts_with(end, "个百分点") => {
            let words = if text.starts_with(end, "个点") { 2 } else { 4 };
            exact(end + words, number.low / 100)
        }
        _ => None,
    }
}
