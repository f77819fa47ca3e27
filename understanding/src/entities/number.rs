//! Reads numbers in Chinese, in characters, in digits, or in both: 三千二, 一万零五十, 3千, 十来万.
//!
//! Values are millionths, so that 三点五 is exact. A trailing digit counts in the next lower unit (三千二 is 3,200)
//! unless 零 comes before it. Two digits before a unit are a span (三五千).

use super::{EntityMatch, Granularity, Value};
use crate::text::FoldedText;

/// The number one in millionths, the unit of all values here.
pub(crate) const ONE: i64 = 1_000_000;

/// A number that was read, as a range in millionths; a single number has equal ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Number {
    pub(crate) low: i64,
    pub(crate) high: i64,
    pub(crate) is_about: bool,
    /// True if it contains a unit of 百 or higher: then it is a quantity, not a row of digits.
    pub(crate) has_unit: bool,
    /// The last unit; a number before it may be meant in it too (三到五千).
    pub(crate) unit: i64,
    pub(crate) end: usize,
}

impl Number {
    pub(crate) fn granularity(&self) -> Granularity {
        match (self.is_about, self.low == self.high) {
            (true, _) => Granularity::About,
            (false, true) => Granularity::Exact,
            (false, false) => Granularity::Span,
        }
    }

    /// Returns the number if it is a single integer; `None` for a range or a fraction.
    pub(crate) fn whole(&self) -> Option<i64> {
        (self.low == self.high && self.low % ONE == 0).then_some(self.low / ONE)
    }
}

/// Returns the digit that a Chinese or ASCII character means; `None` for other characters.
pub(crate) fn digit(found: char) -> Option<i64> {
    Some(match found {
        '0'..='9' => i64::from(u32::from(found) - u32::from('0')),
        '零' | '〇' => 0,
        '一' | '壹' | '幺' => 1,
        '二' | '贰' | '两' | '貳' => 2,
        '三' | '叁' => 3,
        '四' | '肆' => 4,
        '五' | '伍' => 5,
        '六' | '陆' => 6,
        '七' | '柒' => 7,
        '八' | '捌' => 8,
        '九' | '玖' => 9,
        _ => return None,
    })
}

fn unit(found: char) -> Option<i64> {
    Some(match found {
        '十' | '拾' => 10,
        '百' | '佰' => 100,
        '千' | '仟' => 1_000,
        '万' | '萬' => 10_000,
        '亿' | '億' => 100_000_000,
        _ => return None,
    })
}

/// The sum of the parts of a number that were read so far; each with its low and high end.
#[derive(Default)]
struct Sum {
    total: (i64, i64),
    section: (i64, i64),
    waiting: Option<(i64, i64)>,
    last_unit: i64,
    unit_named: i64,
    after_zero: bool,
    is_about: bool,
}

impl Sum {
    fn take_unit(&mut self, unit: i64) -> Option<()> {
        let (low, high) = match self.waiting.take() {
            Some(waiting) => waiting,
            None if unit == 10 || unit >= 10_000 && self.section.0 > 0 => (0, 0),
            None => return None,
        };
        self.last_unit = unit;
        self.unit_named = self.unit_named.max(unit);
        self.after_zero = false;
        if unit < 10_000 {
            let (low, high) = if high == 0 { (ONE, ONE) } else { (low, high) };
            self.section.0 = self.section.0.checked_add(low.checked_mul(unit)?)?;
            self.section.1 = self.section.1.checked_add(high.checked_mul(unit)?)?;
            return Some(());
        }
        let whole = |total: i64, section: i64, last: i64| -> Option<i64> {
            let below = section.checked_add(last)?;
            if unit > 10_000 {
                total.checked_add(below)?.checked_mul(unit)
            } else {
                total.checked_add(below.checked_mul(unit)?)
            }
        };
        self.total = (
            whole(self.total.0, self.section.0, low)?,
            whole(self.total.1, self.section.1, high)?,
        );
        self.section = (0, 0);
        Some(())
    }

    fn finish(mut self, end: usize) -> Option<Number> {
        if let Some((low, high)) = self.waiting.take() {
            let small = low < 10 * ONE && low == high && low % ONE == 0;
            let lower = if self.last_unit >= 100 && !self.after_zero && small {
                self.last_unit / 10
            } else {
                1
            };
            self.section.0 = self.section.0.checked_add(low.checked_mul(lower)?)?;
            self.section.1 = self.section.1.checked_add(high.checked_mul(lower)?)?;
        }
        Some(Number {
            low: self.total.0.checked_add(self.section.0)?,
            high: self.total.1.checked_add(self.section.1)?,
            is_about: self.is_about,
            has_unit: self.unit_named >= 100,
            unit: self.last_unit.max(1),
            end,
        })
    }
}

