//! Reads days and times of day in spoken Chinese, computed from the call's own moment and zone.
//!
//! A week begins on Monday (ISO 8601): 下周三 is the Wednesday of the next one. Without a part of the day the
//! hours from one to seven are in the afternoon, when people are called. A time that is over means the next
//! one if that is how people use it (八点, 五号, 周三); if a day was named it stays in the past.

use super::calendar::{Day, DayReading, day};
use super::number::{self, digit};
use super::period::{self, Period};
use super::{CallMoment, EntityMatch, Granularity, MissingValueReason, PeriodUnit, Value};
use crate::text::FoldedText;
use chrono::{DateTime, Months, NaiveDate, NaiveDateTime, TimeDelta};

/// Words for parts of the day, with the first hour of each and the hour after its last.
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

const AFTER: &[&str] = &["以后", "之后", "过后", "往后", "后"];
const BEFORE: &[&str] = &["以前", "之前", "前"];

/// A named stretch of local time.
#[derive(Debug, Clone, Copy)]
pub(super) struct LocalTimeSpan {
    pub(super) start: NaiveDateTime,
    pub(super) end: NaiveDateTime,
    pub(super) granularity: Granularity,
    /// The stretch that is meant instead if this one is over.
    pub(super) next: Option<(NaiveDateTime, NaiveDateTime)>,
    pub(super) end_place: usize,
}

/// Returns the day or time of day with words that begin at `start`; `None` if none begins there.
pub(super) fn at(text: &FoldedText, start: usize, moment: CallMoment) -> Option<EntityMatch> {
    if let Some(found) = lunar(text, start) {
        return Some(found);
    }
    let now = DateTime::from_timestamp_millis(moment.at_ms)?.naive_utc();
    let now = now.checked_add_signed(TimeDelta::minutes(i64::from(moment.zone_minutes)))?;
    if let Some(found) = from_now(text, start, now) {
        return Some(found.into_found(start, moment));
    }
    let (day, place) = match day(text, start, now.date()) {
        Some(DayReading::Day(day, end)) => (Some(day), end),
        Some(DayReading::Stretch(stretch)) => {
            return Some(
                ComputedTime::closed(stretch, now)
                    .with_sides(text)
                    .into_found(start, moment),
            );
        }
        Some(DayReading::NoSuchDay(end)) => {
            let value = Value::Unknown(MissingValueReason::NoSuchDay);
            return Some(EntityMatch {
                places: start..end,
                value,
                granularity: Granularity::Day,
            });
        }
        None => (None, start),
    };
    let stretch = within_day(text, place, day, now).or_else(|| day.map(|day| whole_day(day, place)))?;
    Some(
        ComputedTime::closed(stretch, now)
            .with_sides(text)
            .into_found(start, moment),
    )
}

/// Reads a day of the lunar calendar without its month, for example 初十: an entity with an unknown value.
fn lunar(text: &FoldedText, start: usize) -> Option<EntityMatch> {
    let (_, behind) = text.one_of(start, &["大年初", "正月初", "农历", "腊月", "初"])?;
    let end = (behind..text.chars().len().min(behind + 4))
        .take_while(|place| {
            text.at(*place)
                .is_some_and(|found| "初一二三四五六七八九十廿正腊月".contains(found))
        })
        .last()?;
    let value = Value::Unknown(MissingValueReason::LunarDay);
    Some(EntityMatch {
        places: start..end + 1,
        value,
        granularity: Granularity::Day,
    })
}

/// A time computed from words; without `start` or `end` it is open on that side.
struct ComputedTime {
    start: Option<NaiveDateTime>,
    end: Option<NaiveDateTime>,
    is_past: bool,
    granularity: Granularity,
    end_place: usize,
}

