//! Finds the day that words mean: 明天, 下周三, 这周日, 月底, 下个月五号, 十二月五号, 2026-12-05.
//!
//! A week begins on Monday (ISO 8601). A day that the words do not fix has a next one, used if the first one
//! is over.

use super::number::{self, digit};
use super::{Granularity, chinese_time::LocalTimeSpan};
use crate::text::FoldedText;
use chrono::{Datelike, Days, Months, NaiveDate, TimeDelta};

/// Words for days with the number of days from today (negative: past).
const DAYS: &[(&str, i64)] = &[
    ("大后天", 3),
    ("大前天", -3),
    ("后天", 2),
    ("前天", -2),
    ("明天", 1),
    ("明儿", 1),
    ("明日", 1),
    ("昨天", -1),
    ("今天", 0),
    ("今儿", 0),
    ("今日", 0),
];

/// Words for a day together with a part of the day.
const SHORT: &[(&str, i64, &str)] = &[
    ("今晚", 0, "晚上"),
    ("明晚", 1, "晚上"),
    ("明早", 1, "早上"),
    ("今早", 0, "早上"),
    ("后晚", 2, "晚上"),
];

const WEEK: &[&str] = &["星期", "礼拜", "周"];

/// A day with the next one that the same words may mean.
#[derive(Debug, Clone, Copy)]
pub(super) struct Day {
    pub(super) date: NaiveDate,
    /// The next such day, if the words do not fix it.
    pub(super) next: Option<NaiveDate>,
}

/// The result of reading a day: a day, a longer stretch of days, or a day that does not exist; with the
/// place where its words end.
pub(super) enum DayReading {
    Day(Day, usize),
    Stretch(LocalTimeSpan),
    NoSuchDay(usize),
}

/// Returns the day, or the stretch of days, with words that begin at `start`; `None` if none begins there.
/// `today`: the day of the call.
pub(super) fn day(text: &FoldedText, start: usize, today: NaiveDate) -> Option<DayReading> {
    let fixed = |date: NaiveDate, end| Some(DayReading::Day(Day { date, next: None }, end));
    if let Some((words, ahead, _)) = SHORT.iter().find(|(words, _, _)| text.starts_with(start, words)) {
        // The part of the day is read from the second character on.
        return fixed(
            today.checked_add_signed(TimeDelta::days(*ahead))?,
            start + words.chars().count() - 1,
        );
    }
    if let Some((words, ahead)) = DAYS.iter().find(|(words, _)| text.starts_with(start, words)) {
        return fixed(
            today.checked_add_signed(TimeDelta::days(*ahead))?,
            start + words.chars().count(),
        );
    }
    week_day(text, start, today)
        .or_else(|| month_part(text, start, today))
        .or_else(|| calendar_day(text, start, today))
}

/// Reads days of the week: 下周三, 下下周, 这周日, 周三, 周末. `None` if none begins at `start`.
fn week_day(text: &FoldedText, start: usize, today: NaiveDate) -> Option<DayReading> {
    let openings: &[(&str, Option<i64>)] = &[
        ("下下个", Some(2)),
        ("下下", Some(2)),
        ("下个", Some(1)),
        ("下", Some(1)),
        ("上个", Some(-1)),
        ("上", Some(-1)),
        ("这个", Some(0)),
        ("这", Some(0)),
        ("本", Some(0)),
        ("", None),
    ];
    let opening = openings.iter().find(|(words, _)| {
        text.starts_with(start, words) && text.one_of(start + words.chars().count(), WEEK).is_some()
    })?;
    let (_, place) = text.one_of(start + opening.0.chars().count(), WEEK)?;
    let monday = today.week(chrono::Weekday::Mon).checked_first_day()?;
    let monday = monday.checked_add_signed(TimeDelta::weeks(opening.1.unwrap_or(0)))?;
    let plus = |days: u64| monday.checked_add_days(Days::new(days));
    let days = |first: u64, last: u64, end_place: usize| -> Option<DayReading> {
        let (start, end) = (
            plus(first)?.and_hms_opt(0, 0, 0)?,
            plus(last + 1)?.and_hms_opt(0, 0, 0)?,
        );
        Some(DayReading::Stretch(LocalTimeSpan {
            start,
            end,
            granularity: Granularity::Week,
            next: None,
            end_place,
        }))
    };
    if text.starts_with(place, "末") {
        return days(5, 6, place + 1);
    }
    let number = match text.at(place) {
        Some('日' | '天') => Some(7),
        Some(found) => digit(found).filter(|day| (1..=6).contains(day)),
        None => None,
    };
    let Some(number) = number else {
        opening.1?;
        return days(0, 6, place);
    };
    // 周三期 is no day; neither is 一周三次.
    if text.at(place + 1).is_some_and(|behind| "期次个".contains(behind)) {
        return None;
    }
    let date = plus(u64::try_from(number - 1).ok()?)?;
    let next = if opening.1.is_none() {
        date.checked_add_days(Days::new(7))
    } else {
        None
    };
    Some(DayReading::Day(Day { date, next }, place + 1))
}

