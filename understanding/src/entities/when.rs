//! Days and times of day as they are spoken in Chinese, reckoned from the call's own moment and zone.
//!
//! A week begins on Monday (ISO 8601): 下周三 is the Wednesday of the next one. Without a part of the day
//! the hours from one to seven are afternoon, when people are called. A time that is over rolls on to the
//! next one where that is what people mean (八点, 五号, 周三); where a day was named it stays past.

use super::number::{self, digit};
use super::period::{self, Period};
use super::{CallMoment, Found, Granularity, PeriodUnit, Unknown, Value};
use crate::text::Folded;
use chrono::{DateTime, Datelike, Days, Months, NaiveDate, NaiveDateTime, TimeDelta};

/// Words for days from today.
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

/// A part of the day in one word with its day.
const SHORT: &[(&str, i64, &str)] =
    &[("今晚", 0, "晚上"), ("明晚", 1, "晚上"), ("明早", 1, "早上"), ("今早", 0, "早上"), ("后晚", 2, "晚上")];

/// Parts of the day and their hours.
const PARTS: &[(&str, u32, u32)] = &[
    ("凌晨", 0, 6),
    ("早上", 6, 9),
    ("早晨", 6, 9),
    ("清晨", 6, 9),
    ("上午", 8, 12),
    ("中午", 11, 13),
    ("下午", 12, 18),
    ("傍晚", 17, 19),
    ("晚上", 18, 24),
    ("夜里", 20, 24),
];

const WEEK: &[&str] = &["星期", "礼拜", "周"];
const AFTER: &[&str] = &["以后", "之后", "过后", "往后", "后"];
const BEFORE: &[&str] = &["以前", "之前", "前"];

/// A stretch of local time that was named.
#[derive(Debug, Clone, Copy)]
struct Stretch {
    start: NaiveDateTime,
    end: NaiveDateTime,
    granularity: Granularity,
    /// What a past one rolls on to, if that is meant.
    next: Option<(NaiveDateTime, NaiveDateTime)>,
    end_place: usize,
}

/// The time that begins at a place.
pub(super) fn at(text: &Folded, start: usize, moment: CallMoment) -> Option<Found> {
    if let Some(found) = lunar(text, start) {
        return Some(found);
    }
    let now = DateTime::from_timestamp_millis(moment.at_ms)?.naive_utc();
    let now = now.checked_add_signed(TimeDelta::minutes(i64::from(moment.zone_minutes)))?;
    if let Some(found) = from_now(text, start, now) {
        return Some(found.into_found(start, moment));
    }
    let (day, place) = match day(text, start, now.date()) {
        Some(Named::Day(day, end)) => (Some(day), end),
        Some(Named::Stretch(stretch)) => {
            return Some(Reckoned::closed(stretch, now).with_sides(text).into_found(start, moment));
        }
        Some(Named::NoSuchDay(end)) => {
            let value = Value::Unknown(Unknown::NoSuchDay);
            return Some(Found { places: start..end, value, granularity: Granularity::Day });
        }
        None => (None, start),
    };
    let stretch = within_day(text, place, day, now).or_else(|| day.map(|day| whole_day(day, place)))?;
    Some(Reckoned::closed(stretch, now).with_sides(text).into_found(start, moment))
}

/// 初十 and the like: which month it is of was not said.
fn lunar(text: &Folded, start: usize) -> Option<Found> {
    let (_, behind) = text.one_of(start, &["大年初", "正月初", "农历", "腊月", "初"])?;
    let end = (behind..text.chars().len().min(behind + 4))
        .take_while(|place| text.at(*place).is_some_and(|found| "初一二三四五六七八九十廿正腊月".contains(found)))
        .last()?;
    let value = Value::Unknown(Unknown::LunarDay);
    Some(Found { places: start..end + 1, value, granularity: Granularity::Day })
}

/// A stretch with its sides: closed, or open on one of them.
struct Reckoned {
    start: Option<NaiveDateTime>,
    end: Option<NaiveDateTime>,
    is_past: bool,
    granularity: Granularity,
    end_place: usize,
}

impl Reckoned {
    fn closed(stretch: Stretch, now: NaiveDateTime) -> Self {
        let is_over = stretch.end <= now;
        let (start, end) = match stretch.next.filter(|_| is_over) {
            Some(next) => next,
            None => (stretch.start, stretch.end),
        };
        Self {
            start: Some(start),
            end: Some(end),
            is_past: end <= now,
            granularity: stretch.granularity,
            end_place: stretch.end_place,
        }
    }