impl ComputedTime {
    fn closed(stretch: LocalTimeSpan, now: NaiveDateTime) -> Self {
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

    /// Applies a following 以后, which leaves the end open, or 以前, which leaves the beginning open.
    fn with_sides(mut self, text: &FoldedText) -> Self {
        if let Some((_, end)) = text.one_of(self.end_place, AFTER) {
            (self.end, self.granularity, self.end_place) = (None, Granularity::Open, end);
            self.is_past = false;
        } else if let Some((_, end)) = text.one_of(self.end_place, BEFORE) {
            (self.end, self.start) = (self.start, None);
            (self.granularity, self.end_place) = (Granularity::Open, end);
        }
        self
    }

    fn into_found(self, start_place: usize, moment: CallMoment) -> EntityMatch {
        let utc = |local: NaiveDateTime| {
            local.and_utc().timestamp_millis() - i64::from(moment.zone_minutes) * 60_000
        };
        EntityMatch {
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

/// Reads times from now on: 半小时后, 两天以后, 过三天, 三个月后. `None` if none begins at `start`.
fn from_now(text: &FoldedText, start: usize, now: NaiveDateTime) -> Option<ComputedTime> {
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
    Some(ComputedTime {
        start: Some(start),
        end: Some(end),
        is_past: false,
        granularity,
        end_place,
    })
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

fn whole_day(day: Day, end_place: usize) -> LocalTimeSpan {
    let begin = |date: NaiveDate| date.and_time(chrono::NaiveTime::MIN);
    let stretch = |date: NaiveDate| (begin(date), begin(date) + TimeDelta::days(1));
    let (start, end) = stretch(day.date);
    LocalTimeSpan {
        start,
        end,
        granularity: Granularity::Day,
        next: day.next.map(stretch),
        end_place,
    }
}

/// Reads a time of day (下午三点, 晚上, 八点半, 15:30) on the given day; without a day, on the next one on which it
/// is possible.
fn within_day(
    text: &FoldedText,
    start: usize,
    day: Option<Day>,
    now: NaiveDateTime,
) -> Option<LocalTimeSpan> {
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
        let next = if day.is_none() {
            Some((start + tomorrow, end + tomorrow))
        } else {
            None
        };
        let next = next.or_else(|| following(day?, start - base, end - base));
        return Some(LocalTimeSpan {
            start,
            end,
            granularity: Granularity::PartOfDay,
            next,
            end_place: place,
        });
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
    Some(LocalTimeSpan {
        start,
        end,
        granularity,
        next,
        end_place,
    })
}

fn following(day: Day, from: TimeDelta, to: TimeDelta) -> Option<(NaiveDateTime, NaiveDateTime)> {
    let base = day.next?.and_time(chrono::NaiveTime::MIN);
    Some((base + from, base + to))
}

/// Returns the part of the day at a place, with the place after it. `on_day`: a day was named before; then
/// a single 晚 or 早 counts too.
fn part_at(text: &FoldedText, place: usize, on_day: bool) -> Option<((&'static str, u32, u32), usize)> {
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

/// Reads a clock time: 三点, 三点半, 三点一刻, 三点十五分, 15:30. Returns hour, minute and the place after it. 三点五 is a
/// number unless other words speak of time (`in_time`).
fn clock(text: &FoldedText, start: usize, in_time: bool) -> Option<(u32, Option<u32>, usize)> {
    let before = start.checked_sub(1).and_then(|before| text.at(before));
    if before.is_some_and(|before| digit(before).is_some() || "十百千万第个之".contains(before)) {
        return None;
    }
    // 三点五 is read as one number; the hour is the part before 点.
    let head = (start..start + 4).find(|place| matches!(text.at(*place), Some('点' | ':' | '：' | '时')))?;
    let hour = number::at(&text.until(head), start)
        .filter(|hour| hour.end == head)?
        .whole()?;
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
        let (end, named) = text
            .one_of(minute.end, &["分钟", "分"])
            .map_or((minute.end, false), |(_, e)| (e, true));
        let whole = minute
            .whole()
            .and_then(|minute| u32::try_from(minute).ok())
            .filter(|minute| *minute < 60);
        let clear = named || text.at(head) == Some(':') || in_time && minute.end >= place + 2;
        return whole.filter(|_| clear).map(|whole| (hour, Some(whole), end));
    }
    if text.at(head) != Some('点')
        || text
            .at(place)
            .is_some_and(|behind| "数击子评赞儿".contains(behind))
    {
        return None;
    }
    Some((hour, None, place))
}
