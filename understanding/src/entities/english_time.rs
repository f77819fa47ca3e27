//! Reads days and times of day in spoken English: "next Wednesday at 3 pm", "in half an hour", "after 8".

use super::english::{Words, number, period};
use super::{CallMoment, EntityMatch, Granularity, PeriodUnit, Value};
use chrono::{DateTime, Datelike, Days, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta};

/// Returns the day or time of day with English words that begin at `start`, and the place after it; `None`
/// if none begins there.
pub(super) fn time(words: &Words, start: usize, moment: CallMoment) -> Option<(EntityMatch, usize)> {
    let now = DateTime::from_timestamp_millis(moment.at_ms)?.naive_utc();
    let now = now.checked_add_signed(TimeDelta::minutes(i64::from(moment.zone_minutes)))?;
    let found = |from: Option<NaiveDateTime>, to: Option<NaiveDateTime>, end, granularity| {
        let utc = |local: NaiveDateTime| {
            local.and_utc().timestamp_millis() - i64::from(moment.zone_minutes) * 60_000
        };
        let is_past = to.is_some_and(|to| to <= now);
        let value = Value::Time {
            start_ms: from.map(utc),
            end_ms: to.map(utc),
            is_past,
        };
        Some((words.found(start, end, value, granularity)?, end))
    };
    if words.at(start) == "in" {
        let (from, length, granularity, end) = from_now(words, start + 1, now)?;
        return found(Some(from), Some(from + length), end, granularity);
    }
    let day = day(words, start, now);
    let place = day.map_or(start, |(_, end)| end);
    let base = day.map_or(now.date().and_time(NaiveTime::MIN), |(day, _)| day);
    let side = words.at(place);
    let led_by = usize::from(matches!(side, "at" | "after" | "before" | "around"));
    let part = words
        .follows(place, "in the")
        .map_or(words.at(place), |next| words.at(next));
    if let Some((from, to)) = part_of_day(part).filter(|_| day.is_some()) {
        let end = words.follows(place, "in the").unwrap_or(place) + 1;
        let hours = |hour: i64| Some(base + TimeDelta::hours(hour));
        return found(hours(from), hours(to), end, Granularity::PartOfDay);
    }
    if let Some((minutes, exact, end)) = clock(words, place + led_by, led_by == 1) {
        let mut from = base + TimeDelta::minutes(minutes);
        if day.is_none() && from <= now {
            let later = from + TimeDelta::hours(12);
            from = if minutes < 720 && later > now {
                later
            } else {
                from + TimeDelta::days(1)
            };
        }
        return match side {
            "after" => found(Some(from), None, end, Granularity::Open),
            "before" => found(None, Some(from), end, Granularity::Open),
            _ if exact => found(
                Some(from),
                Some(from + TimeDelta::minutes(1)),
                end,
                Granularity::Minute,
            ),
            _ => found(
                Some(from),
                Some(from + TimeDelta::hours(1)),
                end,
                Granularity::Hour,
            ),
        };
    }
    let (from, end) = day?;
    found(Some(from), Some(from + TimeDelta::days(1)), end, Granularity::Day)
}

/// Reads times from now on ("in half an hour", "in two days"): beginning, length, exactness, and the place
/// after it.
fn from_now(
    words: &Words,
    start: usize,
    now: NaiveDateTime,
) -> Option<(NaiveDateTime, TimeDelta, Granularity, usize)> {
    let (unit, count, end) = period(words, start)?;
    match unit {
        PeriodUnit::Minutes => {
            let from = now.checked_add_signed(TimeDelta::try_minutes(count)?)?;
            Some((from, TimeDelta::minutes(1), Granularity::Minute, end))
        }
        PeriodUnit::Days => {
            let day = now
                .date()
                .checked_add_days(Days::new(u64::try_from(count).ok()?))?;
            Some((
                day.and_time(NaiveTime::MIN),
                TimeDelta::days(1),
                Granularity::Day,
                end,
            ))
        }
        PeriodUnit::Months | PeriodUnit::Instalments => None,
    }
}