    /// 以后 leaves the end open, 以前 the beginning.
    fn with_sides(mut self, text: &Folded) -> Self {
        if let Some((_, end)) = text.one_of(self.end_place, AFTER) {
            (self.end, self.granularity, self.end_place) = (None, Granularity::Open, end);
            self.is_past = false;
        } else if let Some((_, end)) = text.one_of(self.end_place, BEFORE) {
            (self.end, self.start) = (self.start, None);
            (self.granularity, self.end_place) = (Granularity::Open, end);
        }
        self
    }

    fn into_found(self, start_place: usize, moment: CallMoment) -> Found {
        let utc = |local: NaiveDateTime| {
            local.and_utc().timestamp_millis() - i64::from(moment.zone_minutes) * 60_000
        };
        Found {
            places: start_place..self.end_place,
            value: Value::Time {
                start_ms: self.start.map(utc),
                end_ms: self.end.map(utc),
                is_past: self.is_past,
            },
            granularity: self.granularity,
        }
    }
}

/// 半小时后, 两天以后, 过三天, 三个月后.
fn from_now(text: &Folded, start: usize, now: NaiveDateTime) -> Option<Reckoned> {
    let (begin, led) = match text.one_of(start, &["再过", "过"]) {
        Some((_, end)) => (end, true),
        None => (start, false),
    };
    let period = period::read(text, begin)?;
    let behind = text.one_of(period.end, AFTER);
    if !led && behind.is_none() || period.unit == PeriodUnit::Instalments {
        return None;
    }
    let end_place = behind.map_or(period.end, |(_, end)| end);
    let from = ahead(now, period, period.low)?;
    let (start, end, granularity) = match period.unit {
        PeriodUnit::Minutes => (from, from + TimeDelta::minutes(1), Granularity::Minute),
        PeriodUnit::Days | PeriodUnit::Months | PeriodUnit::Instalments => {
            let first = from.date().and_hms_opt(0, 0, 0)?;
            let last = ahead(now, period, period.high)?.date().and_hms_opt(0, 0, 0)?;
            (first, last + TimeDelta::days(1), Granularity::Day)
        }
    };
    Some(Reckoned { start: Some(start), end: Some(end), is_past: false, granularity, end_place })
}

fn ahead(now: NaiveDateTime, period: Period, count: i64) -> Option<NaiveDateTime> {
    match period.unit {
        PeriodUnit::Minutes => now.checked_add_signed(TimeDelta::try_minutes(count)?),
        PeriodUnit::Days => now.checked_add_signed(TimeDelta::try_days(count)?),
        PeriodUnit::Months | PeriodUnit::Instalments => {
            now.checked_add_months(Months::new(u32::try_from(count).ok()?))
        }
    }
}

/// A day with what it rolls on to, or a longer stretch.
#[derive(Debug, Clone, Copy)]
struct Day {
    date: NaiveDate,
    /// The next such day, where the word does not fix it.
    next: Option<NaiveDate>,
}

enum Named {
    Day(Day, usize),
    Stretch(Stretch),
    NoSuchDay(usize),
}

fn day(text: &Folded, start: usize, today: NaiveDate) -> Option<Named> {
    let fixed = |date: NaiveDate, end| Some(Named::Day(Day { date, next: None }, end));
    if let Some((words, ahead, _)) = SHORT.iter().find(|(words, _, _)| text.starts_with(start, words)) {
        // The part of the day is read from the second character on.
        return fixed(today.checked_add_signed(TimeDelta::days(*ahead))?, start + words.chars().count() - 1);
    }
    if let Some((words, ahead)) = DAYS.iter().find(|(words, _)| text.starts_with(start, words)) {
        return fixed(today.checked_add_signed(TimeDelta::days(*ahead))?, start + words.chars().count());
    }
    week_day(text, start, today)
        .or_else(|| month_part(text, start, today))
        .or_else(|| calendar_day(text, start, today))
}