/// Returns the longest number that begins at a place, with the place after it; `None` if none begins there.
pub(crate) fn at(text: &FoldedText, start: usize) -> Option<Number> {
    let mut sum = Sum::default();
    let mut place = start;
    let mut read = false;
    while let Some(found) = text.at(place) {
        if found.is_ascii_digit() && sum.waiting.is_none() {
            let (value, end) = written(text, place)?;
            sum.waiting = Some((value, value));
            place = end;
        } else if found == '零' && sum.last_unit > 0 && sum.waiting.is_none() {
            sum.after_zero = true;
            place += 1;
            continue;
        } else if let Some(value) = digit(found).filter(|_| sum.waiting.is_none() && found != '幺') {
            let (value, end) = spoken(text, place, value)?;
            sum.waiting = Some(value);
            place = end;
        } else if found == '几' && sum.waiting.is_none() && text.at(place + 1).is_some_and(is_counted) {
            let least = if sum.last_unit == 10 { ONE } else { 2 * ONE };
            sum.waiting = Some((least, 9 * ONE));
            place += 1;
        } else if let Some(unit) = unit(found).filter(|unit| fits(*unit, &sum)) {
            let Some(()) = sum.take_unit(unit) else {
                break;
            };
            place += 1;
        } else if matches!(found, '来' | '多') && sum.last_unit > 0 && sum.waiting.is_none() {
            sum.is_about = true;
            place += 1;
        } else {
            break;
        }
        read = true;
    }
    if !read {
        return None;
    }
    sum.finish(place)
}

/// Returns true if a unit may follow here: after a digit, or 十 and 万 in their places.
fn fits(unit: i64, sum: &Sum) -> bool {
    sum.waiting.is_some() || unit == 10 && sum.section.0 == 0 || unit >= 10_000 && sum.section.0 > 0
}

fn is_counted(found: char) -> bool {
    unit(found).is_some() || "个期天块元年月次分小周".contains(found)
}

/// Reads written digits, also with commas of thousands and a fraction: 2,000.50. Returns millionths and the
/// place after it.
fn written(text: &FoldedText, start: usize) -> Option<(i64, usize)> {
    let (mut value, mut place) = (0_i64, start);
    let is_digit = |place: usize| text.at(place).is_some_and(|found| found.is_ascii_digit());
    while let Some(found) = text.at(place) {
        let comma = found == ',' && (1..=3).all(|ahead| is_digit(place + ahead)) && !is_digit(place + 4);
        if comma {
            place += 1;
        } else if found.is_ascii_digit() {
            value = value.checked_mul(10)?.checked_add(digit(found)?)?;
            place += 1;
        } else {
            break;
        }
    }
    let mut value = value.checked_mul(ONE)?;
    if text.at(place) == Some('.') && is_digit(place + 1) {
        let mut worth = ONE / 10;
        place += 1;
        while let Some(found) = text.at(place).filter(char::is_ascii_digit) {
            value = value.checked_add(digit(found)? * worth)?;
            worth /= 10;
            place += 1;
        }
    }
    Some((value, place))
}

/// Reads spoken digits: one digit, a span before a unit (三五千), a row as in a year or code (二零二六), a
/// fraction (三点五). Returns the range in millionths and the place after it.
fn spoken(text: &FoldedText, start: usize, first: i64) -> Option<((i64, i64), usize)> {
    let next = text.at(start + 1).and_then(digit);
    let unit_behind = text
        .at(start + 2)
        .is_some_and(|found| unit(found).is_some() || is_counted(found));
    if let Some(second) =
        next.filter(|second| first > 0 && *second > first && second - first <= 2 && unit_behind)
    {
        let is_row = text.at(start + 2).and_then(unit).is_none() && first == 1;
        if !is_row {
            return Some(((first * ONE, second * ONE), start + 2));
        }
    }
    let (mut value, mut place) = (first, start + 1);
    while let Some(next) = text
        .at(place)
        .filter(|found| !found.is_ascii_digit())
        .and_then(digit)
    {
        value = value.checked_mul(10)?.checked_add(next)?;
        place += 1;
    }
    let mut value = value.checked_mul(ONE)?;
    if text.at(place) == Some('点') && text.at(place + 1).and_then(digit).is_some() {
        let mut worth = ONE / 10;
        place += 1;
        while let Some(next) = text.at(place).and_then(digit) {
            value = value.checked_add(next * worth)?;
            worth /= 10;
            place += 1;
        }
    }
    Some(((value, value), place))
}

/// Returns the number at a place as an entity by itself; `None` if there is none or it is part of a word.
pub(super) fn entity_at(text: &FoldedText, start: usize) -> Option<EntityMatch> {
    let before = start.checked_sub(1).and_then(|before| text.at(before));
    // "一下", "万一", "三星" and the like: a lone spoken digit is a number only before a measure word or an end.
    let found = at(text, start)?;
    let behind = text.at(found.end);
    let is_lone = found.end == start + 1 && !text.at(start).is_some_and(|each| each.is_ascii_digit());
    let counts = behind.is_none_or(|behind| "个次笔张人位,. ".contains(behind));
    let in_word = before.is_some_and(char::is_alphabetic) && is_lone && !"是第要办分".contains(before?);
    if is_lone && (!counts || in_word) || before.is_some_and(|before| before.is_ascii_alphabetic()) {
        return None;
    }
    let value = Value::Number {
        thousandths_min: found.low / 1_000,
        thousandths_max: found.high / 1_000,
    };
    Some(EntityMatch {
        places: start..found.end,
        value,
        granularity: found.granularity(),
    })
}