fn part_of_day(word: &str) -> Option<(i64, i64)> {
    Some(match word {
        "morning" => (8, 12),
        "noon" => (11, 13),
        "afternoon" => (12, 18),
        "evening" | "night" => (18, 24),
        _ => return None,
    })
}

fn day(words: &Words, start: usize, now: NaiveDateTime) -> Option<(NaiveDateTime, usize)> {
    let ahead = |days: i64, end: usize| {
        let date = now.date().checked_add_signed(TimeDelta::days(days))?;
        Some((date.and_time(NaiveTime::MIN), end))
    };
    for (said, days) in [
        ("the day after tomorrow", 2),
        ("day after tomorrow", 2),
        ("tomorrow", 1),
        ("today", 0),
        ("yesterday", -1),
        ("this", 0),
    ] {
        if let Some(end) = words.follows(start, said).filter(|_| said != "this") {
            return ahead(days, end);
        }
    }
    if let Some(found) = calendar_day(words, start, now) {
        return Some(found);
    }
    let (weeks, place) = match words.at(start) {
        "next" => (Some(1), start + 1),
        "this" => (Some(0), start + 1),
        "on" => (None, start + 1),
        _ => (None, start),
    };
    const NAMES: [&str; 7] = [
        "monday",
        "tuesday",
        "wednesday",
        "thursday",
        "friday",
        "saturday",
        "sunday",
    ];
    let name = NAMES.iter().position(|name| *name == words.at(place))?;
    let name = i64::try_from(name).ok()?;
    let days = name - i64::from(now.weekday().num_days_from_monday());
    let days = match weeks {
        Some(weeks) => days + 7 * weeks,
        None if days < 0 => days + 7,
        None => days,
    };
    ahead(days, place + 1)
}

const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];

/// The ordinals up to the nineteenth; later ones are a word of tens and one of these.
const ORDINALS: [&str; 19] = [
    "first",
    "second",
    "third",
    "fourth",
    "fifth",
    "sixth",
    "seventh",
    "eighth",
    "ninth",
    "tenth",
    "eleventh",
    "twelfth",
    "thirteenth",
    "fourteenth",
    "fifteenth",
    "sixteenth",
    "seventeenth",
    "eighteenth",
    "nineteenth",
];

/// Reads "July twenty-seventh", "July 27", "the 27th of July", with a year or without; without one it is this
/// year's, or the next year's if that day is over.
fn calendar_day(words: &Words, start: usize, now: NaiveDateTime) -> Option<(NaiveDateTime, usize)> {
    let start = start + usize::from(words.at(start) == "on");
    let start = start + usize::from(words.at(start) == "the");
    let month_at = |place: usize| MONTHS.iter().position(|name| *name == words.at(place));
    let (month, day, end) = match month_at(start) {
        Some(month) => {
            let place = start + 1 + usize::from(words.at(start + 1) == "the");
            let (day, end) = day_of_month(words, place)?;
            (month, day, end)
        }
        None => {
            let (day, end) = day_of_month(words, start)?;
            let place = end + usize::from(words.at(end) == "of");
            (month_at(place)?, day, place + 1)
        }
    };
    let said = words
        .at(end)
        .parse()
        .ok()
        .filter(|year| (2000..2100).contains(year));
    let month = u32::try_from(month + 1).ok()?;
    let of_year = |year: i32| NaiveDate::from_ymd_opt(year, month, day);
    let date = match said {
        Some(year) => of_year(year)?,
        None => of_year(now.year())
            .filter(|date| *date >= now.date())
            .or_else(|| of_year(now.year() + 1))?,
    };
    Some((date.and_time(NaiveTime::MIN), end + usize::from(said.is_some())))
}