/// 下周三, 下下周, 这周日, 周三, 周末.
fn week_day(text: &Folded, start: usize, today: NaiveDate) -> Option<Named> {
    let leads: &[(&str, Option<i64>)] = &[
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
    let lead = leads.iter().find(|(words, _)| {
        text.starts_with(start, words) && text.one_of(start + words.chars().count(), WEEK).is_some()
    })?;
    let (_, place) = text.one_of(start + lead.0.chars().count(), WEEK)?;
    let monday = today.week(chrono::Weekday::Mon).checked_first_day()?;
    let monday = monday.checked_add_signed(TimeDelta::weeks(lead.1.unwrap_or(0)))?;
    let plus = |days: u64| monday.checked_add_days(Days::new(days));
    let days = |first: u64, last: u64, end_place: usize| -> Option<Named> {
        let (start, end) = (plus(first)?.and_hms_opt(0, 0, 0)?, plus(last + 1)?.and_hms_opt(0, 0, 0)?);
        Some(Named::Stretch(Stretch { start, end, granularity: Granularity::Week, next: None, end_place }))
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
        lead.1?;
        return days(0, 6, place);
    };
    // 周三期 is no day; neither is 一周三次.
    if text.at(place + 1).is_some_and(|behind| "期次个".contains(behind)) {
        return None;
    }
    let date = plus(u64::try_from(number - 1).ok()?)?;
    let next = if lead.1.is_none() { date.checked_add_days(Days::new(7)) } else { None };
    Some(Named::Day(Day { date, next }, place + 1))
}

/// 月底, 月初, 这个月底, 下个月, 下个月初, 年底.
fn month_part(text: &Folded, start: usize, today: NaiveDate) -> Option<Named> {
    let leads = [("下个月", 1), ("下月", 1), ("这个月", 0), ("本月", 0), ("月", 0)];
    let (words, ahead) = leads.iter().find(|(words, _)| text.starts_with(start, words))?;
    let place = start + words.chars().count();
    let first = today.with_day(1)?.checked_add_months(Months::new(*ahead))?;
    let following = first.checked_add_months(Months::new(1))?;
    let before_month = start.checked_sub(1).and_then(|before| text.at(before));
    let days = |from: NaiveDate, to: NaiveDate, end_place: usize| -> Option<Named> {
        let (start, end) = (from.and_hms_opt(0, 0, 0)?, to.and_hms_opt(0, 0, 0)?);
        Some(Named::Stretch(Stretch { start, end, granularity: Granularity::Month, next: None, end_place }))
    };
    match text.at(place) {
        Some('底' | '末') => days(following.checked_sub_days(Days::new(3))?, following, place + 1),
        Some('初') => days(first, first.with_day(6)?, place + 1),
        Some('中') => days(first.with_day(11)?, first.with_day(21)?, place + 1),
        _ if *words == "月" || before_month.is_some_and(|before| digit(before).is_some()) => None,
        _ => match month_day(text, place) {
            Some((number, end)) => Some(match first.with_day(number) {
                Some(date) => Named::Day(Day { date, next: None }, end),
                None => Named::NoSuchDay(end),
            }),
            None => days(first, following, place),
        },
    }
}

/// A number from 1 to 31 and 号 or 日.
fn month_day(text: &Folded, start: usize) -> Option<(u32, usize)> {
    let number = number::at(text, start)?;
    let day = number.whole().filter(|day| (1..=31).contains(day))?;
    let (_, end) = text.one_of(number.end, &["号", "日"])?;
    Some((u32::try_from(day).ok()?, end))
}

/// 2026年12月5日, 十二月五号, 12月5日, 五号, 2026-12-05.
fn calendar_day(text: &Folded, start: usize, today: NaiveDate) -> Option<Named> {
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
            return Some(Named::NoSuchDay(end));
        };
        let next = today.with_day(1)?.checked_add_months(Months::new(1))?.with_day(day);
        return Some(Named::Day(Day { date, next }, end));
    }
    let month_number = u32::try_from(number).ok().filter(|month| (1..=12).contains(month))?;
    let (day, end) = if dash {
        let day = number::at(text, month.end + 1)?;
        (u32::try_from(day.whole()?).ok()?, day.end)
    } else {
        month_day(text, month.end + 1)?
    };
    let of_year = |year: i32| NaiveDate::from_ymd_opt(year, month_number, day);
    let Some(date) = of_year(year.unwrap_or(today.year())) else {
        return Some(Named::NoSuchDay(end));
    };
    let next = if year.is_some() { None } else { of_year(today.year() + 1) };
    Some(Named::Day(Day { date, next }, end))
}

fn whole_day(day: Day, end_place: usize) -> Stretch {
    let begin = |date: NaiveDate| date.and_time(chrono::NaiveTime::MIN);
    let stretch = |date: NaiveDate| (begin(date), begin(date) + TimeDelta::days(1));
    let (start, end) = stretch(day.date);
    Stretch { start, end, granularity: Granularity::Day, next: day.next.map(stretch), end_place }
}

