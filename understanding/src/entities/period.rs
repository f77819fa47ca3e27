//! Reads lengths of time and numbers of instalments: 三十六期, 半年, 一年半, 两三个月, 一个半小时, 36期.

use super::number::{self, ONE};
use super::{EntityMatch, Granularity, PeriodUnit, Value};
use crate::text::FoldedText;

/// Words for units of time, longest first, each with the unit in which it is counted and how many of it.
const UNITS: &[(&str, PeriodUnit, i64)] = &[
    ("个小时", PeriodUnit::Minutes, 60),
    ("个钟头", PeriodUnit::Minutes, 60),
    ("小时", PeriodUnit::Minutes, 60),
    ("分钟", PeriodUnit::Minutes, 1),
    ("个星期", PeriodUnit::Days, 7),
    ("个礼拜", PeriodUnit::Days, 7),
    ("周", PeriodUnit::Days, 7),
    ("个工作日", PeriodUnit::Days, 1),
    ("天", PeriodUnit::Days, 1),
    ("个月", PeriodUnit::Months, 1),
    ("年", PeriodUnit::Months, 12),
    ("期", PeriodUnit::Instalments, 1),
];

/// Returns half of a unit, counted in a smaller unit.
fn half(unit: PeriodUnit, each: i64) -> Option<(PeriodUnit, i64)> {
    match (unit, each) {
        (PeriodUnit::Months, 12) => Some((PeriodUnit::Months, 6)),
        (PeriodUnit::Months, _) => Some((PeriodUnit::Days, 15)),
        (PeriodUnit::Minutes, 60) => Some((PeriodUnit::Minutes, 30)),
        _ => None,
    }
}

/// A length of time that was read, in parts from which a time can be computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Period {
    pub(super) unit: PeriodUnit,
    pub(super) low: i64,
    pub(super) high: i64,
    pub(super) is_about: bool,
    pub(super) end: usize,
}

/// Returns the length of time or the number of instalments that begins at `start`; `None` if none begins
/// there.
pub(super) fn at(text: &FoldedText, start: usize) -> Option<EntityMatch> {
    let before = start.checked_sub(1).and_then(|before| text.at(before));
    if before.is_some_and(|before| before == '第' || number::digit(before).is_some()) {
        return None;
    }
    let period = read(text, start)?;
    let value = Value::Period {
        unit: period.unit,
        count_min: period.low,
        count_max: period.high,
    };
    let granularity = match (period.is_about, period.low == period.high) {
        (true, _) => Granularity::About,
        (false, true) => Granularity::Exact,
        (false, false) => Granularity::Span,
    };
    Some(EntityMatch {
        places: start..period.end,
        value,
        granularity,
    })
}

/// Reads a length of time: 半年, 半个月, 半小时, a number with its unit, 一个半月, 一年半. `None` if none begins at
/// `start`.
pub(super) fn read(text: &FoldedText, start: usize) -> Option<Period> {
    if text.at(start) == Some('半') {
        let (unit, each, end) = unit_at(text, start + 1)?;
        let (unit, count) = half(unit, each)?;
        return Some(Period {
            unit,
            low: count,
            high: count,
            is_about: false,
            end,
        });
    }
    let number = number::at(text, start)?;
    if text.starts_with(number.end, "个半") {
        let behind = number.end + 2;
        let (unit, each) = match text.one_of(behind, &["月", "小时", "钟头"])? {
            ("月", _) => (PeriodUnit::Months, 1),
            _ => (PeriodUnit::Minutes, 60),
        };
        let end = text.one_of(behind, &["月", "小时", "钟头"])?.1;
        let (small, count) = half(unit, each)?;
        let whole = if unit == PeriodUnit::Months { 30 } else { each };
        let all = number.whole()?.checked_mul(whole)?.checked_add(count)?;
        return Some(Period {
            unit: small,
            low: all,
            high: all,
            is_about: false,
            end,
        });
    }
    let (unit, each, mut end) = unit_at(text, number.end)?;
    // A year of the calendar is no length.
    if each == 12 && number.low >= 1_000 * ONE {
        return None;
    }
    let scaled = |value: i64| Some(value.checked_mul(each)? / ONE);
    let (mut low, mut high) = (scaled(number.low)?, scaled(number.high)?);
    if text.at(end) == Some('半') && each == 12 {
        (low, high, end) = (low.checked_add(6)?, high.checked_add(6)?, end + 1);
    }
    let about = text.one_of(end, &["左右", "多"]);
    let is_about = number.is_about || about.is_some();
    Some(Period {
        unit,
        low,
        high,
        is_about,
        end: about.map_or(end, |(_, end)| end),
    })
}

fn unit_at(text: &FoldedText, place: usize) -> Option<(PeriodUnit, i64, usize)> {
    let behind = |words: &str| place + words.chars().count();
    let half_month = ("个月", PeriodUnit::Months, 1);
    let found = UNITS
        .iter()
        .chain([&half_month])
        .find(|unit| text.starts_with(place, unit.0))?;
    Some((found.1, found.2, behind(found.0)))
}