/// Reads a day of the month from 1 to 31 ("27th", "27", "twenty-seventh", "seventh"), and the place after
/// it.
fn day_of_month(words: &Words, start: usize) -> Option<(u32, usize)> {
    let word = words.at(start);
    let ordinal = |word: &str| {
        let place = ORDINALS.iter().position(|ordinal| *ordinal == word)?;
        u32::try_from(place + 1).ok()
    };
    let written = word.trim_end_matches(|found: char| found.is_ascii_alphabetic());
    let (day, end) = match (word, words.at(start + 1)) {
        ("twentieth", _) => (20, start + 1),
        ("thirtieth", _) => (30, start + 1),
        ("twenty", unit) if ordinal(unit).is_some_and(|unit| unit < 10) => (20 + ordinal(unit)?, start + 2),
        ("thirty", "first") => (31, start + 2),
        _ => (ordinal(word).or_else(|| written.parse().ok())?, start + 1),
    };
    (1..=31).contains(&day).then_some((day, end))
}

/// Reads a clock time ("3 pm", "15:30", "half past eight", "8 o'clock"): minutes of the day, true if it is
/// exact, and the place after it. A bare number counts only if `led` by a word like "at".
fn clock(words: &Words, start: usize, led: bool) -> Option<(i64, bool, usize)> {
    if words.at(start) == "noon" && led {
        return Some((720, false, start + 1));
    }
    if let Some(place) = words.follows(start, "half past") {
        let (hour, end) = number(words, place)?;
        return Some((
            pm(hour / 1_000, words.at(end), end).0 * 60 + 30,
            true,
            pm(0, words.at(end), end).1,
        ));
    }
    let word = words.at(start);
    let glued = word
        .strip_suffix("am")
        .map(|hour| (hour, "am"))
        .or(word.strip_suffix("pm").map(|hour| (hour, "pm")));
    let (digits, glued) = glued.unwrap_or((word, ""));
    if let Some((hour, minute)) = digits.split_once(':') {
        let (hour, minute) = (hour.parse::<i64>().ok()?, minute.parse::<i64>().ok()?);
        let said = if glued.is_empty() {
            words.at(start + 1)
        } else {
            glued
        };
        let (hour, end) = pm_exact(hour, said, start + 1 + usize::from(glued.is_empty()));
        let end = if glued.is_empty() && !matches!(said, "am" | "pm") {
            start + 1
        } else {
            end
        };
        return (hour < 24 && minute < 60).then_some((hour * 60 + minute, true, end));
    }
    if !glued.is_empty() {
        let (hour, _) = pm_exact(digits.parse().ok()?, glued, start);
        return (hour < 24).then_some((hour * 60, false, start + 1));
    }
    let (hour, end) = number(words, start)?;
    let hour = hour / 1_000;
    let named = matches!(words.at(end), "am" | "pm" | "o") || words.follows(end, "a m").is_some();
    if !(named || led) || hour > 24 || matches!(words.at(end), "yuan" | "percent" | "days" | "months") {
        return None;
    }
    if let Some(end) = words.follows(end, "o clock") {
        return Some((
            pm(hour, words.at(end), end).0 * 60,
            false,
            pm(hour, words.at(end), end).1,
        ));
    }
    let (hour, end) = pm(hour, words.at(end), end);
    Some((hour * 60, false, end))
}

/// Returns the hour with a following "am" or "pm" applied, and the place after it. Without one, the hours
/// from one to seven are in the afternoon.
fn pm(hour: i64, said: &str, end: usize) -> (i64, usize) {
    match said {
        "am" | "pm" => pm_exact(hour, said, end + 1),
        _ if (1..=7).contains(&hour) => (hour + 12, end),
        _ => (hour, end),
    }
}

fn pm_exact(hour: i64, said: &str, end: usize) -> (i64, usize) {
    match said {
        "pm" if hour < 12 => (hour + 12, end),
        "am" if hour == 12 => (0, end),
        _ => (hour, end),
    }
}