/// 下午三点, 晚上, 八点半, 15:30, on a day or on the next one it can be.
fn within_day(text: &Folded, start: usize, day: Option<Day>, now: NaiveDateTime) -> Option<Stretch> {
    let mut place = start;
    if text.at(place) == Some('的') && day.is_some() {
        place += 1;
    }
    let part = part_at(text, place, day.is_some());
    let place = part.map_or(place, |(_, end)| end);
    let hours = part.map(|(part, _)| part);
    let today = now.date().and_time(chrono::NaiveTime::MIN);
    let base = day.map_or(today, |day| day.date.and_time(chrono::NaiveTime::MIN));
    let tomorrow = TimeDelta::days(1);
    let Some((hour, minute, end_place)) = clock(text, place, day.is_some() || part.is_some()) else {
        let (_, from, to) = hours?;
        let start = base + TimeDelta::hours(i64::from(from));
        let end = base + TimeDelta::hours(i64::from(to));
        let next = if day.is_none() { Some((start + tomorrow, end + tomorrow)) } else { None };
        let next = next.or_else(|| following(day?, start - base, end - base));
        return Some(Stretch { start, end, granularity: Granularity::PartOfDay, next, end_place: place });
    };
    let hour24 = match hours {
        Some((_, from, _)) if from >= 11 && hour < 12 && hour + 12 >= from => hour + 12,
        Some((_, 18.., _)) if hour == 12 => 24,
        Some((_, 0, _)) if hour == 12 => 0,
        None if (1..=7).contains(&hour) => hour + 12,
        _ => hour,
    };
    let (length, granularity) = match minute {
        Some(_) => (TimeDelta::minutes(1), Granularity::Minute),
        None => (TimeDelta::hours(1), Granularity::Hour),
    };
    let offset = TimeDelta::minutes(i64::from(hour24) * 60 + i64::from(minute.unwrap_or(0)));
    let start = base + offset;
    let next = match day {
        Some(day) => following(day, offset, offset + length),
        // Eight o'clock, said at ten, is eight in the evening.
        None if hours.is_none() && hour24 < 12 && start + TimeDelta::hours(12) > now => {
            let later = start + TimeDelta::hours(12);
            Some((later, later + length))
        }
        None => Some((start + tomorrow, start + tomorrow + length)),
    };
    let is_over = day.is_none() && start <= now;
    let (start, end) = match next.filter(|_| is_over) {
        Some(next) => next,
        None => (start, start + length),
    };
    Some(Stretch { start, end, granularity, next, end_place })
}

fn following(day: Day, from: TimeDelta, to: TimeDelta) -> Option<(NaiveDateTime, NaiveDateTime)> {
    let base = day.next?.and_time(chrono::NaiveTime::MIN);
    Some((base + from, base + to))
}

/// The part of the day at a place; behind 今, 明 a single 晚 or 早 too.
fn part_at(text: &Folded, place: usize, on_day: bool) -> Option<((&'static str, u32, u32), usize)> {
    let long = PARTS.iter().find(|part| text.starts_with(place, part.0));
    if let Some(part) = long {
        return Some((*part, place + part.0.chars().count()));
    }
    let short = match text.at(place).filter(|_| on_day)? {
        '晚' => "晚上",
        '早' => "早上",
        _ => return None,
    };
    let part = PARTS.iter().find(|part| part.0 == short)?;
    Some((*part, place + 1))
}

/// 三点, 三点半, 三点一刻, 三点十五分, 15:30. Where nothing else speaks of time, 三点五 is a number.
fn clock(text: &Folded, start: usize, in_time: bool) -> Option<(u32, Option<u32>, usize)> {
    let before = start.checked_sub(1).and_then(|before| text.at(before));
    if before.is_some_and(|before| digit(before).is_some() || "十百千万第个之".contains(before)) {
        return None;
    }
    // 三点五 is read as one number; the hour is what stands before 点.
    let head = (start..start + 4).find(|place| matches!(text.at(*place), Some('点' | ':' | '：' | '时')))?;
    let hour = number::at(&text.until(head), start).filter(|hour| hour.end == head)?.whole()?;
    let hour = u32::try_from(hour).ok().filter(|hour| *hour <= 24)?;
    let mut place = head + 1;
    if text.at(place) == Some('钟') || text.at(place) == Some('整') {
        return Some((hour, None, place + 1));
    }
    if let Some((words, end)) = text.one_of(place, &["半", "一刻", "三刻"]) {
        let minute = match words {
            "半" => 30,
            "一刻" => 15,
            _ => 45,
        };
        return Some((hour, Some(minute), end));
    }
    if text.at(place) == Some('零') {
        place += 1;
    }
    if let Some(minute) = number::at(text, place) {
        let (end, named) = text.one_of(minute.end, &["分钟", "分"]).map_or((minute.end, false), |(_, e)| (e, true));
        let whole = minute.whole().and_then(|minute| u32::try_from(minute).ok()).filter(|minute| *minute < 60);
        let clear = named || text.at(head) == Some(':') || in_time && minute.end >= place + 2;
        return match whole.filter(|_| clear) {
            Some(whole) => Some((hour, Some(whole), end)),
            None => None,
        };
    }
    if text.at(head) != Some('点') || text.at(place).is_some_and(|behind| "数击子评赞儿".contains(behind)) {
        return None;
    }
    Some((hour, None, place))
}