/// Reads months and their parts: 月底, 月初, 这个月底, 下个月, 下个月初, 年底. `None` if none begins at `start`.
fn month_part(text: &FoldedText, start: usize, today: NaiveDate) -> Option<DayReading> {
    let openings = [("下个月", 1), ("下月", 1), ("这个月", 0), ("本月", 0), ("月", 0)];
    let (words, ahead) = openings
        .iter()
        .find(|(words, _)| text.starts_with(start, words))?;
    let place = start + words.chars().count();
    let first = today.with_day(1)?.checked_add_months(Months::new(*ahead))?;
    let following = first.checked_add_months(Months::new(1))?;
    let before_month = start.checked_sub(1).and_then(|before| text.at(before));
    let days = |from: NaiveDate, to: NaiveDate, end_place: usize| -> Option<DayReading> {
        let (start, end) = (from.and_hms_opt(0, 0, 0)?, to.and_hms_opt(0, 0, 0)?);
        Some(DayReading::Stretch(LocalTimeSpan {
            start,
            end,
            granularity: Granularity::Month,
            next: None,
            end_place,
        }))
    };
    match text.at(place) {
        Some('底' | '末') => days(following.checked_sub_days(Days::new(3))?, following, place + 1),
        Some('初') => days(first, first.with_day(6)?, place + 1),
        Some('中') => days(first.with_day(11)?, first.with_day(21)?, place + 1),
        _ if *words == "月" || before_month.is_some_and(|before| digit(before).is_some()) => None,
        _ => match month_day(text, place) {
            Some((number, end)) => Some(match first.with_day(number) {
                Some(date) => DayReading::Day(Day { date, next: None }, end),
                None => DayReading::NoSuchDay(end),
            }),
            None => days(first, following, place),
        },
    }
}

/// Reads a day of the month: a number from 1 to 31 with 号 or 日. Returns it with the place after it.
fn month_day(text: &FoldedText, start: usize) -> Option<(u32, usize)> {
    let number = number::at(text, start)?;
    let day = number.whole().filter(|day| (1..=31).contains(day))?;
    let (_, end) = text.one_of(number.end, &["号", "日"])?;
    Some((u32::try_from(day).ok()?, end))
}

/// Reads calendar days: 2026年12月5日, 十二月五号, 12月5日, 五号, 2026-12-05. `None` if none begins at `start`.
fn calendar_day(text: &FoldedText, start: usize, today: NaiveDate) -> Option<DayReading> {
    let before = start.checked_sub(1).and_then(|before| text.at(before));
    if before.is_some_and(|before| digit(before).is_some() || "十-第".contains(before)) {
        return None;
    }
    let first = number::at(text, start)?;
    let whole = first.whole()?;
    let (year, month_start) = match text.one_of(first.end, &["年", "-"]) {
        Some((_, end)) if (2000..2100).contains(&whole) => (i32::try_from(whole).ok(), end),
        _ => (None, start),
    };
    let month = number::at(text, month_start)?;
    let number = month.whole()?;
    let dash = year.is_some() && text.at(month.end) == Some('-');
    if text.at(month.end) != Some('月') && !dash {
        let (day, end) = month_day(text, start)?;
        let Some(date) = today.with_day(day) else {
            return Some(DayReading::NoSuchDay(end));
        };
        let next = today
            .with_day(1)?
            .checked_add_months(Months::new(1))?
            .with_day(day);
        return Some(DayReading::Day(Day { date, next }, end));
    }
    let month_number = u32::try_from(number)
        .ok()
        .filter(|month| (1..=12).contains(month))?;
    let (day, end) = if dash {
        let day = number::at(text, month.end + 1)?;
        (u32::try_from(day.whole()?).ok()?, day.end)
    } else {
        month_day(text, month.end + 1)?
    };
    let of_year = |year: i32| NaiveDate::from_ymd_opt(year, month_number, day);
    let Some(date) = of_year(year.unwrap_or(today.year())) else {
        return Some(DayReading::NoSuchDay(end));
    };
    let next = if year.is_some() {
        None
    } else {
        of_year(today.year() + 1)
    };
    Some(DayReading::Day(Day { date, next }, end))
}
